"""Reading the fields of a definition's document. Each reader notes what is wrong and goes on, so that a user sees all at once."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import orjson

from core.errors import Invalid
from core.names import NAME
from core.types import ColumnType, parse_type
from core.windows import MOST_WINDOWS, Window

SQL_BYTES = 32 * 1024
MOST_KEYS, MOST_COLUMNS, MOST_TAGS = 8, 500, 50
DEFAULTS_BYTES = 16 * 1024
LONGEST_TTL = 100 * 366 * 86_400
# These stand in the query of the values route beside the keys.
FORBIDDEN_KEYS = ("at", "start_time", "end_time", "limit", "cursor", "as_known")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TTL = re.compile(r"([1-9][0-9]{0,9})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class Problems:
    """What was found wrong, in document order."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def add(self, code: str, detail: str, pointer: str) -> None:
        self.found.append({"pointer": pointer, "code": code, "detail": detail})

    def stop(self) -> None:
        """Raises Invalid, named after the first finding, if there is any."""
        if self.found:
            first = self.found[0]
            raise Invalid(first["code"], first["detail"], pointer=first["pointer"], errors=self.found)


class Fields:
    """An object of the document. Each reader gives a usable value and leaves what is wrong with `problems`; null is absent."""

    def __init__(self, problems: Problems, document: Any, known: Sequence[str], pointer: str = "") -> None:
        self.problems = problems
        self.pointer = pointer
        self.document: dict[str, Any] = document if isinstance(document, dict) else {}
        if not isinstance(document, dict):
            problems.add("not_an_object", "an object is expected here", pointer)
        for name in self.document:
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {close[0]!r}" if close else f"there are {', '.join(known)}"
                self.fault("unknown_field", f"{name[:80]!r} is unknown: {hint}", name)

    def fault(self, code: str, detail: str, *path: str) -> None:
        steps = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path)
        self.problems.add(code, detail, self.pointer + steps)

    def text(self, name: str, most: int) -> str:
        value = self.document.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > most or not _is_plain(value):
            self.fault("invalid_text", f"text of at most {most} characters, without control or invisible ones", name)
            return ""
        return unicodedata.normalize("NFC", value.strip())

    def choice(self, name: str, choices: Sequence[str]) -> str:
        value = self.document.get(name)
        if value is None:
            return choices[0]
        if value not in choices:
            self.fault("unknown_type", f"one of {', '.join(choices)}", name)
            return choices[0]
        return str(value)

    def tags(self, name: str) -> tuple[str, ...]:
        value = self.document.get(name) or []
        good = isinstance(value, list) and len(value) <= MOST_TAGS
        if not good or not all(isinstance(t, str) and 0 < len(t.strip()) <= 64 and _is_plain(t) for t in value):
            self.fault("invalid_text", f"a list of at most {MOST_TAGS} texts of 1 to 64 characters", name)
            return ()
        return tuple(dict.fromkeys(unicodedata.normalize("NFC", t.strip()) for t in value))

    def entity(self) -> tuple[str, ...]:
        """`entity_id`: one key, several with commas, or a list."""
        value = self.document.get("entity_id")
        keys = value.split(",") if isinstance(value, str) else value
        if not isinstance(keys, list) or not keys or len(keys) > MOST_KEYS or not all(isinstance(k, str) for k in keys):
            self.fault("invalid_entity_id", f"one key, several with commas, or a list of 1 to {MOST_KEYS} keys", "entity_id")
            return ()
        found = tuple(key.strip() for key in keys)
        for key in found:
            if not NAME.fullmatch(key):
                self.fault("invalid_name", f"a key is named like {NAME.pattern}, not {key[:80]!r}", "entity_id")
            elif key in FORBIDDEN_KEYS:
                self.fault("invalid_name", f"{key} means something else in the address of values", "entity_id")
        if len(set(found)) < len(found):
            self.fault("invalid_entity_id", "a key is named once", "entity_id")
        return found

    def sql(self, name: str) -> str:
        value = self.document.get(name)
        if not isinstance(value, str) or not value.strip():
            self.fault("sql_syntax", "SQL is expected: one SELECT over input_data", name)
        elif len(value.encode(errors="surrogatepass")) > SQL_BYTES:
            self.fault("too_large", f"SQL has at most {SQL_BYTES} bytes", name)
        elif not _is_plain(value):
            self.fault("sql_syntax", "SQL has no control or invisible characters", name)
        else:
            return value
        return ""

    def window(self, name: str) -> str | None:
        """A window's label in its largest unit, so that equal windows have equal fingerprints."""
        value = self.document.get(name)
        found = None if value is None else self._window(value, name)
        return None if found is None else found.normal

    def windows(self, name: str) -> tuple[str, ...]:
        """Several windows, likewise, the smallest first; () where the field is not there."""
        value = self.document.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not 0 < len(value) <= MOST_WINDOWS:
            self.fault("invalid_windows", f"a list of 1 to {MOST_WINDOWS} windows", name)
            return ()
        sizes: dict[str, int] = {}
        for place, text in enumerate(value):
            found = self._window(text, name, str(place))
            if found is None:
                continue
            if found.normal in sizes:
                self.fault("invalid_windows", f"the window {found.normal} stands twice", name, str(place))
            sizes[found.normal] = found.size
        return tuple(sorted(sizes, key=sizes.__getitem__))

    def _window(self, value: Any, *path: str) -> Window | None:
        try:
            return Window.parse(value if isinstance(value, str) else repr(value))
        except Invalid as error:
            self.fault(error.code, error.detail, *path)
            return None

    def column(self, name: str, default: str) -> str:
        value = self.document.get(name)
        if value is None:
            return default
        if not isinstance(value, str) or not _COLUMN.fullmatch(value):
            self.fault("invalid_name", f"a column is named like {_COLUMN.pattern}", name)
            return default
        return value

    def columns(self, name: str) -> dict[str, str]:
        """Declared types, each in its stored spelling."""
        found: dict[str, str] = {}
        for column, text in self._object(name, MOST_COLUMNS).items():
            if not _COLUMN.fullmatch(column):
                self.fault("invalid_name", f"a column is named like {_COLUMN.pattern}", name, column)
                continue
            try:
                parsed = parse_type(text if isinstance(text, str) else repr(text))
            except Invalid as error:
                self.fault(error.code, error.detail, name, column)
                continue
            if _has_map(parsed):
                self.fault("invalid_type", "MAP is a type of outputs only: declare a STRUCT", name, column)
            found[column] = str(parsed)
        if len({column.lower() for column in found}) < len(found):
            self.fault("invalid_name", "names of columns differ by more than case", name)
        return dict(sorted(found.items()))

    def source(self, name: str) -> str:
        value = self.document.get(name)
        if value not in (None, "events"):
            self.fault("unknown_source", f"there is no source {str(value)[:80]!r}; there is events", name)
        return "events"

    def ttl(self, name: str) -> int | None:
        """Seconds, as a whole number or as text like 90s, 15m, 12h, 7d."""
        value = self.document.get(name)
        if value is None:
            return None
        match = _TTL.fullmatch(value) if isinstance(value, str) else None
        seconds = int(match[1]) * _SECONDS[match[2]] if match else value
        if type(seconds) is not int or not 0 < seconds <= LONGEST_TTL:
            self.fault("invalid_ttl", "whole seconds, or text like 90s, 15m, 12h, 7d; more than none, at most 100 years", name)
            return None
        return seconds

    def defaults(self, name: str) -> dict[str, Any]:
        """Values by feature. Whether there are such features, and of which types, only the compiled SQL knows."""
        found = self._object(name, MOST_COLUMNS)
        for feature, value in found.items():
            if value is None or not _COLUMN.fullmatch(feature):
                self.fault("invalid_default", "a feature's name and a value other than null", name, feature)
        try:
            size = len(orjson.dumps(found))
        except TypeError:
            size = -1
        if not 0 <= size <= DEFAULTS_BYTES:
            self.fault("invalid_default", f"defaults have integers of 64 bits and at most {DEFAULTS_BYTES} bytes in all", name)
            return {}
        return dict(sorted(found.items()))

    def _object(self, name: str, most: int) -> dict[str, Any]:
        value = self.document.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict) or len(value) > most:
            self.fault("not_an_object", f"an object of at most {most} names is expected", name)
            return {}
        return value


def _has_map(parsed: ColumnType) -> bool:
    parts = [field for _, field in parsed.fields] + ([parsed.item] if parsed.item else [])
    return parsed.kind == "MAP" or any(map(_has_map, parts))


def _is_plain(text: str) -> bool:
    """No control character but line ends and tabs, nothing invisible (bidi marks, zero width), no half of a surrogate pair."""
    return all(c in "\n\r\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in text)
