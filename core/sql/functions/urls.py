"""PARSE_URL: addresses of the web, read by one expression on both engines. What is no plain address is NULL.

The engines' own readers disagree on what an address may be, so neither is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.sql import pieces
from core.sql.casts import BadCast
from core.sql.functions.row import row
from core.sql.pieces import Sql, string
from core.sql.types import STRING

_REST = "[0-9A-Za-z._~!$&()*+,;=:@%/?-]*"
_URL = (
    "^([A-Za-z][0-9A-Za-z+.-]*)://(([0-9A-Za-z._~!$&()*+,;=:%-]*)@)?([0-9A-Za-z][0-9A-Za-z.-]*)(:[0-9]{0,5})?"
    f"(/[0-9A-Za-z._~!$&()*+,;=:@%/-]*)?([?]{_REST})?(#{_REST})?\\z"
)
_BAD_ESCAPE = "%([^0-9A-Fa-f]|[0-9A-Fa-f]([^0-9A-Fa-f]|\\z)|\\z)"
_USER, _HOST, _PORT, _PATH, _QUERY, _REF = 2, 4, 5, 6, 7, 8
_PARTS = "'HOST|PATH|QUERY|REF|PROTOCOL|FILE|AUTHORITY|USERINFO'"


def _found(text: str, pattern: str, dialect: str) -> str:
    pattern = string(pattern, dialect)
    return f"REGEXP_MATCHES({text}, {pattern})" if dialect == "duckdb" else f"{text} RLIKE {pattern}"


def _url(args: Sequence[Sql], dialect: str) -> str:
    part = str(args[1].literal).upper()

    def group(number: int) -> str:
        return f"REGEXP_EXTRACT(z.u, {string(_URL, dialect)}, {number})"

    made = {
        "PROTOCOL": group(1),
        "HOST": group(_HOST),
        "PATH": group(_PATH),
        "AUTHORITY": f"CONCAT({group(_USER)}, {group(_HOST)}, {group(_PORT)})",
        "FILE": f"CONCAT({group(_PATH)}, {group(_QUERY)})",
        "USERINFO": f"NULLIF({group(3)}, '')",
        "QUERY": f"CASE WHEN {group(_QUERY)} <> '' THEN SUBSTRING({group(_QUERY)}, 2) END",
        "REF": f"CASE WHEN {group(_REF)} <> '' THEN SUBSTRING({group(_REF)}, 2) END",
    }[part]
    if len(args) > 2:
        key = str(args[2].literal)
        if part != "QUERY" or not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", key):
            raise BadCast("the third argument of PARSE_URL is a key of the QUERY, of letters, digits, _ and -")
        pattern = f"(^|&){key.replace('-', '[-]')}=([^&]*)"
        inside = f"CASE WHEN {_found('z.q', pattern, dialect)} THEN REGEXP_EXTRACT(z.q, {string(pattern, dialect)}, 2) END"
        made = pieces.let({"q": made}, inside, dialect)
    fits = f"{_found('z.u', _URL, dialect)} AND NOT {_found('z.u', _BAD_ESCAPE, dialect)}"
    return pieces.let({"u": args[0].text}, f"CASE WHEN {fits} THEN {made} END", dialect)


_NOTE = "of scheme://host…; NULL of what is no plain address, letters beyond ASCII escaped"
ROWS = [
    *row("PARSE_URL TRY_PARSE_URL", f"string {_PARTS}", STRING, _url, note=_NOTE),
    *row("PARSE_URL TRY_PARSE_URL", f"string {_PARTS} ''", STRING, _url, note="the value of a key of the QUERY"),
]
