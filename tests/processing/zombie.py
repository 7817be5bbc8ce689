"""A consumer process that stops itself (SIGSTOP) with a batch in its hands, before it stores it: a pause of its whole machine.

Run as `python -m tests.processing.zombie BOOTSTRAP TOPIC` with the settings of a test. It ends when it has stored that batch, or
has found it stored.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

import django


def main(bootstrap: str, topic: str) -> None:
    """Prints how many rows of the batch it stored itself."""
    django.setup()
    from backends.source import kafka  # noqa: PLC0415 - Django must be set up before
    from processing.consume import Consumer  # noqa: PLC0415
    from processing.kafka_ingest import KafkaMessage, KafkaOutcome, accept_kafka  # noqa: PLC0415
    from tests.processing.consuming import source_of  # noqa: PLC0415

    kafka.SESSION_MS = 2000

    def accept(project: str, messages: Sequence[KafkaMessage]) -> KafkaOutcome:
        print(f"holding {len(messages)}", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        outcome = accept_kafka(project, messages)
        print(f"stored {outcome.stored}", flush=True)
        consumer.stop()
        return outcome

    consumer = Consumer(topic, source_of(bootstrap, topic), accept)
    consumer.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
