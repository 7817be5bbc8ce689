"""Messages of a random producer: good rows in every shape, duplicates, corrections, deletes, and poison whose code is known.

A maker makes the messages of one channel (a partition of the topic, or a client of HTTP), where order is kept. Every row has a
`uid` of its own that no group reads, by which it is found again in the log.
"""

from __future__ import annotations

import json
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests import oracle
from tests.chaos.groups import GROUPS

HOUR = 3600 * oracle.SECOND
# Whole messages that are no strict JSON, or no rows at all. (bytes or None, code)
BROKEN: tuple[tuple[bytes | None, str], ...] = (
    (b'{"user_id": "u1", "x": 1', "invalid_json"),
    (b'{"user_id": "\xff\xfe"}', "invalid_utf8"),
    (b'{"user_id": "u1", "x": 1, "x": 2}', "duplicate_key"),
    (b'{"user_id": "u1", "x": 1e400}', "non_finite"),
    (b'{"x": ' + b"[" * 100 + b"]" * 100 + b"}", "too_deep"),
    (b'{"user_id": "u1", "note": "' + b"a" * 70_000 + b'"}', "too_large"),
    (b'{"user_id": "a\\u0000b"}', "nul_character"),
    (b'{"user_id": "\\ud800"}', "lone_surrogate"),
    (b"42", "not_an_object"),
    (None, "not_an_object"),
)


@dataclass(frozen=True)
class Message:
    """`codes`: for each row the code of its refusal, None where it is good; `repeats`: it was sent before."""

    value: bytes | None
    codes: tuple[str | None, ...]
    repeats: bool = False

    @property
    def refused(self) -> bool:
        """Whether any row of it is."""
        return any(self.codes)


@dataclass
class _Known:
    """An event that may be corrected."""

    event_id: str
    address: str | None
    revision: int


