"""A version becomes the active one when it has caught up, and not before; the old one serves until then."""

from __future__ import annotations

import pytest

from core.errors import NotFound
from features import selectors
from processing import activation, runs
from processing.models import Run
from tests.processing.world import NOON, PROJECT, SUMS, event

SECOND = SUMS.replace("SUM(amount)", "SUM(amount * 2)")


@pytest.fixture
def two(world):
    """Version 1 serves; version 2 was registered and nothing of it is built."""
    world.define("g", SUMS)
    world.push([event("u", -5, 1.0)])
    world.settle()
    world.define("g", SECOND)
    return world


def states():
    spec = selectors.group_spec(PROJECT, "g")
    return spec.active, {number: version.status for number, version in spec.versions.items()}


def test_a_draft_waits_for_its_load_while_the_old_one_serves(two):
    run = activation.activate(PROJECT, "g", 2, "me")
    assert (run.status, states()) == ("queued", (1, {1: "active", 2: "draft"}))
    assert two.read("g", "u", NOON)[2]["total"] == 1.0
    assert activation.advance(run) is False
    two.settle()
    assert activation.advance(run) is True
    run.refresh_from_db()
    assert (run.status, run.result, states()) == ("succeeded", {"active": 2}, (2, {1: "deprecated", 2: "active"}))
    assert two.read("g", "u", NOON)[2]["total"] == 2.0


def test_one_that_has_caught_up_is_moved_at_once_and_the_old_one_comes_back_as_quickly(two):
    two.settle()
    assert activation.activate(PROJECT, "g", 2, "me").status == "succeeded"
    two.push([event("u", -4, 10.0)])
    two.settle()
    assert two.read("g", "u", NOON)[2]["total"] == 22.0
    assert activation.activate(PROJECT, "g", 1, "me").status == "succeeded", "it was maintained meanwhile"
    assert states() == (1, {1: "active", 2: "deprecated"})
    assert two.read("g", "u", NOON)[2]["total"] == 11.0


def test_what_is_active_needs_no_run(two):
    assert activation.activate(PROJECT, "g", 1, "me") is None
    assert Run.objects.count() == 0


@pytest.mark.parametrize(("name", "version"), [("g", 3), ("nobody", 1)])
def test_what_is_not_there_cannot_be_activated(two, name, version):
    with pytest.raises(NotFound):
        activation.activate(PROJECT, name, version, "me")


def test_activating_the_one_that_serves_withdraws_what_was_asked_before(two):
    run = activation.activate(PROJECT, "g", 2, "me")
    assert activation.activate(PROJECT, "g", 1, "you") is None
    two.settle()
    assert activation.advance(run) is False
    run.refresh_from_db()
    assert (run.status, states()[0]) == ("cancelled", 1)


def test_the_last_wish_of_several_counts_and_the_same_one_is_the_same_run(two):
    two.define("g", SUMS.replace("SUM(amount)", "MAX(amount)"))
    second = activation.activate(PROJECT, "g", 2, "me")
    third = activation.activate(PROJECT, "g", 3, "me")
    assert activation.activate(PROJECT, "g", 3, "me").id == third.id
    two.settle()
    assert (activation.advance(second), activation.advance(third), states()[0]) == (False, True, 3)
    second.refresh_from_db()
    assert second.status == "cancelled"


@pytest.mark.parametrize("newer", [None, 3])
def test_cancelled_between_the_look_and_the_move_it_is_taken_back_unless_another_came(two, monkeypatch, newer):
    two.define("g", SUMS.replace("SUM(amount)", "MAX(amount)"))
    run = activation.activate(PROJECT, "g", 2, "me")
    two.settle()
    finish = runs.finish

    def first_cancelled(lease, **more):
        runs.move(PROJECT, str(run.id), "cancel")
        if newer is not None:
            activation.services.set_active(PROJECT, "g", newer, "you")
        return finish(lease, **more)

    monkeypatch.setattr(runs, "finish", first_cancelled)
    activation.advance(run)
    assert states()[0] == (newer or 1)


def test_a_group_that_goes_meanwhile_fails_the_run(two):
    run = activation.activate(PROJECT, "g", 2, "me")
    two.drop("g")
    assert activation.advance(run) is True
    run.refresh_from_db()
    assert (run.status, run.error) == ("failed", "version 2 of g is gone")


def test_cancelled_or_paused_the_pointer_stays(two, monkeypatch):
    run = activation.activate(PROJECT, "g", 2, "me")
    two.settle()
    runs.move(PROJECT, str(run.id), "pause")
    assert activation.advance(run) is False
    runs.move(PROJECT, str(run.id), "resume")
    caught_up = activation.caught_up

    def and_cancelled(*args):
        runs.move(PROJECT, str(run.id), "cancel")
        return caught_up(*args)

    monkeypatch.setattr(activation, "caught_up", and_cancelled)  # between the look and the move
    activation.advance(run)
    assert states()[0] == 1


def test_the_share_that_has_caught_up_is_its_progress(two):
    one, other = (selectors.group_spec(PROJECT, "g").versions[number] for number in (1, 2))
    assert (activation.caught_up(PROJECT, one), activation.caught_up(PROJECT, other, one)) == (1.0, 0.0)
    two.settle()
    two.push([event("u", -4, 1.0)])
    assert activation.caught_up(PROJECT, other) == 0.0, "behind the head"
    assert activation.caught_up(PROJECT, other, one) == 1.0, "but as far as the one that serves"


def test_the_api_answers_with_a_run_or_that_it_is_so(two, api):
    answer = api.send("POST", "/features/g/versions/2/activate")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert answer["Location"] == f"/api/v1/runs/{answer.json()['id']}"
    answer = api.send("POST", "/features/g/versions/1/activate")
    assert (answer.status_code, answer.json()) == (200, {"name": "g", "version": 1, "status": "active"})
    assert api.send("POST", "/features/g/versions/9/activate").status_code == 404
