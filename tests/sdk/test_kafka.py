"""send_events by Kafka, on a real broker."""

import json
from typing import Any

import pytest
from j_feature_store import FeatureStoreClient, KafkaFailed, NotEncodable, kafka_events
from kafka import KafkaConsumer

from tests.servers.kafka import Kafka

ROW = {"user_id": "user_123", "session_duration": 300, "page_views": 10, "timestamp": "2025-02-27T12:00:00Z"}
ADDRESSED = {"feature_group": "user_metrics", "data": [ROW], "transformation": "SELECT user_id FROM input_data GROUP BY user_id"}


@pytest.fixture
def sender(kafka):
    with FeatureStoreClient("127.0.0.1", 1, timeout=20) as client:
        client.configure_kafka(bootstrap_servers=kafka.bootstrap)
        yield client


def read(kafka: Kafka, topic: str, count: int) -> list[Any]:
    """The first `count` values of a topic."""
    consumer = KafkaConsumer(topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=10_000)
    try:
        return [json.loads(next(consumer).value) for _ in range(count)]
    finally:
        consumer.close()


@pytest.mark.kafka
def test_events_are_confirmed_before_it_returns(sender, kafka, topic):
    assert sender.send_events(topic=topic, events=[ROW, ADDRESSED]) == {"sent": 2, "topic": topic}
    assert read(kafka, topic, 2) == [ROW, ADDRESSED]


@pytest.mark.kafka
def test_a_long_generator_is_sent_in_flights(sender, kafka, topic, monkeypatch):
    monkeypatch.setattr(kafka_events, "FLIGHT", 100)
    assert sender.send_events(topic, ({"n": n} for n in range(250)))["sent"] == 250
    assert [row["n"] for row in read(kafka, topic, 250)] == list(range(250))


@pytest.mark.kafka
def test_what_was_sent_before_a_bad_row_is_told(sender, kafka, topic):
    with pytest.raises(NotEncodable) as caught:
        sender.send_events(topic, [ROW, {"amount": float("nan")}])
    assert caught.value.partial == {"sent": 1, "topic": topic}
    assert read(kafka, topic, 1) == [ROW]


@pytest.mark.kafka
def test_a_message_no_broker_takes_is_a_typed_error(sender, topic):
    with pytest.raises(KafkaFailed, match="MessageSizeTooLarge"):
        sender.send_events(topic, [{"text": "x" * 2_000_000}])


@pytest.mark.kafka
def test_the_options_of_http_are_refused(sender, topic):
    with pytest.raises(ValueError, match="event_id"):
        sender.send_events(topic, [ROW], wait=5)


def test_no_broker_is_a_typed_error():
    with FeatureStoreClient("127.0.0.1", 1, timeout=1) as client:
        client.configure_kafka("127.0.0.1:1")
        with pytest.raises(KafkaFailed) as caught:
            client.send_events("feature-events", [ROW])
    assert caught.value.code == "kafka_unreachable"


def test_settings_are_checked_when_given():
    with FeatureStoreClient("127.0.0.1", 1) as client:
        with pytest.raises(ValueError, match="security_protocol must be one of"):
            client.configure_kafka("127.0.0.1:9092", security_protocol="SASL")
        with pytest.raises(ValueError, match="needs sasl_mechanism"):
            client.configure_kafka("127.0.0.1:9092", security_protocol="SASL_SSL")
        with pytest.raises(ValueError, match="no setting compresion_type"):
            client.configure_kafka("127.0.0.1:9092", compresion_type="gzip")


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(kafka_events, "KafkaProducer", None)
    client = FeatureStoreClient("127.0.0.1", 1)
    with pytest.raises(KafkaFailed, match=r"pip install 'j-feature-store\[kafka\]'"):
        client.configure_kafka("127.0.0.1:9092")
