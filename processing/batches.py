"""Which rows of the log go to whom next. Pure: cursors and the head are given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.record import Cursor
from core.spec import GroupSpec, VersionSpec
from processing.apply import Target

Behind = tuple[GroupSpec, VersionSpec, dict[int, Cursor]]  # whole buckets of a version with their cursors


@dataclass(frozen=True)
class Batch:
    """The rows with after < position <= upto, for all who stand at `after`."""

    after: int
    upto: int
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Planned:
    """The batches of this round; `more`: somebody is behind after them; `furthest`: the position of the one furthest behind."""

    batches: tuple[Batch, ...]
    more: bool
    furthest: int


def plan(everybody: Sequence[Behind], head: int, most: int, behind: int | None = None) -> Planned:
    """A batch of at most `most` rows for those furthest ahead and one for those furthest behind, of at most `behind` rows.

    So who was parked or is new catches up and joins the others, and makes them wait for no more than that.
    """
    at: dict[int, list[Target]] = defaultdict(list)
    for spec, version, cursors in everybody:
        parts: dict[int, dict[int, Cursor]] = defaultdict(dict)
        for bucket, cursor in cursors.items():
            if cursor.position < head:
                parts[cursor.position][bucket] = cursor
        for position, part in parts.items():
            at[position].append(Target(spec, version, part))
    positions = sorted(at)
    sizes = [(position, most) for position in positions[-1:]] + [(position, behind or most) for position in positions[:-1][:1]]
    found = [
        Batch(position, min([position + rows, head, *(p for p in positions if p > position)]), tuple(at[position]))
        for position, rows in sizes
    ]
    more = len(positions) > len(found) or any(batch.upto < head for batch in found)
    return Planned(tuple(found), more, positions[0] if positions else head)
