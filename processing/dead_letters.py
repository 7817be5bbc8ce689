"""Dead letters: the only writer of their table; listing, replay and discard."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from backends import metrics
from core.clock import format_time
from core.errors import Invalid, NotFound
from core.rows import dump_row
from processing.models import DeadLetter

NO_ROUTE = "no_route"  # not a refusal: the row is in the log, its payload is read from there, and a group made later takes it
KEPT_WHOLE = 16 * 1024 * 1024
KEPT_OF_LARGER = 4096


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
    """Write them, in the caller's transaction if it has one; a quarantine record that stands already is left as it is."""
    if not letters:
        return
    DeadLetter.objects.bulk_create([_row(letter) for letter in letters], ignore_conflicts=True, batch_size=500)
    for code, count in Counter(letter.code for letter in letters).items():
        metrics.DEAD_LETTERS.labels(code=code).inc(count)


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
    project: str, code: str | None = None, source: str | None = None, limit: int = 100, cursor: int | None = None
) -> tuple[list[DeadLetter], int | None]:
    """The newest first, below `cursor` (an id). -> (letters, cursor of the next page)."""
    found = matching(project, code, source)
    if cursor is not None:
        found = found.filter(id__lt=cursor)
    rows = list(found.order_by("-id")[: limit + 1])
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def matching(project: str, code: str | None = None, source: str | None = None) -> QuerySet[DeadLetter]:
    """Letters of a project by code and source. Raises Invalid for a text that no letter can have."""
    for name, text in (("code", code), ("source", source)):
        if text and "\x00" in text:
            raise Invalid("nul_character", f"{name} holds a NUL character", pointer=f"/{name}")
    found = DeadLetter.objects.filter(project=project)
    if code:
        found = found.filter(code=code)
    if source:
        found = found.filter(source=source)
    return found


def get(project: str, letter_id: int) -> DeadLetter:
    """One letter; raises NotFound."""
    found = DeadLetter.objects.filter(project=project, id=letter_id).first() if letter_id < 1 << 63 else None
    if found is None:
        raise NotFound("unknown_dead_letter", f"there is no dead letter {letter_id}")
    return found


def discard(project: str, letter_id: int) -> None:
    """Delete one letter; raises NotFound."""
    get(project, letter_id).delete()


def document(letter: DeadLetter) -> dict[str, Any]:
    """A letter as the API answers it."""
    return {
        "id": letter.id,
        "code": letter.code,
        "detail": letter.detail,
        "source": letter.source,
        "group": letter.group or letter.address,
        "partition": letter.partition,
        "offset": letter.offset,
        "received_at": format_time(letter.received_at),
        "payload": payload_text(letter),
    }


def payload_text(letter: DeadLetter) -> str:
    """The payload as text to show: UTF-8, bytes that are none as escapes."""
    return bytes(letter.payload).decode("utf-8", "backslashreplace")


def counts(project: str) -> dict[str, int]:
    """How many letters there are by code."""
    found = DeadLetter.objects.filter(project=project).values("code").annotate(number=Count("id")).order_by()
    return {row["code"]: row["number"] for row in found}
