"""`no_route`: stored rows that no group takes, as a view of the log: a record goes once a group takes its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backends.offline import log_reading
from core.errors import NotFound
from core.rows import dump_row
from core.spec import GroupSpec
from processing import dead_letters
from processing.dead_letters import NO_ROUTE
from processing.definitions import known_groups
from processing.judging import Judged, judge
from processing.letter_filter import Filter
from processing.models import DeadLetter

_CHUNK = 1000


def list_letters(
    wanted: Filter, limit: int = 100, cursor: int | None = None, payloads: bool = True
) -> tuple[list[DeadLetter], int | None]:
    """dead_letters.list_letters with `no_route` as it is now: a page may be shorter than its limit."""
    found, following = dead_letters.list_letters(wanted, limit, cursor, payloads)
    return fill(wanted.project, found), following


def get(project: str, letter_id: int) -> DeadLetter:
    """One letter, likewise; raises NotFound."""
    for letter in fill(project, [dead_letters.get(project, letter_id)]):
        return letter
    raise NotFound("unknown_dead_letter", f"the row of letter {letter_id} is taken by a group by now")


def fill(project: str, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Letters with the payloads of their stored rows; those whose row a group takes by now are deleted and left out."""
    waiting = [letter for letter in letters if letter.code == NO_ROUTE and letter.position is not None]
    if not waiting:
        return list(letters)
    rows = log_reading.rows_at(project, [letter.position for letter in waiting if letter.position is not None])
    groups = known_groups(project)
    taken = []
    for letter in waiting:
        row = rows.get(letter.position or 0)
        if row is None or row.superseded_pos is not None or _taken(row, groups):
            taken.append(letter.id)
        else:
            letter.payload = dump_row(row.row).encode()
    if taken:
        DeadLetter.objects.filter(id__in=taken).delete()
    return [letter for letter in letters if letter.id not in taken]


def _taken(row: log_reading.LogRow, groups: Mapping[str, GroupSpec]) -> bool:
    """Judged as on the day it came: a row that was held then is late by now."""
    verdict = judge(row.row, row.address, row.record_time, row.ingested_at, groups, row.source)
    return isinstance(verdict, Judged) and bool(verdict.takers)


def prune(project: str) -> int:
    """Delete the records of all rows that a group takes by now. -> how many; called after a definition came."""
    gone, after = 0, 0
    while letters := list(DeadLetter.objects.filter(project=project, code=NO_ROUTE, id__gt=after).order_by("id")[:_CHUNK]):
        gone += len(letters) - len(fill(project, letters))
        after = letters[-1].id
    return gone
