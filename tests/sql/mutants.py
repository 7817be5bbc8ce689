"""Mutants of SQL texts: tokens spliced, groups in parentheses swapped, words inserted, quotes and comments opened, functions
exchanged for any that either engine knows."""

import random
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import duckdb

from core.sql.functions import AGGREGATE_NAMES, TABLE, WINDOW_NAMES
from tests.sql.hostile import KEYWORDS, TRICKS, WRAPS

_TOKEN = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|[A-Za-z_][A-Za-z0-9_]*|[0-9.]+\w*|\s+|[^\w\s]", re.S
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_CALLABLE = sorted({*TABLE, *AGGREGATE_NAMES, *WINDOW_NAMES})


@cache
def engine_functions() -> tuple[str, ...]:
    """Every function, macro and table function of DuckDB, and every function of Spark."""
    rows = duckdb.connect().execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    spark = Path(__file__).with_name("spark_functions.txt").read_text("utf-8").split()
    return tuple(sorted({name for (name,) in rows if _WORD.fullmatch(name)} | set(spark)))


class Mutator:
    """Makes mutants of its seeds, which are given with the name of the world they are of; the same for the same number."""

    def __init__(self, seeds: Sequence[tuple[str, str]]) -> None:
        self._worlds = [world for world, _ in seeds]
        self._seeds = [_TOKEN.findall(seed) for _, seed in seeds]
        self._steps = (
            self._splice, self._insert, self._keyword, self._delete, self._repeat, self._exchange, self._group, self._group,
            self._function, self._own_function, self._own_function, self._own_function, self._word, self._word, self._word,
            self._word, self._case, self._letter,
        )  # fmt: skip

    def mutant(self, number: int) -> tuple[str, str]:
        """The mutant of that number: its world and text."""
        rng = random.Random(number)
        seed = rng.randrange(len(self._seeds))
        tokens = list(self._seeds[seed])
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
            if tokens:
                tokens = [token for token in rng.choice(self._steps)(tokens, rng) if token]
        text = "".join(tokens)
        if rng.random() < 0.06:
            text = rng.choice(WRAPS).replace("{0}", text).replace("{1}", "".join(rng.choice(self._seeds)))
        return self._worlds[seed], text if rng.random() < 0.02 else unicodedata.normalize("NFC", text)

    def _splice(self, tokens: list[str], rng: random.Random) -> list[str]:
        other = rng.choice(self._seeds)
        start, length = rng.randrange(len(other)), rng.choice((1, 2, 3, 5, 8, 20))
        place = rng.randrange(len(tokens))
        return [*tokens[:place], *other[start : start + length], *tokens[place + rng.choice((0, 0, 1, length)) :]]

    def _insert(self, tokens: list[str], rng: random.Random) -> list[str]:
        place = rng.randrange(len(tokens) + 1)
        return [*tokens[:place], *(rng.choice((" ", "")), rng.choice(TRICKS), rng.choice((" ", ""))), *tokens[place:]]

    def _keyword(self, tokens: list[str], rng: random.Random) -> list[str]:
        place = rng.randrange(len(tokens) + 1)
        return [*tokens[:place], " ", rng.choice(KEYWORDS), " ", *tokens[place:]]

    def _delete(self, tokens: list[str], rng: random.Random) -> list[str]:
        place = rng.randrange(len(tokens))
        return tokens[:place] + tokens[place + rng.choice((1, 1, 2, 4)) :]

    def _repeat(self, tokens: list[str], rng: random.Random) -> list[str]:
        place, length = rng.randrange(len(tokens)), rng.choice((1, 2, 4, 9))
        piece = tokens[place : place + length]
        return tokens[:place] + piece * rng.choice((2, 2, 3, 40)) + tokens[place + length :]

    def _exchange(self, tokens: list[str], rng: random.Random) -> list[str]:
        a, b = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        tokens[a], tokens[b] = tokens[b], tokens[a]
        return tokens

    def _group(self, tokens: list[str], rng: random.Random) -> list[str]:
        """A group in parentheses in the place of another: mostly a whole expression or query."""
        mine, theirs = _groups(tokens), rng.choice(self._seeds)
        others = _groups(theirs)
        if not mine or not others:
            return self._splice(tokens, rng)
        (start, end), (begin, until) = rng.choice(mine), rng.choice(others)
        return tokens[:start] + theirs[begin:until] + tokens[end:]

    def _function(self, tokens: list[str], rng: random.Random) -> list[str]:
        return _renamed(tokens, rng, engine_functions())

    def _own_function(self, tokens: list[str], rng: random.Random) -> list[str]:
        return _renamed(tokens, rng, _CALLABLE)

    def _word(self, tokens: list[str], rng: random.Random) -> list[str]:
        """A name or a literal in the place of one like it."""
        places = [place for place, token in enumerate(tokens) if token[0].isalnum() or token[0] in "_'`\""]
        others = [token for token in rng.choice(self._seeds) if token[0].isalnum() or token[0] in "_'`\""]
        if places and others:
            tokens[rng.choice(places)] = rng.choice(others)
        return tokens

    def _case(self, tokens: list[str], rng: random.Random) -> list[str]:
        place = rng.randrange(len(tokens))
        tokens[place] = rng.choice((str.upper, str.lower, str.swapcase))(tokens[place])
        return tokens

    def _letter(self, tokens: list[str], rng: random.Random) -> list[str]:
        """One character lost, doubled or exchanged inside a token: open quotes, half comments."""
        place = rng.randrange(len(tokens))
        token = tokens[place]
        at = rng.randrange(len(token))
        tokens[place] = token[:at] + rng.choice(("", token[at] * 2, rng.choice(TRICKS))) + token[at + 1 :]
        return tokens


def _groups(tokens: Sequence[str]) -> list[tuple[int, int]]:
    found, open_at = [], []
    for place, token in enumerate(tokens):
        if token == "(":
            open_at.append(place)
        elif token == ")" and open_at:
            found.append((open_at.pop(), place + 1))
    return found


def _renamed(tokens: list[str], rng: random.Random, names: Sequence[str]) -> list[str]:
    places = [place for place, token in enumerate(tokens[:-1]) if _WORD.fullmatch(token) and tokens[place + 1] == "("]
    if places:
        tokens[rng.choice(places)] = rng.choice(names)
    return tokens
