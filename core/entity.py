"""Entity keys are text. A composite key is one text too, so that stores need to know only one kind."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import Invalid

MOST_BYTES = 512
SURE = MOST_BYTES // 4  # text of so many characters has no more bytes, whatever they are


class InvalidKey(Invalid):
    """A key of a wrong type, empty, or longer than 512 bytes."""

    def __init__(self, detail: str) -> None:
        super().__init__("invalid_entity", detail)


def key_text(value: object) -> str:
    """42 and "42" -> "42"; raises InvalidKey for float, bool, null, empty or too long. No Unicode normalisation."""
    if type(value) is int:
        value = str(value)
    if type(value) is not str:
        raise InvalidKey(f"an entity key is text or an integer, not {_kind(value)}")
    if not value:
        raise InvalidKey("an entity key is not empty")
    if len(value) > MOST_BYTES or len(value.encode()) > MOST_BYTES:
        raise InvalidKey(f"an entity key has at most {MOST_BYTES} bytes")
    return value


def _kind(value: object) -> str:
    return {float: "a float", bool: "a boolean", type(None): "null", list: "an array", dict: "an object"}.get(type(value), "that")


def encode_key(values: Sequence[str]) -> str:
    """One key stays itself; of several all but the last carry their length, so that no two tuples give one text."""
    if len(values) == 1:
        return values[0]
    head = "".join(f"{len(v.encode())}:{v}" for v in values[:-1])
    return head + values[-1]


def key_of(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """The encoded key of a row by its key columns; raises InvalidKey."""
    if len(names) == 1:  # nearly always, and then it mostly is itself
        value = row.get(names[0])
        return value if type(value) is str and 0 < len(value) <= SURE else key_text(value)
    return encode_key([key_text(row.get(name)) for name in names])


def decode_key(text: str, count: int) -> tuple[str, ...]:
    """The inverse of encode_key for a known number of keys."""
    data, values = text.encode(), []
    for _ in range(count - 1):
        size, _, data = data.partition(b":")
        values.append(data[: int(size)].decode())
        data = data[int(size) :]
    return (*values, data.decode())


def bucket_of(key: str, buckets: int) -> int:
    """The bucket of an encoded key: crc32 of its UTF-8 bytes, the same in every process and language."""
    return zlib.crc32(key.encode()) % buckets
