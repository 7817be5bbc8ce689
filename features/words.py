"""The words of a group: what may change without a new version, and what of a row is searched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.definitions import WORDS, Definition, parse_words
from features.folding import fold, marks
from features.models import Group


def given_words(document: Any) -> dict[str, Any]:
    """The words that a PATCH names, as columns of the row; raises Invalid."""
    return _columns(parse_words(document))


def words_of(definition: Definition, document: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The words of a definition as columns of the row; with its document only those that it names.

    A name that is a title sets the title; a plain machine name says nothing about it.
    """
    named = {name for name in WORDS if document is None or document.get(name) is not None}
    if definition.title != definition.name:
        named.add("title")
    return _columns({name: getattr(definition, name) for name in WORDS if name in named})


def _columns(words: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if name == "tags" else value for name, value in words.items()}


def search_columns(group: Group, outputs: Iterable[str], changes: Mapping[str, Any]) -> dict[str, str]:
    """The search columns of a group's row after `changes` (columns of the row) and with these features."""

    def after(name: str) -> Any:
        return changes.get(name, getattr(group, name))

    texts = [group.name, after("title"), after("description"), after("owner"), *after("tags"), *after("entity"), *outputs]
    return {
        "search_text": fold(" ".join(texts)),
        "marks_text": marks(
            tag=map(fold, after("tags")),
            owner=[fold(after("owner"))],
            entity=after("entity"),
            status=sorted(set(after("states").values())),
        ),
    }
