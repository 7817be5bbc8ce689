"""manage.py resume_partition: a Kafka partition whose reading was stopped is read again, from where somebody has decided."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backends.offline import log_sources


class Command(BaseCommand):
    """Lists what is stopped, or lets one partition go on; a running consumer takes it up within seconds."""

    help = "Lists Kafka partitions whose reading was stopped, or with PARTITION and --at lets one be read again."

    def add_arguments(self, parser: CommandParser) -> None:
        """PARTITION, --at, --project, --topic."""
        parser.add_argument("partition", nargs="?", type=int, help="number of the partition; without it all are listed")
        parser.add_argument("--at", type=int, help="offset to go on at: records from there on are stored as new ones")
        parser.add_argument("--project", default="default", help="project whose log the topic goes to")
        parser.add_argument("--topic", default=settings.KAFKA_TOPIC, help="topic of the partition")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuses a partition that is not stopped, and an offset beyond what was stored."""
        stopped = log_sources.stopped()
        if options["partition"] is None:
            for one in stopped:
                self.stdout.write(
                    f"project {one.project} topic {one.topic} partition {one.partition}:"
                    f" stored up to {one.next_offset}, another log from {one.at} on"
                )
            return
        wanted = (options["project"], options["topic"], options["partition"])
        found = [one for one in stopped if (one.project, one.topic, one.partition) == wanted]
        if not found:
            raise CommandError(f"partition {options['partition']} of {options['topic']} is not stopped")
        one, at = found[-1], options["at"]
        if at is None or not 0 <= at <= one.next_offset:
            raise CommandError(f"--at is an offset from 0 to {one.next_offset}; the log is another one from {one.at} on")
        log_sources.resume(one, at)
        self.stdout.write(f"partition {one.partition} of {one.topic} is read from {at} on")
