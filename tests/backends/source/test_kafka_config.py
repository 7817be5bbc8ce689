"""Our Kafka settings reach the client library under its own names, and contradictions are refused."""

import pytest
from kafka import KafkaConsumer, KafkaProducer

from backends.source.kafka_config import BadKafkaConfig, KafkaConfig

SASL = {"KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": "jstore", "KAFKA_SASL_PASSWORD": "secret"}


def parse(**values: str) -> KafkaConfig:
    return KafkaConfig.parse({"KAFKA_BOOTSTRAP_SERVERS": "one:9092, two:9092", **values})


def test_it_passes_plain_settings() -> None:
    assert parse().client() == {"bootstrap_servers": ["one:9092", "two:9092"], "security_protocol": "PLAINTEXT"}


def test_it_passes_sasl_plain_over_tls_with_a_ca_file() -> None:
    config = parse(KAFKA_SECURITY_PROTOCOL="sasl_ssl", KAFKA_SSL_CAFILE="/etc/ca.pem", **SASL)
    assert config.client() == {
        "bootstrap_servers": ["one:9092", "two:9092"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "jstore",
        "sasl_plain_password": "secret",
        "ssl_cafile": "/etc/ca.pem",
    }


def test_it_passes_sasl_without_tls_and_tls_without_sasl() -> None:
    scram = parse(KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT", **{**SASL, "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512"}).client()
    assert scram["sasl_mechanism"] == "SCRAM-SHA-512"
    assert "ssl_cafile" not in scram
    assert parse(KAFKA_SECURITY_PROTOCOL="SSL", KAFKA_SSL_CAFILE="/ca.pem").client()["ssl_cafile"] == "/ca.pem"


def test_every_name_is_known_to_consumer_and_producer() -> None:
    names = set(parse(KAFKA_SECURITY_PROTOCOL="SASL_SSL", KAFKA_SSL_CAFILE="/ca.pem", **SASL).client())
    assert names <= set(KafkaConsumer.DEFAULT_CONFIG)
    assert names <= set(KafkaProducer.DEFAULT_CONFIG)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"KAFKA_BOOTSTRAP_SERVERS": " , "}, "KAFKA_BOOTSTRAP_SERVERS"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL"),
        ({**SASL}, "KAFKA_SECURITY_PROTOCOL"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", **SASL, "KAFKA_SASL_MECHANISM": "NTLM"}, "KAFKA_SASL_MECHANISM"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", **SASL, "KAFKA_SASL_PASSWORD": ""}, "KAFKA_SASL_PASSWORD"),
        ({"KAFKA_SSL_CAFILE": "/ca.pem"}, "KAFKA_SSL_CAFILE"),
    ],
)
def test_it_refuses_a_contradiction_and_names_the_variable(values: dict[str, str], names: str) -> None:
    with pytest.raises(BadKafkaConfig, match=names):
        parse(**values)


def test_the_password_is_in_no_text_of_it() -> None:
    assert "secret" not in repr(parse(KAFKA_SECURITY_PROTOCOL="SASL_SSL", **SASL))
