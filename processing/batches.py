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


def plan(everybody: Sequence[Behind], head: int, most: int) -> Planned:
    """A batch for those furthest ahead and one for those furthest behind.

    So who was parked or is new catches up and joins the others, and never makes them wait.
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
    found = [
        Batch(position, min([position + most, head, *(p for p in positions if p > position)]), tuple(at[position]))
        for position in dict.fromkeys([*positions[-1:], *positions[:1]])
    ]
    more = len(positions) > len(found) or any(batch.upto < head for batch in found)
    return Planned(tuple(found), more, positions[0] if positions else head)
