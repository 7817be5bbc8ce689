"""A Kafka broker with users and certificates: SASL_PLAINTEXT, SSL, SASL_SSL, and the open listener that tests watch it by."""

from __future__ import annotations

import subprocess
from pathlib import Path

from jstore_site.embedded.ports import free_port
from tests.servers.kafka import Kafka

USER, PASSWORD = "jstore", "correct-horse-battery"
SCRAM = {"SCRAM-SHA-256": "scram-256-secret", "SCRAM-SHA-512": "scram-512-secret"}
PLAIN = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class SecuredKafka(Kafka):
    """`addresses` by protocol; `ca` is the authority that its certificate is signed by."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.addresses = {name: f"127.0.0.1:{free_port()}" for name in ("SASL_PLAINTEXT", "SSL", "SASL_SSL")}
        self.ca = home / "ca.pem"
        self.scram = SCRAM

    def start(self, seconds: float = 60) -> None:
        """Makes the authority and the certificate the first time."""
        if not self.ca.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            keystore = _certify(self.home)
            open_to = ",".join(f"{name}://{address}" for name, address in self.addresses.items())
            self.extra |= {
                "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self.controller_port},{open_to}",
                "advertised.listeners": f"PLAINTEXT://{self.bootstrap},{open_to}",
                "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
                + ",".join(f"{name}:{name}" for name in self.addresses),
                "sasl.enabled.mechanisms": ",".join(("PLAIN", *SCRAM)),
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": str(keystore),
                **{
                    f"listener.name.{listener}.{mechanism.lower()}.sasl.jaas.config": module
                    for listener in ("sasl_plaintext", "sasl_ssl")
                    for mechanism, module in (("PLAIN", PLAIN), *((name, SCRAM_MODULE) for name in SCRAM))
                },
            }
        super().start(seconds)


def _certify(home: Path) -> Path:
    """ca.pem, and a certificate for 127.0.0.1 signed by it. -> PEM with the broker's key and certificate."""
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    signed = [
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-addext",
        "basicConstraints=CA:FALSE",
    ]
    for command in (
        [*new, "-subj", "/CN=authority of a test", "-keyout", "ca.key", "-out", "ca.pem"],
        [*new, "-subj", "/CN=broker", *signed, "-keyout", "broker.key", "-out", "broker.crt"],
    ):
        subprocess.run(command, cwd=home, check=True, capture_output=True)
    keystore = home / "broker.pem"
    keystore.write_text((home / "broker.key").read_text() + (home / "broker.crt").read_text())
    return keystore
