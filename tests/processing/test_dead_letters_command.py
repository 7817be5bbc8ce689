"""manage.py dead_letters: look at what was refused, correct it, give it back, throw it away."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from backends.offline import log_reading
from features.models import AuditEntry
from processing import dead_letters, letters_bulk
from processing.dead_letters import Letter
from processing.models import DeadLetter
from tests.processing.world import NOON, PROJECT, SUMS, event


def put(code="missing_entity", payload=None, project=PROJECT, **more):
    dead_letters.store([Letter(project, code, "why", "events", payload or event(None, -5, 1.0), NOON, **more)])
    return DeadLetter.objects.latest("id")


def said(capsys, *args):
    call_command("dead_letters", *map(str, args))
    return capsys.readouterr().out.splitlines()


def test_a_line_for_each_the_newest_first(world, capsys):
    one = put(address="g", partition=3, offset=17)
    two = put("invalid_json", b"{")
    put(project="another")
    lines = said(capsys, "list")
    assert [line.split()[0] for line in lines] == [str(two.id), str(one.id)]
    assert lines[1] == f"{one.id} 2026-09-21T14:13:20Z missing_entity g events 3:17: why"
    assert said(capsys, "list", "--code", "invalid_json") == lines[:1]
    assert said(capsys, "list", "--group", "g") == lines[1:]
    assert said(capsys, "list", "--limit", 1) == [lines[0], "... and older ones: 2 in all"]
    assert said(capsys, "list", "--project", "nobody") == []


def test_one_as_the_api_shows_it(world, capsys):
    letter = put("invalid_utf8", b"\xff")
    call_command("dead_letters", "show", "--ids", str(letter.id))
    document = json.loads(capsys.readouterr().out)
    assert (document["payload"], document["payload_base64"]) == ("\\xff", "/w==")


def test_replayed_by_filter_it_says_what_stays_and_fails_for_it(world, capsys):
    world.define("g", SUMS)
    letters = [put(payload=event("u", -5, float(n)), address="g") for n in range(3)]
    bad = put(payload=event(None, -5, 1.0), address="g")
    with pytest.raises(CommandError, match="1 stay"):
        call_command("dead_letters", "replay", "--group", "g")
    out = capsys.readouterr().out.splitlines()
    assert out == [f"{bad.id} stays: missing_entity: the row lacks its key: user_id", "replayed 3 of 4"]
    assert len(log_reading.read(PROJECT, 0, 9)) == len(letters)
    entry = AuditEntry.objects.get(action="replay")
    assert (entry.actor, entry.action, entry.detail["count"], entry.detail["filter"]["group"]) == ("command", "replay", 3, "g")


def test_a_corrected_payload_comes_from_a_file(world, capsys, tmp_path):
    world.define("g", SUMS)
    letter = put(address="g")
    file = tmp_path / "payload.json"
    file.write_text(json.dumps(event("u", -5, 1.0)))
    assert said(capsys, "replay", "--ids", letter.id, "--correct", file) == ["accepted 1, duplicates 0, position 1"]
    assert DeadLetter.objects.count() == 0
    file.write_text('{"a": 1, "a": 2}')
    for args in (["--ids", str(put().id), "--correct", str(file)], ["--ids", "1", "2", "--correct", str(file)]):
        with pytest.raises(CommandError):
            call_command("dead_letters", "replay", *args)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("dead_letters", "replay", "--ids", "1", "--correct", str(tmp_path / "nothing"))


def test_discarded_in_chunks(world, capsys, monkeypatch):
    monkeypatch.setattr(letters_bulk, "_CHUNK", 2)
    for _ in range(5):
        put()
    kept = put("invalid_json")
    call_command("dead_letters", "discard", "--code", "missing_entity")
    told = capsys.readouterr()
    assert (told.out.strip(), told.err.split("\n")[:3]) == ("discarded 5 of 5", ["2 of 5", "4 of 5", "5 of 5"])
    assert list(DeadLetter.objects.values_list("id", flat=True)) == [kept.id]
    call_command("dead_letters", "discard", "--all")
    assert DeadLetter.objects.count() == 0


@pytest.mark.parametrize(
    "args",
    [
        ["replay"],
        ["discard"],
        ["show"],
        ["show", "--ids", "99"],
        ["list", "--since", "yesterday"],
        ["list", "--limit", "0"],
        ["discard", "--correct", "x", "--ids", "1"],
    ],
)
def test_what_is_not_said_fully_is_refused(world, args):
    put()
    with pytest.raises(CommandError):
        call_command("dead_letters", *args)
    assert DeadLetter.objects.count() == 1
