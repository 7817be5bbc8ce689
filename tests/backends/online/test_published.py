"""Specs in Redis: seen by every process as soon as they are published, never replaced by older ones."""

import pytest

from backends.online import published
from core.errors import Unavailable
from core.spec import GroupSpec


def spec(name: str = "purchases", title: str = "Purchases", **more: object) -> GroupSpec:
    fields = {
        "project": "default", "name": name, "title": title, "type": "numerical", "description": "", "entity": ("user_id",),
        "timestamp_column": "timestamp", "time_kind": "TIMESTAMP", "source": "events", "columns": {"amount": None},
        "declared": {}, "layout": 0, "active": None, "versions": {}, **more,
    }  # fmt: skip
    return GroupSpec(**fields)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def whole(redis):
    published.replace_all("default", [])
    return redis


def test_it_gives_what_was_published():
    assert published.publish_group(spec(), 1) == published.PUBLISHED
    assert published.published("default").groups == {"purchases": spec()}
    assert published.cached("default").groups["purchases"].title == "Purchases"


def test_it_sees_a_change_by_the_stamp_and_keeps_what_did_not_change():
    published.publish_group(spec(), 1)
    published.publish_group(spec("visits"), 1)
    before = published.published("default")
    assert published.published("default") is before
    published.publish_group(spec("visits", "Visits"), 2)
    after = published.published("default")
    assert after.stamp > before.stamp
    assert after.groups["visits"].title == "Visits"
    assert after.groups["purchases"] is before.groups["purchases"]


def test_it_never_puts_an_older_spec_over_a_newer_one():
    published.publish_group(spec(title="New"), 5)
    assert published.publish_group(spec(title="Old"), 4) == published.OVERTAKEN
    assert published.published("default").groups["purchases"].title == "New"
    assert published.revisions("default") == {"purchases": 5}


def test_it_does_not_pass_one_spec_off_as_all_of_them(redis):
    published.publish_group(spec(), 1)
    redis.flushall()
    assert published.published("default").stamp == 0
    assert published.publish_group(spec(), 2) == published.EMPTY
    assert published.published("default").groups == {}


def test_its_stamp_does_not_repeat_when_redis_was_emptied(redis):
    published.publish_group(spec(), 1)
    seen = published.published("default")
    redis.flushall()
    published.replace_all("default", [(spec(title="Again"), 1)])
    assert published.published("default").stamp > seen.stamp
    assert published.published("default").groups["purchases"].title == "Again"


def test_it_hands_over_dropped_codes_until_they_are_gone():
    published.publish_group(spec(deleted=True), 2, ["a123456789", "b123456789"])
    assert published.dropped("default") == {"a123456789", "b123456789"}
    published.forget_dropped("default", ["a123456789"])
    assert published.dropped("default") == {"b123456789"}


def test_projects_do_not_meet():
    published.replace_all("other", [])
    published.publish_group(spec(project="other"), 1)
    assert published.published("default").groups == {}
    assert list(published.published("other").groups) == ["purchases"]


def test_it_says_that_redis_is_down(settings):
    settings.REDIS_URI = "redis://127.0.0.1:1/0"
    with pytest.raises(Unavailable):
        published.published("default")
