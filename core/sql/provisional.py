"""Types for columns not yet seen: any under which the SQL checks, chosen the same way in every process."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from core.errors import Invalid
from core.sql.compiled import Compiled

_CANDIDATES = (
    "DOUBLE",
    "STRING",
    "BOOLEAN",
    "TIMESTAMP",
    "DATE",
    "BIGINT",
    "ARRAY<STRING>",
    "ARRAY<DOUBLE>",
    "MAP<STRING,DOUBLE>",
    "MAP<STRING,STRING>",
)
_MOST_CHECKS, _MOST_NODES = 4000, 500_000  # a few seconds at most: nobody else's groups wait longer for one
_SQL = "/transformation/sql_query"


def provisional_types(
    compiled: Compiled, keys: tuple[str, ...], time_column: str, known: Mapping[str, str | None]
) -> dict[str, str]:
    """`known` with every open column (None) given a type. Raises Invalid("sql_types") where no combination checks."""
    left = [max(1, min(_MOST_CHECKS, _MOST_NODES // max(1, compiled.size)))]
    try:
        compiled.output_types(known)
    except Invalid as error:
        raise Invalid("sql_types", error.detail, pointer=_SQL, line=error.line, column=error.column) from error
    names = [name for name, text in known.items() if text is None]
    firsts = {name: next(_candidates(compiled.fields.get(name, ()))) for name in names}
    if _checks(
        compiled, {**known, **firsts}
    ):  # as nearly always: then the search, which tries one after the other, finds the same
        return {name: text for name, text in {**known, **firsts}.items() if text is not None}
    found = _search(compiled, dict(known), names, left)
    if found is None:
        why = "too many types would have to be tried" if left[0] < 0 else "the SQL does not check for any types"
        raise Invalid("sql_types", f"{why} of {', '.join(names)[:500]}; declare them in `columns`", pointer=_SQL)
    return found


def _checks(compiled: Compiled, types: Mapping[str, str | None]) -> bool:
    try:
        compiled.output_types(types)
    except Invalid:
        return False
    return True


def _search(compiled: Compiled, known: dict[str, str | None], names: list[str], left: list[int]) -> dict[str, str] | None:
    """One column after the other: those still open pass every check, so that a wrong choice shows at once."""
    if not names:
        return {name: text for name, text in known.items() if text is not None}
    for candidate in _candidates(compiled.fields.get(names[0], ())):
        left[0] -= 1
        if left[0] < 0:
            return None
        guess = {**known, names[0]: candidate}
        if _checks(compiled, guess) and (found := _search(compiled, guess, names[1:], left)) is not None:
            return found
    return None


def _candidates(fields: Iterable[str]) -> Iterator[str]:
    """The types a column is tried as; one whose fields are read can only be a STRUCT of them."""
    names = ["`" + field.replace("`", "``") + "`" for field in fields]
    if not names:
        yield from _CANDIDATES
        return
    for kinds in itertools.product(_CANDIDATES, repeat=len(names)):
        yield f"STRUCT<{','.join(f'{name}:{kind}' for name, kind in zip(names, kinds, strict=True))}>"
