"""What the demo prints."""

import ast
import inspect

import pytest

from demo.shop import report, words
from demo.shop.loading import Loaded
from demo.shop.purchases import start_of

NOW = start_of("2026-03-01T10:20:30Z")
COUNTS = {"accepted": 5761, "duplicates": 0, "unrouted": 0, "rejected": [{"index": 0, "code": "bad_timestamp", "detail": "…"}]}
GROUP = {
    "name": "customer_metrics",
    "version": 1,
    "path": "tiles",
    "transformation": {"sql_query": "…"},
    "features": [{"name": "total_purchases", "dtype": "BIGINT"}],
}


def test_every_word_of_the_report_has_its_translation():
    tree = ast.parse(inspect.getsource(report))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "words"]
    said = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    said |= {*report.DELIVERIES.values(), *report.SHOWN.values(), "accepted", "duplicates", "unrouted"}
    assert not said - set(words.PORTUGUESE)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_it_counts_by_delivery(language):
    loaded = Loaded([GROUP], {"on_time": COUNTS, "late": {**COUNTS, "accepted": 239, "rejected": []}})
    say = words.Words(language)
    lines = report.events(loaded, say)
    assert [line.split()[-4:] for line in lines[2:4]] == [[say.number(5761), "0", "0", "1"], ["239", "0", "0", "0"]]
    assert report.groups(loaded, say)[1].split()[0] == "customer_metrics"


def test_a_second_run_says_that_nothing_was_added():
    loaded = Loaded([GROUP], {"on_time": {**COUNTS, "accepted": 0, "duplicates": 5761}})
    assert report.events(loaded, words.Words())[-1].strip() == "Everything had been sent before: nothing was added."


def test_a_missing_value_shows_its_status():
    answer = {
        "metadata": {"feature_names": ["g:a"], "versions": [1]},
        "results": [
            {"values": [1.005, None, ["books", "games"]], "statuses": ["PRESENT", "EMPTY_WINDOW", "PRESENT"], "event_times": []}
        ],
    }
    line = report.served(answer, words.Words())[-1]
    assert line.split(maxsplit=3) == ["g:a", "1.00", "empty_window", "books, games"]


def test_a_long_history_is_shortened():
    rows = [
        {"event_time": f"2026-02-{day:02}T00:00:00Z", "values": {"total_purchases": day, "average_ticket": 1.5}}
        for day in range(1, 29)
    ]
    lines = report.history({"history": rows}, "customer_001", words.Words())
    assert lines[0] == "History of customer_metrics, customer_001: 28 rows"
    assert len(lines) == 8
    assert lines[-1].split() == ["2026-02-28T00:00:00Z", "28", "1.50"]


def test_waiting_rows_do_not_drown_the_refused_ones():
    letters = [{"code": "no_route", "detail": "…"}] * 6 + [{"code": "bad_timestamp", "detail": "no time"}]
    lines = report.dead_letters(letters, words.Words())
    assert [line.split()[0] for line in lines[1:]] == ["bad_timestamp", "no_route:"]


def test_the_key_itself_is_never_printed():
    lines = "\n".join(report.next_steps("http://127.0.0.1:8000", NOW, True, words.Words()))
    assert "Bearer $JSTORE_API_KEY" in lines
    assert "Authorization" not in "\n".join(report.next_steps("http://127.0.0.1:8000", NOW, False, words.Words()))
