"""Second layer: text -> one tree. Function calls stay as written, so that only our own table gives a name a meaning."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from core.errors import TooLarge
from core.sql import syntax
from core.sql.refusal import NOT_ALLOWED, SYNTAX, Text, near

_SPECIAL = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "POSITION")
# sqlglot warns for each statement that it reads as a Command; those are refused below, with a place.
_ANY = (SqlglotError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, AssertionError)
logging.getLogger("sqlglot").setLevel(logging.ERROR)
_MOST_STEPS_BACK = 100_000  # ordinary SQL takes a tenth of a step for each character


class _Parser(Spark.Parser):  # type: ignore[misc, valid-type]
    FUNCTIONS: dict[str, object] = {}
    FUNCTION_PARSERS = {name: Spark.Parser.FUNCTION_PARSERS[name] for name in _SPECIAL}

    def reset(self) -> None:
        """Begin a text."""
        super().reset()
        self._steps_back = 0

    def _retreat(self, index: int) -> None:
        """Go back and try another reading; chains of joins or types without their ends have exponentially many of them."""
        self._steps_back += 1 + abs(self._index - index)
        if self._steps_back > _MOST_STEPS_BACK:
            raise TooLarge("too_large", "the SQL can be read in too many ways; write ON after each JOIN, and nest less")
        super()._retreat(index)


class _Generator(Spark.Generator):  # type: ignore[misc, valid-type]
    """Writes a tree as it was read: QUALIFY stays, though Spark has none, for the text is compared and shown, and never run."""

    TRANSFORMS = {kind: how for kind, how in Spark.Generator.TRANSFORMS.items() if kind is not exp.Select}


class JStoreSql(Spark):
    """Spark's dialect with every ordinary call parsed as exp.Anonymous(name, arguments)."""

    Parser = _Parser
    Generator = _Generator


def parse(text: Text) -> exp.Expr:
    """-> the tree of the one SELECT or set operation. Any exception of the parser is a refusal.

    Raises Invalid: `sql_syntax` where the text does not parse, `sql_not_allowed` for other statements or several of them.
    """
    try:
        tokens = JStoreSql().tokenize(text.text)
    except _ANY as error:
        raise syntax.unread(text) from error
    try:
        found = JStoreSql().parser().parse(tokens, text.text)
    except ParseError as error:
        raise syntax.refusal(text, error, tokens) from None
    except _ANY as error:
        raise text.refuse(SYNTAX, f"the text cannot be read as SQL ({type(error).__name__})", 0) from None
    trees = [tree for tree in found if tree is not None and not isinstance(tree, exp.Semicolon)]
    if not trees:
        raise text.refuse(SYNTAX, f"the text is empty; {syntax.ONE_SELECT}", 0)
    if len(trees) > 1:
        raise text.refuse(NOT_ALLOWED, "only one statement is allowed; a ; may only stand at the end", _second(tokens))
    tree = trees[0]
    while isinstance(tree, (exp.Subquery, exp.Paren)) and not tree.args.get("alias"):
        tree = tree.this
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        word = text.text.split(None, 1)[0].upper()[:30] if text.text.split() else ""
        place = len(text.text) - len(text.text.lstrip())
        close = near(word, ("SELECT", "WITH"))
        if close:
            raise text.refuse(SYNTAX, f"{word} is not known here{close}", place)
        raise text.refuse(NOT_ALLOWED, f"{word} is not allowed; {syntax.ONE_SELECT}", place)
    for call in tree.find_all(exp.Anonymous):
        call.set("this", str(call.this).upper())
    return tree


def _second(tokens: Sequence[Token]) -> int | None:
    """Where the second statement begins."""
    ended = False
    for token in tokens:
        if ended and token.token_type != TokenType.SEMICOLON:
            return int(token.start)
        ended = ended or token.token_type == TokenType.SEMICOLON
    return None
