"""A feature group's definition: the document a user writes, read once and strictly, and written back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from core.definition_fields import Fields, Problems
from core.errors import Invalid
from core.names import machine_name

KINDS = ("numerical", "categorical", "temporal")
TIME_KINDS = ("TIMESTAMP", "EPOCH_S", "EPOCH_MS")
WORDS = ("title", "description", "type", "owner", "tags")
_FIELDS = ("name", "entity_id", "transformation", "columns", "timestamp_column", "source", "ttl", "defaults", "windows", *WORDS)
_TRANSFORMATION = ("sql_query", "aggregation_window", "windows")
_LONGEST_NAME = 63


@dataclass(frozen=True)
class Definition:
    """One definition; WORDS are outside its fingerprint.

    `entity`: the keys in order. `sql` None: row-level, the feature is the column named like the group. `window`: a label, or None
    for the whole history; `windows`: several of them, the smallest first, each column a feature in each, and `windows_at` the
    pointer to where they were given. `columns`: the declared types of input columns, in their stored spelling. `ttl`: seconds.
    """

    name: str
    title: str
    entity: tuple[str, ...]
    sql: str | None = None
    window: str | None = None
    description: str = ""
    type: str = "numerical"
    columns: Mapping[str, str] = field(default_factory=dict)
    timestamp_column: str = "timestamp"
    source: str = "events"
    ttl: int | None = None
    owner: str = ""
    tags: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    windows: tuple[str, ...] = ()
    windows_at: str = field(default="/windows", compare=False)

    @classmethod
    def parse(cls, document: Any) -> Definition:
        """The document of `POST /features/` -> Definition; raises Invalid with every finding and its JSON pointer.

        The SQL itself is judged by core.sql; here only its size.
        """
        problems = Problems()
        fields = Fields(problems, document, _FIELDS)
        if not isinstance(document, dict):
            problems.stop()
        name, title = _name(fields, problems)
        entity = fields.entity()
        transformation = fields.document.get("transformation")
        inner = Fields(problems, transformation if transformation is not None else {}, _TRANSFORMATION, "/transformation")
        timestamp_column = fields.column("timestamp_column", "timestamp")
        window, windows = inner.window("aggregation_window"), _windows(fields, inner)
        found = cls(
            name=name,
            title=title,
            entity=entity,
            sql=inner.sql("sql_query") if isinstance(transformation, dict) else None,
            window=window,
            columns=fields.columns("columns"),
            timestamp_column=timestamp_column,
            source=fields.source("source"),
            ttl=fields.ttl("ttl"),
            defaults=fields.defaults("defaults"),
            windows=windows,
            windows_at="/windows" if fields.document.get("windows") is not None else "/transformation/windows",
            **_words(fields),
        )
        found._check_together(problems)
        problems.stop()
        return found

    def _check_together(self, problems: Problems) -> None:
        if self.timestamp_column in self.entity:
            problems.add("invalid_name", f"{self.timestamp_column} is the time column and cannot be a key", "/timestamp_column")
        if self.sql is None and self.name in (*self.entity, self.timestamp_column):
            problems.add(
                "invalid_name",
                "without a transformation the column named like the group is the feature: no key, no time",
                "/name",
            )
        if self.time_kind not in TIME_KINDS:
            problems.add("invalid_type", f"a time column is one of {', '.join(TIME_KINDS)}", f"/columns/{self.timestamp_column}")
        for key in self.entity:
            if self.columns.get(key, "STRING") != "STRING":
                problems.add("invalid_type", "entity keys are text: leave the type out or declare STRING", f"/columns/{key}")

    @property
    def time_kind(self) -> str:
        """How event times are sent: TIMESTAMP, EPOCH_S or EPOCH_MS."""
        return self.columns.get(self.timestamp_column, "TIMESTAMP")

    @property
    def query(self) -> str:
        """The SQL, also of a definition without a transformation."""
        return self.sql if self.sql is not None else f"SELECT {', '.join(self.entity)}, {self.name} FROM input_data"

    def features(self, outputs: Sequence[str]) -> tuple[str, ...]:
        """The names of the features that these columns of the SQL become: with windows `<column>_<window>`. Raises Invalid."""
        if not self.windows:
            return tuple(outputs)
        taken = {name.lower() for name in (*outputs, *self.entity, self.timestamp_column)}
        found = tuple(f"{output}_{window}" for output in outputs for window in self.windows)
        for name in found:
            if name.lower() in taken:
                raise Invalid("invalid_name", f"the feature {name} would be named like a column", pointer=self.windows_at)
            if len(name) > _LONGEST_NAME:
                detail = (
                    f"the name of the feature {name} is longer than {_LONGEST_NAME} characters: give the column a shorter one"
                )
                raise Invalid("invalid_name", detail, pointer=self.windows_at)
        return found

    def document(self) -> dict[str, Any]:
        """-> the document that parses to this definition. The contract's fields are always there, others where they say more."""
        transformation = None
        if self.sql is not None:
            windows = {"aggregation_window": self.window, "windows": list(self.windows)}
            transformation = {"sql_query": self.sql} | {name: value for name, value in windows.items() if value}
        document: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "type": self.type,
            "entity_id": ",".join(self.entity),
            "transformation": transformation,
        }
        rest = {
            "columns": dict(self.columns),
            "timestamp_column": self.timestamp_column if self.timestamp_column != "timestamp" else "",
            "source": self.source if self.source != "events" else "",
            "ttl": self.ttl,
            "owner": self.owner,
            "tags": list(self.tags),
            "defaults": dict(self.defaults),
            "windows": list(self.windows),
        }
        return document | {name: value for name, value in rest.items() if value}

    def fingerprint(self, sql_normalised: str | None = None) -> str:
        """SHA-256 (hex) of what is computed. Give the SQL as core.sql renders it, so that spelling makes no new version."""
        computing = {
            "entity": self.entity,
            "sql": self.query if sql_normalised is None else sql_normalised,
            "window": self.window,
            "columns": dict(self.columns),
            "timestamp_column": self.timestamp_column,
            "source": self.source,
            "ttl": self.ttl,
            "defaults": dict(self.defaults),
        } | ({"windows": self.windows} if self.windows else {})
        return hashlib.sha256(orjson.dumps(computing, option=orjson.OPT_SORT_KEYS)).hexdigest()


