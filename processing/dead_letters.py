"""Dead letters: written, listed and shown here; they go by letters_gone."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import Count
from django.db.models.functions import Length

from backends import metrics
from backends.offline import log_reading
from backends.offline.copying import copy_rows, parts
from core.clock import format_time
from core.errors import NotFound
from core.rows import dump_row
from processing import letters_gone, outgoing
from processing.letter_filter import Filter
from processing.models import DeadLetter

NO_ROUTE = "no_route"  # not a refusal: the row is in the log, its payload is read from there, and a group made later takes it
KEPT_WHOLE = 16 * 1024 * 1024
KEPT_OF_LARGER = 4096
_NAMES = [field.attname for field in DeadLetter._meta.concrete_fields]
_COLUMNS = [f'"{field.column}"' for field in DeadLetter._meta.concrete_fields]
_PAGE = 32 * 1024 * 1024  # bytes of payload in one answer


@dataclass(frozen=True)
class Letter:
    """A refused row: its payload as bytes received, or the row itself where it was readable. Times in us."""

    project: str
    code: str
    detail: str
    source: str
    payload: Any
    received_at: int
    address: str = ""
    group: str = ""
    position: int | None = None
    partition: int | None = None
    offset: int | None = None
    topic_id: str = ""
    item: int = 0


def store(letters: Sequence[Letter]) -> None:
    """Write them, and copies for their topics, in the caller's transaction.

    A quarantine record that stands already, or was given back or thrown away, is not written again.
    """
    rows = _placed([_row(letter) for letter in letters])
    if not rows:
        return
    kept = _insert(rows)
    outgoing.put([row for row in kept if row.code != NO_ROUTE])
    for code, count in Counter(row.code for row in kept).items():
        metrics.DEAD_LETTERS.labels(code=code).inc(count)


def _placed(rows: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Without what is settled; a row of the log with the place in Kafka that it came from."""
    done: set[tuple[str, str, int, str]] = set()
    for project in {row.project for row in rows if row.position is not None}:
        stored = [row for row in rows if row.project == project and row.position is not None]
        asked = [(row.group, row.position or 0, row.code) for row in stored if row.group]
        done |= {(project, *key) for key in letters_gone.settled(project, asked)}
        origins = log_reading.origins(project, [row.position or 0 for row in stored])
        for row in stored:
            if row.position in origins:
                row.topic_id, row.partition, row.offset, row.item = origins[row.position]
    return [row for row in rows if (row.project, row.group, row.position, row.code) not in done]


def _insert(rows: Sequence[DeadLetter]) -> list[DeadLetter]:
    """-> those that were written, with their ids, which are taken first: an insert that may leave rows out does not tell them."""
    with connections["default"].cursor() as c:
        c.execute("SELECT nextval(pg_get_serial_sequence('dead_letter', 'id')) FROM generate_series(1, %s)", [len(rows)])
        for row, (number,) in zip(rows, c.fetchall(), strict=True):
            row.id = number
        for part in parts([row for row in rows if not row.group], _size):
            copy_rows(c, DeadLetter._meta.db_table, _COLUMNS, ([getattr(row, name) for name in _NAMES] for row in part))
    again = [row for row in rows if row.group]  # quarantine records: may stand already
    if not again:
        return list(rows)
    for part in parts(again, _size):
        DeadLetter.objects.bulk_create(part, ignore_conflicts=True)
    written = set(DeadLetter.objects.filter(id__in=[row.id for row in again]).values_list("id", flat=True))
    return [row for row in rows if not row.group or row.id in written]


def _size(row: DeadLetter) -> int:
    return len(row.payload)


def _row(letter: Letter) -> DeadLetter:
    data = letter.payload if isinstance(letter.payload, bytes) else dump_row(letter.payload).encode("utf-8", "surrogatepass")
    whole = len(data) <= KEPT_WHOLE
    return DeadLetter(
        project=letter.project,
        code=letter.code,
        detail=letter.detail,
        source=letter.source,
        address=letter.address,
        group=letter.group,
        position=letter.position,
        partition=letter.partition,
        offset=letter.offset,
        topic_id=letter.topic_id,
        item=letter.item,
        received_at=letter.received_at,
        payload=data if whole else data[:KEPT_OF_LARGER],
        payload_size=len(data),
        payload_sha256=hashlib.sha256(data).hexdigest(),
    )


def list_letters(
    wanted: Filter, limit: int = 100, cursor: int | None = None, payloads: bool = True
) -> tuple[list[DeadLetter], int | None]:
    """The newest first, below `cursor` (an id). -> (letters, cursor of the next page).

    With their payloads, as many as have not too many bytes together: a page may be shorter than its limit.
    """
    found = wanted.letters().order_by("-id")
    if cursor is not None:
        found = found.filter(id__lt=cursor)
    if not payloads:
        rows = list(found.defer("payload")[: limit + 1])
        return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
    sizes = list(found.values_list("id", Length("payload"))[: limit + 1])
    ids: list[int] = []
    size = 0
    for letter_id, length in sizes[:limit]:
        size += length
        if ids and size > _PAGE:
            break
        ids.append(letter_id)
    rows = list(DeadLetter.objects.filter(id__in=ids).order_by("-id"))
    return rows, ids[-1] if len(ids) < len(sizes) else None


def get(project: str, letter_id: int) -> DeadLetter:
    """One letter; raises NotFound."""
    found = DeadLetter.objects.filter(project=project, id=letter_id).first() if letter_id < 1 << 63 else None
    if found is None:
        raise NotFound("unknown_dead_letter", f"there is no dead letter {letter_id}")
    return found


def document(letter: DeadLetter) -> dict[str, Any]:
    """A letter as the API answers it."""
    return {
        "id": letter.id,
        "code": letter.code,
        "detail": letter.detail,
        "source": letter.source,
        "group": letter.group or letter.address,
        "position": letter.position,
        "partition": letter.partition,
        "offset": letter.offset,
        "item": letter.item,
        "received_at": format_time(letter.received_at),
        "payload": payload_text(letter),
        "payload_base64": None if is_text(letter) else base64.b64encode(letter.payload).decode(),
        "payload_size": letter.payload_size,
        "payload_sha256": letter.payload_sha256,
        "replayable": is_whole(letter),
    }


def is_whole(letter: DeadLetter) -> bool:
    """Whether all of the payload is kept; else its first 4 KiB."""
    return letter.payload_size <= KEPT_WHOLE


def is_text(letter: DeadLetter) -> bool:
    """Whether the payload is UTF-8."""
    try:
        bytes(letter.payload).decode()
    except UnicodeDecodeError:
        return False
    return True


def payload_text(letter: DeadLetter) -> str:
    """The payload as text to show: UTF-8, bytes that are none as escapes."""
    return bytes(letter.payload).decode("utf-8", "backslashreplace")


def counts(wanted: Filter) -> dict[str, int]:
    """How many letters there are by code."""
    found = wanted.letters().values("code").annotate(number=Count("id")).order_by()
    return {row["code"]: row["number"] for row in found}
