"""Why a text does not parse, in words that help: which word is in the way, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from sqlglot.errors import ParseError
from sqlglot.tokenizer_core import Token, TokenType

from core.errors import Invalid
from core.sql.refusal import NOT_ALLOWED, SYNTAX, Text

ONE_SELECT = "one SELECT over input_data is expected"
STATEMENTS = frozenset([
    "ALTER", "ANALYZE", "ATTACH", "BEGIN", "CACHE", "CALL", "COMMIT", "COPY", "CREATE", "DELETE", "DESCRIBE", "DETACH",
    "DROP", "EXECUTE", "EXPLAIN", "EXPORT", "GRANT", "INSERT", "INSTALL", "LOAD", "MERGE", "PRAGMA", "REFRESH",
    "REPLACE", "REVOKE", "ROLLBACK", "SET", "SHOW", "SUMMARIZE", "TRUNCATE", "UNCACHE", "UPDATE", "USE", "VACUUM",
])  # fmt: skip
_CLAUSES = (
    "SELECT", "DISTINCT", "FROM", "WHERE", "GROUP", "BY", "HAVING", "ORDER", "QUALIFY", "JOIN", "LEFT", "INNER",
    "USING", "UNION", "INTERSECT", "EXCEPT", "WITH", "OVER", "PARTITION", "FILTER", "CASE", "WHEN", "THEN", "ELSE",
    "END", "AND", "OR", "NOT", "BETWEEN", "LIKE", "ILIKE", "RLIKE", "CAST", "INTERVAL", "ROWS", "RANGE", "PRECEDING",
    "FOLLOWING", "UNBOUNDED",
)  # fmt: skip
_TOGETHER = {
    "GROUPBY": "GROUP BY",
    "ORDERBY": "ORDER BY",
    "PARTITIONBY": "PARTITION BY",
    "ISNULL": "IS NULL",
    "NOTNULL": "IS NOT NULL",
}
_WRITTEN = {
    "&&": "write AND",
    "~": "write RLIKE for a regular expression",
    "!~": "write NOT … RLIKE for a regular expression",
    "–": "write a plain - (this is a dash)",
    "—": "write a plain - (this is a dash)",
    "−": "write a plain - (this is another sign)",
    "#": "a comment begins with --",
    "{": "templates and maps are not read: write the SQL itself",
    "}": "templates and maps are not read: write the SQL itself",
    ":": "write column.field for a field of a STRUCT",
    ":=": "there are no variables",
    "@": "there are no variables",
    ")": "no ( stands before it",
    "]": "no [ stands before it",
    "TOP": "TOP is not known, and neither is LIMIT: MAX_BY and MIN_BY pick one row",
}
_NAMES_AT_FIRST = frozenset({"–", "—", "−", "TOP"})  # the parser takes them for names and stumbles over what follows
_ENDS = (TokenType.VAR, TokenType.R_PAREN, TokenType.IDENTIFIER, TokenType.NUMBER, TokenType.STRING)
# the parser's words -> ours; a `{}` is the word in the way
_SAID = {
    "Expecting )": "a ) is missing before {}",
    "Expected AS after CAST": "a CAST is written CAST(x AS type), before {}",
    "Expected TYPE after CAST": "{} is no type; a CAST is to BIGINT, DOUBLE, DECIMAL(p,s), STRING, BOOLEAN, DATE or TIMESTAMP",
    "Expected END after CASE": "a CASE ends with END, which is missing after {}",
    "Required keyword: 'high'": "BETWEEN takes two bounds: x BETWEEN low AND high",
}


def refusal(text: Text, error: ParseError, tokens: Sequence[Token]) -> Invalid:
    """-> the refusal for what the parser could not read."""
    first = error.errors[0] if error.errors else {}
    said = str(first.get("description") or "the text does not parse")
    at = _at(text, first, tokens)
    token = tokens[at] if tokens else None
    word = text.text[token.start : token.end + 1] if token is not None else ""
    head = tokens[0].text.upper() if tokens else ""
    for name in (word.upper(), head):
        if name in STATEMENTS:
            return text.refuse(NOT_ALLOWED, f"{name} is not allowed; {ONE_SELECT}", token.start if token is not None else 0)
    if token is None:
        return text.refuse(SYNTAX, f"the text does not parse; {ONE_SELECT}", 0)
    meant = _misspelt(tokens, at)
    if meant is not None:
        wrong, right = meant
        return text.refuse(SYNTAX, f"{wrong.text} is not known here (did you mean {right}?)", wrong.start)
    if at and tokens[at - 1].text.upper() in _NAMES_AT_FIRST:
        at -= 1
    place = tokens[at]
    return text.refuse(SYNTAX, _words(said, text.text[place.start : place.end + 1], tokens, at), place.start)


def unread(text: Text) -> Invalid:
    """-> the refusal for a text that falls into no words: a quote or a comment without an end."""
    place = opened(text.text)
    if place is None:
        return text.refuse(SYNTAX, f"the text cannot be read as SQL; {ONE_SELECT}", 0)
    mark = text.text[place : place + (2 if text.text[place] == "/" else 1)]
    what = "comment" if mark == "/*" else "name" if mark == "`" else "text"
    close = "*/" if mark == "/*" else mark
    return text.refuse(SYNTAX, f"the {what} that begins here has no end: {close} is missing", place)


def opened(sql: str) -> int | None:
    """Where a quote or comment begins that nothing ends; None where there is none."""
    place = 0
    while place < len(sql):
        mark = sql[place]
        if sql.startswith("--", place):
            end = sql.find("\n", place)
        elif sql.startswith("/*", place):
            end = sql.find("*/", place + 2)
            if end < 0:
                return place
            end += 1
        elif mark in "'\"`":
            end = place + 1
            while end < len(sql) and sql[end] != mark:
                end += 2 if sql[end] == "\\" and mark != "`" else 1
            if end >= len(sql):
                return place
        else:
            end = place
        if end < 0:
            return None
        place = end + 1
    return None


def _at(text: Text, first: dict[str, object], tokens: Sequence[Token]) -> int:
    """The index of the token that the parser stumbled over; it tells a token by the line and column of its end."""
    line, column = int(str(first.get("line") or 1)), int(str(first.get("col") or 1))
    for place, token in enumerate(tokens):
        if (token.line, token.col) == (line, column):
            return place
    return len(tokens) - 1


def _misspelt(tokens: Sequence[Token], at: int) -> tuple[Token, str] | None:
    """The word near the trouble that looks like a keyword, and the keyword."""
    if tokens[0].token_type in (TokenType.VAR, TokenType.IDENTIFIER) and (found := _keyword(tokens[0], ("SELECT", "WITH"))):
        return tokens[0], found
    for token in tokens[max(0, at - 2) : at + 1][::-1]:
        if token.token_type == TokenType.VAR:
            if token.text.upper() in _TOGETHER:
                return token, _TOGETHER[token.text.upper()]
            if found := _keyword(token, _CLAUSES):
                return token, found
    return None


def _keyword(token: Token, words: Sequence[str]) -> str | None:
    upper = token.text.upper()
    found = difflib.get_close_matches(upper, words, n=1, cutoff=0.75) if len(upper) > 2 and upper not in words else []
    return found[0] if found else None


def _words(said: str, word: str, tokens: Sequence[Token], at: int) -> str:
    before = tokens[at - 1] if at else None
    for start, words in _SAID.items():
        if start in said:
            return words.format(word)
    if "Required keyword" in said:
        return f"something is missing after {word}"
    hint = _WRITTEN.get(word.upper()) or _WRITTEN.get(word[:1])
    if word == "(" and at > 1 and before is not None and tokens[at - 2].token_type in _ENDS:
        hint = f"is a comma or an operator missing before {before.text}?"
    elif hint is None and before is not None and before.token_type == TokenType.ALIAS:
        hint = "it has a meaning of its own; put a name that is none in backticks"
    elif hint is None and before is not None and before.token_type in _ENDS:
        named = at > 1 and tokens[at - 2].token_type == TokenType.ALIAS
        hint = "a name after AS is one word of letters, digits and _" if named else "is a comma or an operator missing before it?"
    return f"{word} is not expected here" + (f": {hint}" if hint else f"; {ONE_SELECT}" if not at else "")
