"""manage.py consume_events: what it refuses before it starts, and that it ends when told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from kafka import KafkaConsumer
from kafka.structs import TopicPartition
from pytest_django import Settings

from tests.plugins.kafka import Send
from tests.servers.kafka import Kafka
from tests.servers.stack import ROOT


def test_it_needs_an_address(settings: Settings) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = ""
    with pytest.raises(CommandError, match="KAFKA_BOOTSTRAP_SERVERS is not set"):
        call_command("consume_events")


def test_it_refuses_a_mechanism_without_a_protocol(settings: Settings) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = "localhost:9092"
    settings.KAFKA_SASL_MECHANISM = "PLAIN"
    with pytest.raises(CommandError, match="KAFKA_SECURITY_PROTOCOL"):
        call_command("consume_events")


@pytest.mark.kafka
@pytest.mark.django_db(transaction=True)
def test_it_consumes_until_sigterm_and_leaves_with_0(kafka: Kafka, topic: str, send: Send, settings: Settings) -> None:
    default = settings.DATABASES["default"]
    uri = f"postgresql://{default['USER']}:{default['PASSWORD']}@{default['HOST']}:{default['PORT']}/{default['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "consume_events", "--topic", topic, "--project", topic],
        cwd=ROOT,
        env={**os.environ, "POSTGRES_URI": uri, "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap, "KAFKA_GROUP_ID": topic},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        send(topic, b'{"user_id": "u", "n": 1}', b"\xff")
        end = time.monotonic() + 30
        while not (rows := _rows(topic)) and time.monotonic() < end:
            assert process.poll() is None
            time.sleep(0.2)
        assert rows == 1
        while not (sent := _in_topic(kafka, f"{topic}.dlq")) and time.monotonic() < end:
            time.sleep(0.2)
        assert sent == [b"\xff"], "what was refused goes on its way from the same process"
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()
        _out, told = process.communicate()
        print(told)
    assert "Traceback" not in told


def test_a_topic_of_dead_letters_is_read_only_when_told_to(settings: Settings) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    with pytest.raises(CommandError, match="--dead-letters"):
        call_command("consume_events", "--topic", "feature-events.dlq")


def _in_topic(kafka: Kafka, topic: str) -> list[bytes]:
    admin = kafka.admin()
    try:
        if topic not in admin.list_topics():
            return []
    finally:
        admin.close()
    reader = KafkaConsumer(bootstrap_servers=kafka.bootstrap)
    place = TopicPartition(topic, 0)
    reader.assign([place])
    reader.seek_to_beginning(place)
    found = [record.value for records in reader.poll(2000).values() for record in records]
    reader.close()
    return found


def _rows(project: str) -> int:

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM log_event WHERE project = %s", [project])
        return int(cursor.fetchone()[0])
