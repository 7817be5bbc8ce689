"""Kafka's address and credentials: from the names of our settings to those of the client library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class BadKafkaConfig(ValueError):
    """The Kafka settings are incomplete or contradict each other; the message names the variable to change."""


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """Where Kafka is and how to prove who we are. The password stays out of `repr`, and so out of every log."""

    bootstrap_servers: tuple[str, ...]
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = ""
    sasl_username: str = ""
    sasl_password: str = field(default="", repr=False)
    ssl_cafile: str = ""

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> KafkaConfig:
        """From the KAFKA_* names of the environment, checked; an empty text counts as absent. Raises BadKafkaConfig."""
        servers = tuple(part.strip() for part in values.get("KAFKA_BOOTSTRAP_SERVERS", "").split(",") if part.strip())
        if not servers:
            raise BadKafkaConfig("KAFKA_BOOTSTRAP_SERVERS is not set")
        config = cls(
            servers,
            security_protocol=(values.get("KAFKA_SECURITY_PROTOCOL") or "PLAINTEXT").upper(),
            sasl_mechanism=values.get("KAFKA_SASL_MECHANISM", "").upper(),
            sasl_username=values.get("KAFKA_SASL_USERNAME", ""),
            sasl_password=values.get("KAFKA_SASL_PASSWORD", ""),
            ssl_cafile=values.get("KAFKA_SSL_CAFILE", ""),
        )
        config._check()
        return config

    def client(self) -> dict[str, object]:
        """Keyword arguments for every kafka-python client (consumer, producer, admin)."""
        arguments: dict[str, object] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol.startswith("SASL"):
            arguments["sasl_mechanism"] = self.sasl_mechanism
            arguments["sasl_plain_username"] = self.sasl_username
            arguments["sasl_plain_password"] = self.sasl_password
        if self.security_protocol.endswith("SSL") and self.ssl_cafile:
            # Without a file of our own the system's authorities are asked; the host name is checked either way.
            arguments["ssl_cafile"] = self.ssl_cafile
        return arguments

    def _check(self) -> None:
        if self.security_protocol not in PROTOCOLS:
            raise BadKafkaConfig(f"KAFKA_SECURITY_PROTOCOL is {self.security_protocol!r}; known: {', '.join(PROTOCOLS)}")
        if self.security_protocol.startswith("SASL"):
            if self.sasl_mechanism not in MECHANISMS:
                raise BadKafkaConfig(f"KAFKA_SASL_MECHANISM is {self.sasl_mechanism!r}; known: {', '.join(MECHANISMS)}")
            if not self.sasl_username or not self.sasl_password:
                raise BadKafkaConfig("KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are needed for SASL")
        elif self.sasl_mechanism or self.sasl_username or self.sasl_password:
            # Falling back to an open connection would send events in the clear without a word.
            raise BadKafkaConfig("KAFKA_SASL_* is set, but KAFKA_SECURITY_PROTOCOL is neither SASL_SSL nor SASL_PLAINTEXT")
        if self.ssl_cafile and not self.security_protocol.endswith("SSL"):
            raise BadKafkaConfig("KAFKA_SSL_CAFILE is set, but KAFKA_SECURITY_PROTOCOL is neither SSL nor SASL_SSL")
