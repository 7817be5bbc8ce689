"""Partials on their way: what Redis holds and what a batch brings, as columns that the engine merges in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from backends.engine import Engine
from backends.offline.inputs import Event, input_table
from backends.offline.program import Merged, Program, values_of
from backends.offline.routed import Routed
from core.clock import NEVER
from processing.paths.built import Entity

WHOLE = 0  # the one tile of a group without window


class Arrived(NamedTuple):
    """The events of a batch in one tile of one entity: a piece, and the newest time among them. `held`: the position of an event
    whose time has not come, which is a piece of its own."""

    tile: int
    newest: int
    piece: int
    held: int = 0


@dataclass
class Pieces:
    """Blocks of partials by number. Numbers below zero are those that the batch brought: ~0, ~1, …"""

    made: Program
    blocks: list[bytes] = field(default_factory=list)
    arrived: list[pa.Array] = field(default_factory=list)
    _arrived_blocks: list[bytes] | None = None

    def add(self, layout: int, block: bytes) -> int:
        """A block that Redis holds, written under a layout. -> its number. Raises NewerLayout."""
        self.blocks.append(self.made.relaid_partials(layout, block))
        return len(self.blocks) - 1

    def block(self, piece: int) -> bytes:
        """A piece as the block to be kept."""
        if piece >= 0:
            return self.blocks[piece]
        if self._arrived_blocks is None:
            self._arrived_blocks = self.made.partial_blocks.pack(self.arrived)
        return self._arrived_blocks[~piece]

    def take_events(
        self, entities: Sequence[Entity], now: int, batch: Routed | None, on: Engine | None = None
    ) -> list[list[Arrived]]:
        """The entities' new events as pieces. -> for each entity what arrived. Raises EngineFailed."""
        made, window = self.made, self.made.window
        numbers: dict[tuple[int, int, int], int] = {}
        events: list[Event] = []
        runs: list[int] = []
        newest: list[int] = []
        for n, entity in enumerate(entities):
            for event in entity.events:
                tile = WHOLE if window is None else window.tile(event.time)
                run = numbers.setdefault((n, tile, event.row.position if event.time > now else 0), len(newest))
                if run == len(newest):
                    newest.append(NEVER)
                if event.time > newest[run]:
                    newest[run] = event.time
                events.append(event)
                runs.append(run)
        found: list[list[Arrived]] = [[] for _ in entities]
        if not events:
            return found
        ids, columns = made.partial(input_table(made.spec, made.version, made.column_types, events, runs, batch), on)
        order = pa.array(np.argsort(ids, kind="stable"), pa.int64())
        self.arrived = [column.take(order) for column in columns]
        for (n, tile, held), run in numbers.items():
            found[n].append(Arrived(tile, newest[run], ~run, held))
        return found

    def merge(self, groups: Sequence[Sequence[int]], on: Engine | None = None) -> Merged:
        """Groups of pieces, none of them empty, merged and finished. Raises EngineFailed."""
        sizes = [len(group) for group in groups]
        chosen = np.fromiter((piece for group in groups for piece in group), np.int64, sum(sizes))
        chosen = np.where(chosen < 0, len(self.blocks) + ~chosen, chosen)
        columns = self.made.partial_blocks.unpack(self.blocks)
        if self.arrived:
            columns = [pa.concat_arrays([old, new]) for old, new in zip(columns, self.arrived, strict=True)]
        return self.made.finish(columns, chosen, np.repeat(np.arange(len(groups)), sizes), on)


class Answers:
    """Merged groups as what is kept of them."""

    def __init__(self, made: Program, merged: Merged) -> None:
        self._made, self._outputs = made, merged.outputs
        self._nulled = list(zip(merged.overflow, merged.non_finite, strict=True))
        self._instead: dict[int, list[object]] = {}
        self.exists, self.over = list(merged.exists), merged.over
        self.partials = made.partial_blocks.pack(merged.partials)
        self.values = made.output_blocks.pack(merged.outputs) if merged.outputs else [b""] * len(merged.exists)

    def instead(self, group: int, values: list[object] | None) -> None:
        """Output values of a group that is over, None without an output row."""
        self.exists[group], self._nulled[group] = values is not None, (0, 0)
        if values is not None:
            self.values[group], self._instead[group] = self._made.outputs.pack(values), values

    def count(self, groups: Sequence[int]) -> None:
        """Count what became NULL in these."""
        self._made.nulled(sum(self._nulled[group][0] for group in groups), sum(self._nulled[group][1] for group in groups))

    def rows(self, groups: Sequence[int]) -> dict[int, list[object]]:
        """The output values of some groups. Raises EngineFailed."""
        merged = [group for group in groups if not self.over[group]]
        chosen = pa.array(merged, pa.int64())
        found = zip(merged, values_of([column.take(chosen) for column in self._outputs]), strict=True)
        return {**dict(found), **self._instead}
