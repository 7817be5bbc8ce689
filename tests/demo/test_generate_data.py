"""`python demo/generate_data.py` on a whole running JStore, twice; what it serves equals a brute-force count of the story."""

import json
import os
import subprocess
import sys
import uuid
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from j_feature_store import FeatureStoreClient

from demo.shop.definitions import GROUPS
from demo.shop.mistakes import CODES
from demo.shop.purchases import PURCHASES, start_of, tell
from tests.servers.stack import ROOT, wait_for

pytestmark = pytest.mark.kafka  # the shared stack comes with the broker


@pytest.fixture(scope="module")
def key(stack):
    """A key of a project of its own: other tests run the demo too."""
    project = f"demo_{uuid.uuid4().hex[:8]}"
    made = stack.command("manage.py", "create_api_key", "demo", "--project", project)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.fixture(scope="module")
def runs(stack, key):
    """-> (moment, what the first run printed, what the second printed); the first one is told from `moment`."""
    now = start_of(None)
    command = [sys.executable, "generate_data.py", "--url", stack.url, "--api-key", key]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    printed = []
    for more in (["--now", now.isoformat()], ["--lang", "pt-BR"]):
        # From its own folder, as the contract has it.
        done = subprocess.run([*command, *more], cwd=ROOT / "demo", env=environment, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        printed.append(done.stdout)
    return now, *printed


@pytest.fixture
def store(stack, key):
    with FeatureStoreClient(stack.url, api_key=key) as connected:
        yield connected


@pytest.fixture(scope="module")
def bought(runs):
    """customer -> purchases of the story, by time. Duplicates count once, mistakes not at all."""
    story = tell(runs[0])
    found = defaultdict(list)
    for row in sorted(story.on_time + story.late, key=lambda row: (row["timestamp"], row["event_id"])):
        found[row["customer_id"]].append(row)
    return found


def test_the_first_run_adds_everything(runs):
    lines = {line.strip().split("  ")[0]: line.split() for line in runs[1].splitlines()}
    assert lines["in order"][-4:] == [f"{PURCHASES - len(tell(runs[0]).late):,}", "0", "0", "0"]
    assert lines["sent twice"][-4:] == ["0", "25", "0", "0"]
    assert lines["nobody asked for yet"][-4:] == ["6", "0", "6", "0"]
    assert lines["with mistakes"][-4:] == ["0", "0", "0", "7"]


def test_it_shows_values_history_dead_letters_and_what_to_do_next(runs):
    for words in ("customer_metrics:average_ticket", "History of customer_metrics, customer_001", "Try next", *CODES):
        assert words in runs[1]
    assert "jst_" not in runs[1]


def test_the_second_run_adds_nothing_and_is_quick(runs):
    assert "nada foi acrescentado" in runs[2]
    assert float(runs[2].split()[-2]) < 10


def test_every_group_is_active_in_its_first_version(store, runs):
    for body in GROUPS:
        answer = store.create_feature(**body)
        assert (answer["version"], answer["status"]) == (1, "active"), answer["name"]


def values(store: FeatureStoreClient, group: str, customers: list[str]) -> dict[str, dict[str, Any]]:
    """customer -> {feature: value} of a group, online."""
    answer = store.get_online_features(group, {"customer_id": customers})
    names = [name.split(":")[1] for name in answer["metadata"]["feature_names"]]
    columns = [result["values"] for result in answer["results"]]
    return {
        customer: {name: column[n] for name, column in zip(names, columns, strict=True)} for n, customer in enumerate(customers)
    }


def test_customer_metrics_are_the_storys(store, bought):
    served = values(store, "customer_metrics", list(bought))
    for customer, rows in bought.items():
        assert served[customer]["total_purchases"] == len(rows)
        assert served[customer]["average_ticket"] == pytest.approx(sum(row["amount"] for row in rows) / len(rows), rel=1e-9)


def test_the_seven_days_are_seven_days(store, bought):
    answer = {customer: store.get_feature_values("customer_metrics_7d", customer) for customer in list(bought)[:20]}
    for customer, document in answer.items():
        start = datetime.fromisoformat(document["window"]["start"])
        count = sum(row["timestamp"] > start for row in bought[customer])
        cell = document["values"]["total_purchases_7d"]
        assert cell["value"] == (count or None), document
        assert document["window"]["size"] == "7d"


def test_fraud_and_marketing_have_strings_lists_and_dates(store, bought):
    customers = list(bought)
    last, profile = values(store, "fraud_last_transaction", customers), values(store, "marketing_profile", customers)
    for customer, rows in bought.items():
        assert last[customer]["merchant_category"] == rows[-1]["merchant_category"]
        assert last[customer]["amount"] == rows[-1]["amount"]
        count = Counter(row["merchant_category"] for row in rows)
        assert profile[customer]["favorite_categories"] == sorted(name for name, times in count.items() if times >= 3)
        assert profile[customer]["last_purchase_date"] == rows[-1]["timestamp"].date().isoformat()
        assert profile[customer]["lifetime_value"] == pytest.approx(sum(row["amount"] for row in rows), abs=0.006)


def test_habits_are_hours_and_shares(store, bought, runs):
    for customer, rows in list(bought.items())[:20]:
        habits = store.get_feature_values("marketing_habits_30d", customer, at=runs[0])["values"]
        hours = Counter(row["timestamp"].hour for row in rows)
        assert habits["preferred_hour"]["value"] == max(hours, key=lambda hour: (hours[hour], -hour))
        online = sum(row["channel"] == "online" for row in rows) / len(rows)
        assert habits["online_share"]["value"] == pytest.approx(online, abs=0.0051)


def test_a_stolen_card_shows(store, bought, runs):
    fraud = store.get_feature_values("fraud_velocity_1d", "customer_007", at=runs[0])
    day = [row for row in bought["customer_007"] if row["timestamp"] > runs[0] - timedelta(hours=23)]
    assert fraud["values"]["transaction_frequency"]["value"] == "high"
    assert fraud["values"]["countries_1d"]["value"] == len({row["country"] for row in day}) == 2


def test_the_dead_letters_have_the_demos_mistakes_once(store, runs):
    letters = [letter for letter in store.dead_letters(limit=None) if "demo-mistake-" in str(letter["payload"])]
    assert sorted(letter["code"] for letter in letters) == sorted(CODES)


def test_the_printed_commands_work_as_they_stand(store, runs, key):
    """Last: it sends an event and makes a group."""
    before = store.get_feature_values("customer_metrics", "customer_001")["values"]["total_purchases"]["value"]
    lines = [line.strip() for line in runs[1].splitlines() if line.strip().startswith("curl ")]
    assert len(lines) == 6
    answers = []
    environment = {**os.environ, "JSTORE_API_KEY": key}
    for line in lines:
        done = subprocess.run(["bash", "-c", f"{line} -sS"], env=environment, capture_output=True, check=True)
        answers.append(json.loads(done.stdout))
    now, week_ago, sent, after, group, _ = answers
    assert now["values"]["total_purchases"]["value"] == before > week_ago["values"]["total_purchases"]["value"]
    assert (sent["accepted"], sent["applied"]) == (1, True)
    assert after["values"]["total_purchases"]["value"] == before + 1
    assert (group["name"], group["status"]) == ("newsletters", "active")

    def opened():
        return store.get_feature_values("newsletters", "customer_003")["values"]["newsletters_opened"]["value"]

    assert wait_for(opened) == 1, "the group covers what was sent before it was made"
