"""Windows: floor_h(t - W) < event_time <= t, in microseconds: the one definition that serves, trains and backfills."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.clock import MICRO
from core.errors import Invalid

MOST_WINDOWS = 12  # of one definition
MINUTE, HOUR, DAY = 60 * MICRO, 3600 * MICRO, 86_400 * MICRO
_UNIT = {"m": MINUTE, "h": HOUR, "d": DAY}
# (largest window, its hop); beyond the last bracket the hop is one day
_HOPS = ((HOUR, MINUTE), (12 * HOUR, 5 * MINUTE), (DAY, 15 * MINUTE), (7 * DAY, HOUR), (30 * DAY, 6 * HOUR))
SMALLEST, LARGEST = 5 * MINUTE, 365 * DAY


@dataclass(frozen=True)
class Window:
    """A sliding window of `size` microseconds whose lower edge moves in hops."""

    size: int
    hop: int
    label: str

    @classmethod
    def parse(cls, text: str) -> Window:
        """ "1h" .. "365d" -> Window; raises Invalid("unknown_window")."""
        match = re.fullmatch(r"([1-9][0-9]{0,6})([mhd])", text)
        size = int(match[1]) * _UNIT[match[2]] if match else 0
        if not SMALLEST <= size <= LARGEST:
            raise Invalid(
                "unknown_window",
                f"{text[:40]!r} is no window: use 1h, 6h, 12h, 1d, 7d, 30d or any size from 5m to 365d",
                pointer="/transformation/aggregation_window",
            )
        return cls(size, next((hop for most, hop in _HOPS if size <= most), DAY), text)

    @property
    def normal(self) -> str:
        """The label in its largest unit: 24h is 1d, so that equal windows have equal names."""
        unit, letter = next((u, letter) for u, letter in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")) if self.size % u == 0)
        return f"{self.size // unit}{letter}"

    def lower(self, t: int) -> int:
        """The exclusive lower edge at time t."""
        return (t - self.size) // self.hop * self.hop

    def tile(self, event_time: int) -> int:
        """The number k of the tile ((k-1)h, kh] that holds an event."""
        return -(-event_time // self.hop)

    def first_live_tile(self, t: int) -> int:
        """The smallest tile whose events still count at t."""
        return (t - self.size) // self.hop + 1

    def tile_leaves(self, tile: int) -> int:
        """The first time at which a tile's events no longer count."""
        return tile * self.hop + self.size

    def leaves(self, event_time: int) -> int:
        """The first time at which an event no longer counts."""
        return self.tile_leaves(self.tile(event_time))
