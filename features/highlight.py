"""SQL as HTML with its words marked, from sqlglot's own tokens: the page shows what the checker saw."""

from __future__ import annotations

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from sqlglot import tokenize
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer

STRINGS = {TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING, TokenType.NATIONAL_STRING}
LITERALS = {TokenType.NUMBER, TokenType.NULL, TokenType.TRUE, TokenType.FALSE}
KEYWORDS = {word.upper() for word in Tokenizer.KEYWORDS if word.replace(" ", "").isalpha()}
OPERATORS = {"IN", "AND", "OR", "NOT", "AS", "OVER", "FILTER", "WHERE", "ON", "USING", "FROM", "SELECT", "WHEN"}
TYPES = {"BIGINT", "INT", "DOUBLE", "FLOAT", "DECIMAL", "STRING", "BOOLEAN", "DATE", "TIMESTAMP", "ARRAY", "STRUCT", "MAP"}


def kind(token: Token, follower: str) -> str:
    """Class of one token; a word before an opening bracket is a function unless it is one of the few operators written so."""
    word = " ".join(token.text.upper().split())
    if token.token_type in STRINGS:
        return "string"
    if token.token_type in LITERALS:
        return "number"
    if not word.replace(" ", "_").isidentifier() or token.token_type is TokenType.IDENTIFIER:
        return ""
    if follower == "(" and word not in OPERATORS:
        return "type" if word in TYPES else "function"
    if word in TYPES:
        return "type"
    return "keyword" if word in KEYWORDS else ""


def gap(text: str) -> SafeString | str:
    """What lies between two tokens: blanks, or a comment."""
    return format_html('<span class="tok-comment">{}</span>', text) if text.strip() else conditional_escape(text)


def highlight(text: str) -> SafeString:
    """The text, escaped and marked. Text that has no tokens (a broken string, say) comes back escaped only."""
    try:
        tokens = tokenize(text, read="spark")
    except TokenError:
        return SafeString(conditional_escape(text))
    pieces: list[SafeString | str] = []
    at = 0
    followers = [*(token.text for token in tokens[1:]), ""]
    for token, follower in zip(tokens, followers, strict=False):
        pieces.append(gap(text[at : token.start]))
        found, words = kind(token, follower), text[token.start : token.end + 1]
        pieces.append(format_html('<span class="tok-{}">{}</span>', found, words) if found else conditional_escape(words))
        at = token.end + 1
    pieces.append(gap(text[at:]))
    return format_html_join("", "{}", ((piece,) for piece in pieces))
