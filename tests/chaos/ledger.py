"""What was sent against what the log holds: nothing lost, nothing double, every refusal a letter, every offset done.

What was sent over Kafka is read from the topic itself, so a producer that sent twice because a broker died is no mistake of ours.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from tests.chaos.groups import GROUPS, fits, takes
from tests.chaos.making import Message
from tests.chaos.world import TOPIC, World

Letter = tuple[int | None, int | None, int, str]  # partition, offset (None over HTTP), item, code


@dataclass
class Sent:
    """`rows`: uid -> the digest of every row that must be in the log, once; `never`: uids of rows that must not be.

    `letters`: the refusals that must stand, `offered`: partition -> rows that it brought, `records` -> its last offset + 1.
    """

    rows: dict[str, bytes] = field(default_factory=dict)
    never: set[str] = field(default_factory=set)
    letters: Counter[Letter] = field(default_factory=Counter)
    offered: Counter[int] = field(default_factory=Counter)
    records: Counter[int] = field(default_factory=Counter)
    numbers: set[int] = field(default_factory=set)
    _ranks: dict[tuple[str, str | None], tuple[int, bool]] = field(default_factory=dict)

    def add(self, value: bytes | None, codes: Sequence[str | None], partition: int | None, offset: int | None) -> None:
        """A message in the order of its channel."""
        rows, address = opened(value) if len(codes) != 1 or codes[0] is None or _is_json(value) else ([None], None)
        if partition is not None:
            self.offered[partition] += len(rows)
        for item, (row, code) in enumerate(zip(rows, codes, strict=True)):
            if code is not None:
                self.letters[partition, offset, item if offset is not None else 0, code] += 1
            else:
                self._good(row, address)

    def _good(self, row: dict[str, Any], address: str | None) -> None:
        uid = row["uid"]
        if uid in self.rows or uid in self.never:
            return
        if (event_id := row.get("event_id")) is not None:
            rank, before = (row.get("revision", 0), bool(row.get("deleted"))), self._ranks.get((event_id, address))
            if before is not None and rank <= before:
                self.never.add(uid)
                return
            self._ranks[event_id, address] = rank
        self.rows[uid] = digest(row, address)


def digest(row: dict[str, Any], address: str | None) -> bytes:
    """What tells a row of an address from any other; a million whole rows would be too much to keep."""
    return hashlib.blake2b(repr((sorted(row.items()), address)).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def opened(value: bytes | None) -> tuple[list[Any], str | None]:
    """A message -> its rows and the group that they are addressed to."""
    document = json.loads(value or b"null")
    if isinstance(document, list):
        return document, None
    if isinstance(document, dict) and isinstance(document.get("events"), list):
        return document["events"], None
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        return document["data"], document.get("feature_group")
    return [document], None


def _is_json(value: bytes | None) -> bool:
    try:
        json.loads(value or b"")
    except ValueError:
        return False
    return True


def sent(world: World, codes: Mapping[int, Sequence[str | None]], pushed: Iterable[Sequence[Message]]) -> Sent:
    """Everything that was sent: the topic as it stands, and the pushes that were answered."""
    found = Sent()
    for partition, offset, number, value in topic(world):
        found.numbers.add(number)
        found.records[partition] = offset + 1
        rows = codes.get(number)
        found.add(value, rows if rows is not None else (None,) * len(opened(value)[0]), partition, offset)
    for messages in pushed:
        for message in messages:
            found.add(message.value, message.codes, None, None)
    return found


def topic(world: World) -> Iterator[tuple[int, int, int, bytes | None]]:
    """Every record: partition, offset, the number of its message, value; partition by partition, in order."""
    for record in records(world, TOPIC, world.partitions):
        yield record.partition, record.offset, int(record.key), record.value


def records(world: World, topic: str, partitions: int) -> Iterator[Any]:
    """Everything that a topic holds now."""
    ends = world.ends(topic, partitions)
    consumer = KafkaConsumer(bootstrap_servers=world.kafka.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        for partition, end in sorted(ends.items()):
            place = TopicPartition(topic, partition)
            consumer.assign([place])
            consumer.seek_to_beginning(place)
            at = 0
            while at < end:
                for record in consumer.poll(timeout_ms=1000, max_records=5000).get(place, []):
                    yield record
                    at = record.offset + 1
    finally:
        consumer.close()


@dataclass
class Count:
    """The difference between what was sent and what is there; all of it empty where nothing is wrong."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.double or self.wrong)


