"""What is served, now and in answers of before, against brute force over the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests import oracle
from tests.chaos.groups import GROUPS
from tests.chaos.history import History, agrees
from tests.chaos.reader import Answer, Heads, Reader
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
    wrong = [] if agrees(answer, expected) else [f"{name} {user} as of {answer.as_of}: {answer.cells}, not {expected}"]
    past = client.values(name, user, at=oracle.iso(answer.as_of))
    if past.status != 200:
        return [*wrong, f"{name} {user} at {answer.as_of}: {past.status} {past.body}"]
    cells = {feature: (cell["value"], cell["status"]) for feature, cell in past["values"].items()}
    if not agrees(Answer(name, past["version"], user, 0, 0, answer.as_of, cells), expected):
        wrong.append(f"{name} {user} at {answer.as_of}: {cells}, not {expected}")
    return wrong


def answered(answers: Iterable[Answer], heads: Heads, history: History) -> list[str]:
    """Answers that are V(as_of) over no state of the log that stood in the 20 s before them."""
    wrong = []
    for answer in answers:
        low, high = heads.between(answer)
        high = history.head if high is None else high
        if not any(
            agrees(answer, history.expected(answer, position))
            for position in history.moments(answer.group, answer.user, low, high)
        ):
            newest = history.expected(answer, high)
            wrong.append(f"{answer} between positions {low} and {high}; the newest would be {newest}")
    return wrong
