"""Values of SQL that is not stored yet, over real events: the `preview` of `POST /sql/check`; and `manage.py check_sql`."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from backends.offline.pairs import known_pairs
from features import selectors
from serving.sql_answer import answer
from tests.processing.world import PROJECT, World
from tests.serving.test_sql_check import ASKED, SQL, row


@pytest.fixture
def world(fresh, monkeypatch):
    return World(monkeypatch, None)


class TestPreview:
    @pytest.mark.parametrize("indexed", [True, False])
    def test_it_is_what_will_be_served(self, world, indexed):
        world.push([row("u1", 1.5), row("u2", 2.0), row("u1", 3.0, ago=30), row("u3", 5.0, ago=7200)])
        if indexed:
            world.define("other", "SELECT user_id, kind FROM input_data")
            world.settle()
        said = answer(PROJECT, {**ASKED, "aggregation_window": "1h", "preview": True})["preview"]
        assert said["complete"] is indexed
        assert {r["entity"]["user_id"]: r["values"] for r in said["rows"]} == {
            "u1": {"total": 4.5, "n": 2},
            "u2": {"total": 2.0, "n": 1},
            "u3": {"total": None, "n": None},
        }
        world.define("sums", SQL, window="1h")
        world.settle()
        for found in said["rows"][1:]:
            assert found["values"] == world.served("sums", found["entity"]["user_id"]).values

    @pytest.mark.parametrize(
        ("query", "values"),
        [
            ("SELECT user_id, amount FROM input_data WHERE amount > 1", {"amount_1h": 3.0, "amount_1d": 3.0}),
            (
                "SELECT user_id, COLLECT_LIST(amount) AS l FROM input_data GROUP BY user_id",
                {"l_1h": [2.0, 3.0], "l_1d": [1.0, 2.0, 3.0]},
            ),
            (
                "SELECT user_id, TIMESTAMPDIFF(MINUTE, MAX(timestamp), current_timestamp) AS m FROM input_data GROUP BY user_id",
                {"m_1h": 5, "m_1d": 5},
            ),
        ],
    )
    def test_on_every_path_and_in_several_windows(self, world, query, values):
        world.push([row("u", 1.0, ago=10_000), row("u", 2.0, ago=500), row("u", 3.0, ago=330)])
        found = answer(PROJECT, {**ASKED, "sql_query": query, "windows": ["1h", "1d"], "preview": {"entities": ["u", "nobody"]}})
        first, second = found["preview"]["rows"]
        assert first["values"] == values
        assert (first["events"], second["events"]) == (3, 0)
        assert set(second["values"].values()) == {None}

    def test_an_entity_that_cannot_be_computed_has_an_error_and_the_others_do_not(self, world):
        # 292,300 years after the year 2000 are beyond the engine's times, after the year 900 they are not
        query = "SELECT user_id, COUNT_IF(seen + INTERVAL '292300' YEAR > seen) AS n FROM input_data GROUP BY user_id"
        seen = {"good": "0900-01-01T00:00:00Z", "bad": "2000-01-01T00:00:00Z"}
        world.push([row(user, 1.0, seen=moment) for user, moment in seen.items()])
        asked = {**ASKED, "sql_query": query, "columns": {"seen": "TIMESTAMP"}, "preview": {"entities": ["bad", "good"]}}
        bad, good = answer(PROJECT, asked)["preview"]["rows"]
        assert (bad["values"], bad["error"]["code"]) == (None, "computation_failed")
        assert (good["values"], good["error"]) == ({"n": 1}, None)

    def test_nothing_is_left_behind(self, world):
        world.push([row("u1", 1.0)])
        answer(PROJECT, {**ASKED, "preview": True})
        assert known_pairs(PROJECT) == []
        assert selectors.group_specs(PROJECT) == []


class TestTheCommand:
    def said(self, tmp_path: Any, text: str, *options: str) -> str:
        file, out = tmp_path / "a.sql", StringIO()
        file.write_text(text)
        call_command("check_sql", "user_id", str(file), *options, stdout=out)
        return out.getvalue()

    def test_it_prints_what_the_sql_would_become(self, world, tmp_path):
        world.push([row("u1", 1.5)])
        told = self.said(tmp_path, SQL + " ORDER BY n", "--columns", "amount=BIGINT", "--window", "1h", "1d")
        assert "total_1h BIGINT\n" in told
        assert "path: tiles: " in told
        assert "warning: line 1, column " in told
        assert '{"user_id":"u1"}: {"total":1.5,"n":1}, of 1 events' in self.said(tmp_path, SQL, "--preview", "--window", "1h")

    def test_it_fails_where_the_sql_is_refused(self, world, tmp_path):
        with pytest.raises(CommandError, match=r"line 2, column 1: .*did you mean SUM"):
            self.said(tmp_path, "SELECT user_id,\nSUMM(x) AS s FROM input_data GROUP BY user_id")
        with pytest.raises(CommandError, match="window"):
            self.said(tmp_path, SQL, "--window", "8w")