def compare(world: World, sent: Sent, logged: Sequence[Any], produced: int) -> Count:
    """`logged`: the log's rows (history.Logged); `produced`: how many numbers the Kafka sender used."""
    count = Count()
    seen = Counter(one.row.get("uid") for one in logged)
    count.lost = [uid for uid in sent.rows if uid not in seen]
    count.double = [f"{uid} × {n}" for uid, n in seen.items() if n > 1 or uid not in sent.rows]
    for one in logged:
        if sent.rows.get(one.row.get("uid"), was := digest(one.row, one.address)) != was:
            count.wrong.append(f"stored as {one.row} for {one.address}, sent otherwise")
    if [one.position for one in logged] != list(range(1, len(logged) + 1)):
        count.wrong.append("the log's positions are not dense")
    if missing := produced - len(sent.numbers):
        count.wrong.append(f"{missing} messages are not in the topic")
    count.wrong += _offsets(world, sent) + _letters(world, sent, logged) + _published(world)
    return count


def _offsets(world: World, sent: Sent) -> list[str]:
    """Offsets at the log's end, and consumed = stored + duplicates + rejected."""
    rows = world.ask(
        "SELECT topic_partition, next_offset, stored + duplicates + rejected FROM log_source_offset WHERE topic_id = %s",
        world.topic_id,
    )
    told = {partition: (end, total) for partition, end, total in rows}
    wanted = {partition: (end, sent.offered[partition]) for partition, end in sent.records.items()}
    gaps = world.ask("SELECT topic_partition, first_offset, next_offset FROM log_source_gap WHERE topic_id = %s", world.topic_id)
    found = [] if told == wanted else [f"offsets and rows by partition are {told}, not {wanted}"]
    return found + [f"a gap that is none: {gap}" for gap in gaps]


def _letters(world: World, sent: Sent, logged: Sequence[Any]) -> list[str]:
    """Refusals by their origin and code; those of HTTP have none, so by code; quarantine records by group and position."""
    rows = world.ask('SELECT partition, "offset", item, code, "group", position, topic_id FROM dead_letter')
    refused: Counter[Letter] = Counter()
    aside: Counter[tuple[str, int, str]] = Counter()
    for partition, offset, item, code, group, position, topic_id in rows:
        if position is not None:
            aside[group, position, code] += 1
        elif topic_id:
            refused[partition, offset, item, code] += 1
        else:
            refused[None, None, 0, code] += 1
    wanted: Counter[tuple[str, int, str]] = Counter()
    for one in logged:
        if one.deleted:
            continue
        if "nobody" in one.row:
            wanted["", one.position, "no_route"] += 1
        else:
            clashing = [name for name, group in GROUPS.items() if takes(name, one.row, one.address) and not fits(group, one.row)]
            wanted.update((name, one.position, "type_mismatch") for name in clashing)
    found = [f"letters by place and code: {n} too many of {what}" for what, n in (refused - sent.letters).items()]
    found += [f"letters by place and code: {n} lacking of {what}" for what, n in (sent.letters - refused).items()]
    found += [f"put aside: {n} too many of {what}" for what, n in (aside - wanted).items()]
    return found + [f"put aside: {n} lacking of {what}" for what, n in (wanted - aside).items()]


def _published(world: World) -> list[str]:
    """Every letter that stands is in the topic of dead letters, under its id and with its code. Some may be there twice."""
    rows = world.ask("SELECT id, code FROM dead_letter WHERE code <> 'no_route'")  # that is a view of the log
    told = {int(one.key): dict(one.headers)["code"].decode() for one in records(world, f"{TOPIC}.dlq", 1)}
    return [f"letter {number} ({code}) is {told.get(number)} in {TOPIC}.dlq" for number, code in rows if told.get(number) != code]
