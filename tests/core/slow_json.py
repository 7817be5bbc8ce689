"""A slow strict JSON reader for tests: one character at a time, sharing nothing with core.strict_json."""

from typing import Any

HEX = "0123456789abcdefABCDEF"
DIGITS = "0123456789"
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Refused(Exception):
    """`code`: why."""

    def __init__(self, code: str) -> None:
        self.code = code


class Reader:
    """Reads one document. Refuses at the first fault in text order; faults of whole values come where the value ends."""

    def __init__(self, data: bytes) -> None:
        try:
            self.text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("invalid_utf8") from None
        if self.text.startswith("\ufeff"):
            raise Refused("invalid_utf8")
        self.at = 0

    def document(self) -> Any:
        value = self.value(0)
        self.blank()
        if self.at < len(self.text):
            raise Refused("invalid_json")
        return value

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self, word: str) -> bool:
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def need(self, word: str) -> None:
        if not self.take(word):
            raise Refused("invalid_json")

    def blank(self) -> None:
        while self.peek() and self.peek() in " \t\n\r":
            self.at += 1

    def value(self, depth: int) -> Any:
        self.blank()
        for word, constant in (("null", None), ("true", True), ("false", False)):
            if self.take(word):
                return constant
        for word in ("NaN", "Infinity", "-Infinity"):
            if self.take(word):
                raise Refused("non_finite")
        first = self.peek()
        if first and first in "[{":
            if depth == 32:
                raise Refused("too_deep")
            return self.array(depth + 1) if first == "[" else self.object(depth + 1)
        return self.string() if first == '"' else self.number()

    def array(self, depth: int) -> list[Any]:
        self.need("[")
        found: list[Any] = []
        self.blank()
        if self.take("]"):
            return found
        while True:
            found.append(self.value(depth))
            self.blank()
            if self.take("]"):
                return found
            self.need(",")

    def object(self, depth: int) -> dict[str, Any]:
        self.need("{")
        found: dict[str, Any] = {}
        self.blank()
        if self.take("}"):
            return found
        while True:
            self.blank()
            name = self.string()
            if name in found:
                raise Refused("duplicate_key")
            self.blank()
            self.need(":")
            found[name] = self.value(depth)
            self.blank()
            if self.take("}"):
                return found
            self.need(",")

    def string(self) -> str:
        self.need('"')
        units: list[int] = []  # UTF-16, so that escaped pairs meet
        while not self.take('"'):
            c = self.peek()
            if not c or c < " ":
                raise Refused("nul_character" if c == "\0" else "invalid_json")
            self.at += 1
            if c != "\\":
                data = c.encode("utf-16-le")
                units += [int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data), 2)]
                continue
            escape = self.peek()
            self.at += 1
            if escape in ESCAPES and escape:
                units.append(ord(ESCAPES[escape]))
            else:
                digits = self.text[self.at : self.at + 4]
                if escape != "u" or len(digits) < 4 or any(d not in HEX for d in digits):
                    raise Refused("invalid_json")
                units.append(int(digits, 16))
                self.at += 4
        try:
            text = b"".join(u.to_bytes(2, "little") for u in units).decode("utf-16-le")
        except UnicodeDecodeError:
            raise Refused("lone_surrogate") from None
        if "\0" in text:
            raise Refused("nul_character")
        if len(text.encode()) > 65536:
            raise Refused("too_large")
        return text

    def digits(self) -> str:
        start = self.at
        while self.peek() and self.peek() in DIGITS:
            self.at += 1
        if self.at == start:
            raise Refused("invalid_json")
        return self.text[start : self.at]

    def number(self) -> int | float:
        start = self.at
        self.take("-")
        if not self.take("0"):
            self.digits()
        integer = True
        if self.take("."):
            integer = False
            self.digits()
        if self.peek() and self.peek() in "eE":
            integer = False
            self.at += 1
            if self.peek() and self.peek() in "+-":
                self.at += 1
            self.digits()
        text = self.text[start : self.at]
        if integer:
            if len(text) > 4300:
                raise Refused("too_large")
            return int(text)
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise Refused("non_finite")
        return value


def read(data: bytes) -> Any:
    """One strict document, or Refused."""
    return Reader(data).document()
