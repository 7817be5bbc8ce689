"""What is served, now and in answers of before, against brute force over the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests import oracle
from tests.chaos.groups import GROUPS, of
from tests.chaos.history import History, agrees
from tests.chaos.reader import Answer, Heads, Reader, of_body
from tests.servers.http import Client


def served(client: Client, users: Sequence[str], history: History) -> list[str]:
    """Every group's newest values and its values `at` that moment, of every user, where they are not the oracle's."""
    wrong: list[str] = []
    places = [(name, user) for name in GROUPS for user in users]
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda place: _one(client, place[0], place[1], history), places):
            wrong += found
    return wrong


def _one(client: Client, name: str, user: str, history: History) -> list[str]:
    reader = Reader(client, [user], "", 0)
    reader.read(name, user)
    if not reader.answers:
        return [f"{name} {user}: {dict(reader.statuses)} {reader.wrong}"]
    (answer,) = reader.answers
    expected = history.expected(answer, history.head)
    wrong = [] if agrees(answer, expected) else [f"{answer}, not {expected}"]
    t = max(answer.times.values())
    past = client.values(name, user, at=oracle.iso(t))
    if past.status != 200:
        return [*wrong, f"{name} {user} at {t}: {past.status} {past.body}"]
    then = of_body(name, user, 0, past.body)
    expected = history.expected(then, history.head)
    if set(then.times.values()) != {t} or not agrees(then, expected):
        wrong.append(f"at {t}: {then}, not {expected}")
    return wrong


def answered(answers: Iterable[Answer], heads: Heads, history: History) -> list[str]:
    """Answers that are V(as_of) over no state of the log that stood in the 20 s before them.

    The windows of a group of several move together, but one that was loaded or left aside may stand elsewhere for a while, so
    each is held against a state of its own.
    """
    wrong = []
    for answer in answers:
        low, high = heads.between(answer)
        high = history.head if high is None else high
        for part in _by_window(answer):
            moments = history.moments(answer.group, answer.user, low, high)
            if not any(agrees(part, history.expected(part, position)) for position in moments):
                wrong.append(f"{part} between positions {low} and {high}; the newest would be {history.expected(part, high)}")
    return wrong


def _by_window(answer: Answer) -> list[Answer]:
    group, parts = of(answer.group, answer.version), defaultdict[str | None, list[str]](list)
    for feature in answer.cells:
        parts[group.place(feature)[1]].append(feature)
    return [
        replace(answer, cells={f: answer.cells[f] for f in some}, times={f: answer.times[f] for f in some})
        for some in parts.values()
    ]
