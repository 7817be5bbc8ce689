"""Several writers at once: one version for equal definitions, one number for each of unequal ones, nothing lost."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from backends.online import published
from features import selectors, services
from features.models import Group, Version
from tests.features.world import SQL, definition

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("registry")]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results of calls that start together; an exception is a result."""
    gate, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int) -> None:
        gate.wait()
        try:
            results[place] = calls[place]()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def register(**more: Any) -> services.Registered:
    return services.register("default", definition(**more), "ana")


def test_equal_definitions_at_once_make_one_version():
    found = at_once(*[register] * 4)
    assert sorted(one.created for one in found) == [False, False, False, True]
    assert {one.version for one in found} == {1}
    assert Group.objects.count() == Version.objects.count() == 1
    assert published.published("default").groups["user_metrics"].active == 1


def test_unequal_definitions_at_once_get_a_number_each():
    calls = [SQL.replace("SUM", name) for name in ("SUM", "MAX", "MIN")]
    found = at_once(*[lambda sql=sql: register(sql=sql) for sql in calls])
    assert sorted(one.version for one in found) == [1, 2, 3]
    spec = selectors.group_spec("default", "user_metrics")
    assert spec.versions.keys() == {1, 2, 3}
    assert sorted(v.status for v in spec.versions.values()) == ["active", "draft", "draft"]
    assert published.published("default").groups["user_metrics"] == spec


def test_types_and_definitions_at_once_are_both_kept():
    register()
    at_once(
        lambda: register(sql=SQL.replace("SUM", "MAX")),
        lambda: services.fix_types("default", "user_metrics", 0, {"page_views": "BIGINT"}),
        lambda: services.update_words("default", "user_metrics", {"owner": "bia"}, "bia"),
    )
    spec = selectors.group_spec("default", "user_metrics")
    assert (spec.layout, spec.columns["page_views"]) == (1, "BIGINT")
    assert [len(v.layouts) for v in spec.versions.values()] == [2, 2]
    assert spec.versions[2].layouts[1].outputs == ("DOUBLE", "BIGINT")
    assert Group.objects.get().owner == "bia"
    assert published.published("default").groups["user_metrics"] == spec


def test_one_of_two_deletes_finds_it():
    register()
    found = at_once(*[lambda: services.delete("default", "user_metrics", "ana")] * 2)
    assert sorted(type(one).__name__ for one in found) == ["NoneType", "NotFound"]
