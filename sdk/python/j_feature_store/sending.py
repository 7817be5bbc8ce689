"""Events by HTTP: batches, one Idempotency-Key each, and their answers added up."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from j_feature_store.batches import Batch, cut
from j_feature_store.errors import JStoreError
from j_feature_store.transport import Transport

LONGEST_WAIT = 30.0


class SendResult(TypedDict, total=False):
    """What became of the events.

    HTTP: the API's counts over all batches. `rejected`: [{"index", "code", "detail"}] where index is the event's place
    in the call, and `row` the place in its `data` for an addressed event. `position`: the largest position in the log.
    `applied`: whether every accepted row shows online. Kafka: `sent` messages confirmed, and the `topic`; there the
    judgement comes later, in the dead letters.
    """

    accepted: int
    duplicates: int
    held: int
    unrouted: int
    rejected: list[dict[str, Any]]
    position: int | None
    applied: bool
    sent: int
    topic: str


def sent_by_kafka(topic: str, sent: int) -> SendResult:
    """The result of a send by Kafka."""
    return {"sent": sent, "topic": topic}


def send_by_http(
    transport: Transport, events: Iterable[Mapping[str, Any]], *, wait: float | None, idempotency_key: str | None
) -> SendResult:
    """Sends batch after batch; raises what the first failing one raised, with `partial` = the result so far.

    wait: seconds in all. Each batch waits for its own rows, so that `applied` means all of them.
    """
    if wait is not None and not 0 <= wait <= LONGEST_WAIT:
        raise ValueError(f"wait must be 0 to {LONGEST_WAIT:g} seconds")
    total: SendResult = {
        "accepted": 0,
        "duplicates": 0,
        "held": 0,
        "unrouted": 0,
        "rejected": [],
        "position": None,
        "applied": True,
    }
    deadline = time.monotonic() + (wait or 0)
    key = idempotency_key or uuid.uuid4().hex
    try:
        for number, batch in enumerate(cut(events)):
            left = None if wait is None else max(0.0, deadline - time.monotonic())
            _add(total, batch, _post(transport, batch, f"{key}-{number}", left))
    except JStoreError as error:
        error.partial = total
        raise
    return total


def _post(transport: Transport, batch: Batch, key: str, wait: float | None) -> Mapping[str, Any]:
    query = {} if wait is None else {"wait": f"{wait:g}"}
    headers = {"Idempotency-Key": key}
    answer: Mapping[str, Any] = transport.send(
        "POST", "/events/", query=query, body=batch.body(), headers=headers, repeatable=True, patience=wait or 0.0
    )
    return answer


def _add(total: SendResult, batch: Batch, answer: Mapping[str, Any]) -> None:
    total["accepted"] += answer.get("accepted", 0)
    total["duplicates"] += answer.get("duplicates", 0)
    total["held"] += answer.get("held", 0)
    total["unrouted"] += answer.get("unrouted", 0)
    for refusal in answer.get("rejected", ()):
        index, row = batch.indexes[refusal["index"]] if refusal["index"] < len(batch.indexes) else (refusal["index"], None)
        total["rejected"].append({**refusal, "index": index, **({} if row is None else {"row": row})})
    if answer.get("position") is not None:
        total["position"] = max(answer["position"], total["position"] or 0)
    total["applied"] = total["applied"] and bool(answer.get("applied"))
