"""Contract row "topic": `feature-events` takes an addressed event with rows and SQL, and plain rows that are routed."""

from __future__ import annotations

import json
import time

import pytest

from tests.contract import promise
from tests.oracle import iso
from tests.plugins.kafka import Send
from tests.servers.http import Client
from tests.servers.stack import wait_for

pytestmark = pytest.mark.kafka


def test_an_addressed_event_with_its_sql_makes_the_group_and_its_values(client: Client, send: Send, tag: str) -> None:
    group, user = f"topic_{tag}", f"user_123-{tag}"
    rows = [{"user_id": user, "session_duration": 300, "page_views": 10}]
    send(promise.TOPIC, json.dumps({"feature_group": group, "data": rows, "transformation": promise.SQL}).encode())
    assert wait_for(lambda: client.value(group, user, "total_page_views")) == 10
    assert client.value(group, user, "avg_session_duration") == 300


def test_a_plain_row_goes_to_every_group_whose_key_and_columns_it_carries(client: Client, send: Send, tag: str) -> None:
    takes, other, needs_more = f"takes_{tag}", f"other_{tag}", f"more_{tag}"
    assert client.define(takes, promise.SQL).status == 201
    assert client.define(other, "SELECT user_id, COUNT(page_views) AS n FROM input_data GROUP BY user_id").status == 201
    assert client.define(needs_more, f"SELECT user_id, SUM(absent_{tag}) AS s FROM input_data GROUP BY user_id").status == 201
    user = f"plain-{tag}"
    row = {"user_id": user, "session_duration": 100.5, "page_views": 5, "timestamp": iso(time.time_ns() // 1000)}
    send(promise.TOPIC, json.dumps(row).encode())
    assert wait_for(lambda: client.value(takes, user, "total_page_views")) == 5
    assert client.value(takes, user, "avg_session_duration") == 100.5
    assert wait_for(lambda: client.value(other, user, "n")) == 1
    assert wait_for(lambda: client.values(needs_more, user)["values"]["s"]["status"] == "NOT_FOUND")


def test_what_is_no_event_is_a_dead_letter_with_its_origin_and_holds_nothing_up(client: Client, send: Send, tag: str) -> None:
    group, user = f"after_{tag}", f"after-{tag}"
    assert client.define(group, promise.SQL).status == 201
    (offset,) = send(promise.TOPIC, b"\xff " + tag.encode())
    send(promise.TOPIC, json.dumps({"user_id": user, "session_duration": 1, "page_views": 7}).encode())
    assert wait_for(lambda: client.value(group, user, "total_page_views")) == 7
    letters = client.get("/api/v1/dead-letters/", code="invalid_utf8")["results"]
    mine = [letter for letter in letters if tag in json.dumps(letter["payload"])]
    assert [(letter["partition"], letter["offset"]) for letter in mine] == [(0, offset)]


def test_a_record_that_is_sent_twice_with_its_event_id_counts_once(client: Client, send: Send, tag: str) -> None:
    group, user = f"once_{tag}", f"once-{tag}"
    assert client.define(group, promise.SQL).status == 201
    row = {"user_id": user, "session_duration": 1, "page_views": 3, "event_id": f"id-{tag}"}
    send(promise.TOPIC, *[json.dumps(row).encode()] * 3)
    send(promise.TOPIC, json.dumps({**row, "event_id": f"id2-{tag}", "page_views": 4}).encode())
    assert wait_for(lambda: client.value(group, user, "total_page_views") == 7)
    assert client.push([row], wait=None)["duplicates"] == 1, "events are one source, over HTTP and Kafka"