class Maker:
    """`channel`: a name; `whole`: whether whole messages may be broken, which over HTTP is no letter but a 400."""

    def __init__(self, seed: str, channel: str, users: Sequence[str], whole: bool) -> None:
        self._draw, self._channel, self._users, self._whole = random.Random(f"{seed} {channel}"), channel, users, whole
        self._made = 0
        self._known: deque[_Known] = deque(maxlen=500)
        self._sent: deque[Message] = deque(maxlen=200)
        self._next: list[Message] = []

    def message(self) -> Message:
        """The next one."""
        if self._next:
            return self._next.pop()
        chance = self._draw.random()
        made: Message | None = None
        for share, make in ((0.01, self._poison), (0.04, self._again), (0.06, self._correction), (0.07, self._delete)):
            if chance < share:
                made = make()
                break
        else:
            if chance < 0.075:
                made = self._deleted_first()
        return made or self._rows()

    def _uid(self) -> str:
        self._made += 1
        return f"{self._channel}-{self._made}"

    def _row(self, event_id: str | None = None, revision: int = 0) -> dict[str, Any]:
        draw = self._draw
        row: dict[str, Any] = {"user_id": draw.choice(self._users), "x": draw.randrange(1000), "y": draw.randrange(10_000) / 8}
        if draw.random() < 0.3:  # the groups that recompute take only these, else they would cost all the time there is
            row["kind"] = draw.choice("abcdefgh")
        if draw.random() < 0.03:
            row[draw.choice([name for name in ("x", "y", "kind") if name in row])] = None
        if draw.random() < 0.003:
            row["x"] = "many"  # no integer: the groups of x leave it out, the others count it
        if draw.random() > 0.03:  # without a time, the record's counts
            row["timestamp"] = oracle.iso(self._time())
        row["uid"] = self._uid()
        if event_id is not None:
            row |= {"event_id": event_id, "revision": revision} if revision else {"event_id": event_id}
        return row

    def _time(self) -> int:
        """20 % late, 5 % exactly on a window's edge or a hop's, 2 % of the near future, the others of this moment."""
        now, chance, draw = time.time_ns() // 1000, self._draw.random(), self._draw
        if chance < 0.2:
            return now - int(draw.uniform(60e6, draw.choice((2 * HOUR, 30 * HOUR, 200 * HOUR))))
        if chance < 0.25:
            window = draw.choice(("1h", "1d", "7d"))
            hop = oracle.hop(window)
            edge = draw.choice((now, now - oracle.micros(window), now - oracle.micros(window) + hop))
            return edge // hop * hop - draw.choice((0, 0, 1, -1 if edge < now else 1))
        if chance < 0.27:
            return now + int(draw.uniform(1e6, draw.choice((20e6, 120e6, 240e6))))
        return now - int(draw.uniform(0, 2e6))

    def _rows(self) -> Message:
        """Good rows: one alone, a list, or one of the envelopes."""
        draw = self._draw
        address = draw.choice(list(GROUPS)) if draw.random() < 0.1 else None
        rows = []
        for _ in range(1 if draw.random() < 0.7 else draw.randrange(2, 6)):
            event_id = f"e-{self._channel}-{self._made}" if draw.random() < 0.8 else None
            row = self._row(event_id)
            if address is not None:
                row["x"] = row["x"] if isinstance(row["x"], int) else None
                if draw.random() < 0.3:
                    del row["y"]  # addressed, a column that is lacking is NULL
            elif draw.random() < 0.003:
                row = {"uid": row["uid"], "nobody": 1} | ({"event_id": event_id} if event_id else {})
            elif event_id is not None:
                self._known.append(_Known(event_id, None, 0))
            rows.append(row)
        message = Message(_shape(rows, address, draw), (None,) * len(rows))
        if all("event_id" in row for row in rows):
            self._sent.append(message)
        return message

    def _again(self) -> Message | None:
        """A producer that did not see its answer sends the same again."""
        if not self._sent:
            return None
        one = self._draw.choice(self._sent)
        return Message(one.value, one.codes, repeats=True)

    def _correction(self) -> Message | None:
        if not self._known:
            return None
        known = self._draw.choice(self._known)
        known.revision += self._draw.randrange(1, 3)
        return Message(_shape([self._row(known.event_id, known.revision)], None, self._draw), (None,))

    def _delete(self) -> Message | None:
        if not self._known:
            return None
        known = self._draw.choice(self._known)
        self._known.remove(known)
        row = {"event_id": known.event_id, "deleted": True, "revision": known.revision, "uid": self._uid()}
        return Message(_shape([row], None, self._draw), (None,))

    def _deleted_first(self) -> Message:
        """A tombstone that overtakes its row."""
        event_id = f"e-{self._channel}-{self._made}"
        self._next.append(Message(_shape([self._row(event_id)], None, self._draw), (None,)))
        row = {"event_id": event_id, "deleted": True, "revision": 3, "uid": self._uid()}
        return Message(_shape([row], None, self._draw), (None,))

    def _poison(self) -> Message:
        if self._whole and self._draw.random() < 0.5:
            value, code = self._draw.choice(BROKEN)
            return Message(value, (code,))
        spoil, code = self._draw.choice(SPOILED)
        row = self._row(f"e-{self._channel}-{self._made}" if self._draw.random() < 0.5 else None)
        row["x"] = 1
        row.pop("timestamp", None)
        spoiled, address = spoil(row)
        if self._draw.random() < 0.5 and address is None:
            return Message(_shape([self._row(), spoiled, self._row()], None, self._draw), (None, code, None))
        return Message(_shape([spoiled], address, self._draw), (code,))


def _shape(rows: Sequence[Any], address: str | None, draw: random.Random) -> bytes:
    if address is not None:
        return json.dumps({"feature_group": address, "data": list(rows)}).encode()
    shapes: list[Any] = [list(rows), {"events": list(rows)}, {"data": list(rows)}]
    if len(rows) == 1 and isinstance(rows[0], dict):
        shapes += [rows[0]] * 6
    return json.dumps(draw.choice(shapes)).encode()


def _future(row: dict[str, Any]) -> tuple[Any, str | None]:
    return {**row, "timestamp": oracle.iso(time.time_ns() // 1000 + HOUR)}, None


Spoil = Callable[[dict[str, Any]], tuple[Any, str | None]]
# A row -> what is wrong with it, and the group it is addressed to; the code of its refusal.
SPOILED: tuple[tuple[Spoil, str], ...] = (
    (lambda row: (7, None), "not_an_object"),
    (lambda row: ({**row, "timestamp": "yesterday"}, None), "bad_timestamp"),
    (lambda row: ({**row, "timestamp": 1_700_000_000}, None), "bad_timestamp"),
    (_future, "future_timestamp"),
    (lambda row: ({**row, "user_id": None}, None), "invalid_entity"),
    (lambda row: ({**row, "user_id": 1.5}, None), "invalid_entity"),
    (lambda row: ({**row, "event_id": ["a"]}, None), "type_mismatch"),
    (lambda row: ({**row, "event_id": "z", "revision": -1}, None), "type_mismatch"),
    (lambda row: ({name: cell for name, cell in row.items() if name != "user_id"}, "hour"), "missing_entity"),
    (lambda row: ({**row, "x": "many"}, "hour"), "type_mismatch"),
    (lambda row: (row, "nowhere"), "unknown_group"),
)
