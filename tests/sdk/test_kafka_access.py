"""Users, passwords and certificates on a real broker: the SDK sends through them, the consumer reads through them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping

import pytest
from django.db import connections
from j_feature_store import FeatureStoreClient, KafkaFailed

from backends.source import kafka as source_kafka
from backends.source.base import SourceUnavailable
from backends.source.kafka_config import KafkaConfig
from processing.consume import Consumer
from processing.kafka_ingest import accept_kafka
from tests.processing.consuming import run_until, source_of, stored
from tests.servers.secured import PASSWORD, SCRAM, USER, SecuredKafka
from tests.servers.stack import ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]

WAYS = [("SASL_PLAINTEXT", "PLAIN"), ("SSL", ""), ("SASL_SSL", "PLAIN"), *(("SASL_SSL", name) for name in SCRAM)]


@pytest.fixture
def place(secured: SecuredKafka) -> str:
    """A topic on the secured broker."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    secured.make_topic(name)
    return name


def environment(broker: SecuredKafka, protocol: str, mechanism: str, password: str | None = None) -> dict[str, str]:
    """The variables of a JStore that reads from it."""
    found = {"KAFKA_BOOTSTRAP_SERVERS": broker.addresses[protocol], "KAFKA_SECURITY_PROTOCOL": protocol}
    if mechanism:
        found |= {
            "KAFKA_SASL_MECHANISM": mechanism,
            "KAFKA_SASL_USERNAME": USER,
            "KAFKA_SASL_PASSWORD": password or SCRAM.get(mechanism, PASSWORD),
        }
    if protocol.endswith("SSL"):
        found["KAFKA_SSL_CAFILE"] = str(broker.ca)
    return found


def sender(client: FeatureStoreClient, variables: Mapping[str, str]) -> None:
    client.configure_kafka(
        bootstrap_servers=variables["KAFKA_BOOTSTRAP_SERVERS"],
        security_protocol=variables["KAFKA_SECURITY_PROTOCOL"],
        sasl_mechanism=variables.get("KAFKA_SASL_MECHANISM"),
        sasl_plain_username=variables.get("KAFKA_SASL_USERNAME"),
        sasl_plain_password=variables.get("KAFKA_SASL_PASSWORD"),
        ssl_cafile=variables.get("KAFKA_SSL_CAFILE"),
    )


@pytest.mark.parametrize(("protocol", "mechanism"), WAYS)
def test_events_go_through(secured: SecuredKafka, place: str, protocol: str, mechanism: str) -> None:
    variables = environment(secured, protocol, mechanism)
    with FeatureStoreClient("127.0.0.1", 1, timeout=20) as client:
        sender(client, variables)
        assert client.send_events(place, [{"user_id": "u", "n": n} for n in range(3)])["sent"] == 3
    source = source_of(KafkaConfig.parse(variables), place)
    run_until(Consumer(place, source, accept_kafka), lambda: len(stored(place)) == 3)
    source.close()
    assert stored(place) == ["0", "1", "2"]


def wrong(broker: SecuredKafka) -> list[tuple[dict[str, str], str]]:
    """Settings that must not get through, and what the error says."""
    untrusted = environment(broker, "SSL", "")
    del untrusted["KAFKA_SSL_CAFILE"]
    return [
        (environment(broker, "SASL_PLAINTEXT", "PLAIN", "wrong-secret"), "are user name, password and mechanism right?"),
        (environment(broker, "SASL_SSL", "SCRAM-SHA-512", "wrong-secret"), "are user name, password and mechanism right?"),
        (untrusted, "certificate verify failed"),
    ]


@pytest.mark.parametrize("which", range(3))
def test_who_is_not_let_in_is_told_why_and_no_secret_is(
    secured: SecuredKafka,
    place: str,
    which: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(source_kafka, "CONNECT_MS", 5000)
    variables, reason = wrong(secured)[which]
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "kafka")  # even so
    source = source_of(KafkaConfig.parse(variables), place)
    with pytest.raises(SourceUnavailable) as caught:
        source.poll(0.5)
    source.close()
    print(caught.value)
    assert reason in str(caught.value)
    with FeatureStoreClient("127.0.0.1", 1, timeout=5) as client:
        sender(client, variables)
        with pytest.raises(KafkaFailed) as failed:
            client.send_events(place, [{"user_id": "u"}])
    print(failed.value)
    assert reason in str(failed.value)
    assert "secret" not in caplog.text + str(caught.value) + str(failed.value)


def test_the_command_takes_the_variables_and_logs_no_password(secured: SecuredKafka, place: str) -> None:
    default = connections["default"].settings_dict
    uri = f"postgresql://{default['USER']}:{default['PASSWORD']}@{default['HOST']}:{default['PORT']}/{default['NAME']}"
    told = {}
    for password in (PASSWORD, "wrong-secret"):
        variables = environment(secured, "SASL_SSL", "PLAIN", password)
        if password == PASSWORD:
            with FeatureStoreClient("127.0.0.1", 1, timeout=20) as client:
                sender(client, variables)
                client.send_events(place, [{"user_id": "u", "n": 0}])
        process = subprocess.Popen(
            [sys.executable, "manage.py", "consume_events", "--topic", place, "--project", place],
            cwd=ROOT,
            env={**os.environ, **variables, "POSTGRES_URI": uri, "KAFKA_GROUP_ID": place},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        end = time.monotonic() + 30
        while password == PASSWORD and not stored(place) and time.monotonic() < end:
            time.sleep(0.2)
        if password != PASSWORD:
            time.sleep(15)
        process.terminate()
        told[password], _ = process.communicate(timeout=30)
        assert process.returncode == 0, told[password]
    assert stored(place) == ["0"]
    assert "Kafka cannot be read, to be tried again" in told["wrong-secret"]
    assert "are user name, password and mechanism right?" in told["wrong-secret"]
    assert not [text for text in told.values() if PASSWORD in text or "wrong-secret" in text]