def parse_words(document: Any) -> dict[str, Any]:
    """The document of a PATCH -> the words it names (title, description, type, owner, tags); raises Invalid for anything else."""
    problems = Problems()
    fields = Fields(problems, document, WORDS)
    problems.stop()
    found = {"title": fields.text("title", 200), **_words(fields)}
    if "title" in fields.document and not found["title"]:
        problems.add("invalid_name", "a title is not empty", "/title")
    problems.stop()
    return {name: value for name, value in found.items() if name in fields.document}


def _windows(fields: Fields, inner: Fields) -> tuple[str, ...]:
    """`windows` of the document or of its transformation; in both only where they say the same."""
    given = [place for place in (fields, inner) if place.document.get("windows") is not None]
    found = [place.windows("windows") for place in given]
    if len(set(found)) > 1:
        inner.fault("invalid_windows", "these are not the `windows` beside the transformation: give them once", "windows")
    if given and inner.document.get("aggregation_window") is not None:
        detail = "`aggregation_window` is one window and `windows` are several: give one of the two"
        given[0].fault("invalid_windows", detail, "windows")
    return found[0] if found else ()


def _words(fields: Fields) -> dict[str, Any]:
    return {
        "description": fields.text("description", 10_000),
        "type": fields.choice("type", KINDS),
        "owner": fields.text("owner", 200),
        "tags": fields.tags("tags"),
    }


def _name(fields: Fields, problems: Problems) -> tuple[str, str]:
    """-> (name, title): of a machine name, of a title, or of both."""
    text = fields.document.get("name")
    if not isinstance(text, str):
        problems.add("invalid_name", "a definition has a name: text", "/name")
        return "", ""
    try:
        name, title = machine_name(text)
    except Invalid as error:
        problems.add(error.code, error.detail, "/name")
        return "", ""
    return name, fields.text("title", 200) or title
