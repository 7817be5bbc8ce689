"""manage.py consume_events: Kafka's topic into the event log, for as long as the process lives."""

from __future__ import annotations

import logging
import signal
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backends import metrics
from backends.offline import log_sources
from backends.source.base import Partition
from backends.source.kafka import KafkaSource
from backends.source.kafka_config import BadKafkaConfig, KafkaConfig
from backends.source.kafka_places import Alarm
from backends.source.kafka_sending import KafkaSender
from processing import collector
from processing.consume import Consumer, Ring
from processing.kafka_ingest import KafkaOutcome, accept_kafka, kafka_places
from processing.letters_publisher import LetterPublisher
from processing.outgoing import SUFFIX
from processing.tasks import process_range

logger = logging.getLogger(__name__)

SECURITY = ("KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "KAFKA_SSL_CAFILE")


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT; several of them share the topic's partitions."""

    help = "Reads events from the Kafka topic into the event log until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """--project, --topic, --dead-letters."""
        parser.add_argument("--project", default="default", help="project whose log takes the events")
        parser.add_argument("--topic", default=settings.KAFKA_TOPIC, help="topic to read")
        parser.add_argument("--dead-letters", action="store_true", help=f"the topic may be one of dead letters ({SUFFIX})")

    def handle(self, *args: Any, **options: Any) -> None:
        """Checks the settings first: a contradiction is an error here, not a retry."""
        project, topic = options["project"], options["topic"]
        if topic.endswith(SUFFIX) and not options["dead_letters"]:
            raise CommandError(f"{topic} holds what was refused already; say --dead-letters to read it all the same")
        try:
            config = KafkaConfig.parse({name: getattr(settings, name) for name in ("KAFKA_BOOTSTRAP_SERVERS", *SECURITY)})
        except BadKafkaConfig as error:
            raise CommandError(str(error)) from error
        source = KafkaSource(
            config, [topic], f"{settings.KAFKA_GROUP_ID}-{project}", partial(kafka_places, project), _alarm(project)
        )
        consumer = Consumer(project, source, accept_kafka, _doorbell(project))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: consumer.stop())
        logger.info("Consuming %s from %s into project %s", topic, ", ".join(config.bootstrap_servers), project)
        logging.getLogger("kafka").setLevel(logging.WARNING)  # it tells each of its metadata requests, every 10 s
        publisher = LetterPublisher(KafkaSender(config, f"{settings.KAFKA_GROUP_ID}-dead-letters"))
        if settings.KAFKA_DEAD_LETTERS:
            publisher.start()
        collector.calm()
        try:
            consumer.run()
        finally:
            if publisher.is_alive():
                publisher.stop()


def _alarm(project: str) -> Alarm:
    def alarm(topic: str, partition: Partition, at: int | None) -> None:
        if at is not None:
            log_sources.stop(project, *partition, at)
        metrics.KAFKA_STOPPED.labels(topic, partition.partition).set(1)

    return alarm


def _doorbell(project: str) -> Ring | None:
    """With Spark the applier is a job that somebody has to start; with DuckDB it is woken by the log itself."""
    if settings.JSTORE_ENGINE != "spark":
        return None

    def ring(outcome: KafkaOutcome) -> None:
        try:
            process_range.delay(project, outcome.position)
        except Exception:  # whatever the broker's client raises; the rows are safe, and beat rings again
            logger.exception("The doorbell of the Spark job could not be rung")

    return ring
