"""manage.py resume_partition: what is stopped, and how it goes on."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from backends.offline import log_sources
from backends.source.base import Place
from processing.kafka_ingest import accept_kafka, kafka_places
from tests.processing.test_kafka_ingest import PLACE, numbers, stored
from tests.processing.world import PROJECT


@pytest.fixture
def stopped(world):
    """A partition stored up to 5 whose log is another one from 3 on."""
    accept_kafka(PROJECT, numbers(0, 5))
    log_sources.stop(PROJECT, *PLACE, 3)


def test_it_lists_what_is_stopped(stopped, capsys):
    call_command("resume_partition")
    assert capsys.readouterr().out == (
        "project default topic feature-events partition 0: stored up to 5, another log from 3 on\n"
    )


def test_it_goes_on_where_it_is_told_to(stopped, capsys):
    call_command("resume_partition", 0, at=3)
    assert "read from 3 on" in capsys.readouterr().out
    assert kafka_places(PROJECT, [PLACE]) == {PLACE: Place(3)}
    assert accept_kafka(PROJECT, numbers(3, 7)).stored == 4, "what stands under the old offsets is new"
    assert stored() == [0.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0, 5.0, 6.0]


@pytest.mark.parametrize("at", [None, -1, 6])
def test_it_wants_an_offset_that_skips_nothing(stopped, at):
    with pytest.raises(CommandError, match="--at is an offset from 0 to 5; the log is another one from 3 on"):
        call_command("resume_partition", 0, at=at)
    assert len(log_sources.stopped()) == 1


def test_a_partition_that_is_read_is_left_alone(world):
    accept_kafka(PROJECT, numbers(0, 5))
    with pytest.raises(CommandError, match="partition 0 of feature-events is not stopped"):
        call_command("resume_partition", 0, at=0)
    assert kafka_places(PROJECT, [PLACE]) == {PLACE: Place(5)}
