"""Offline tables: made at need, widened when a type becomes known, never the same row twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import connections

from backends.offline import tables
from core.clock import parse_time
from core.spec import GroupSpec, Layout, VersionSpec

pytestmark = pytest.mark.usefixtures("fresh")
NOON = parse_time("2026-01-01T12:00:00Z")


def spec(outputs: dict[str, str | None], entity: tuple[str, ...] = ("user_id",)) -> GroupSpec:
    layout = Layout((), tuple(outputs.values()))
    version = VersionSpec(1, "c0de", "active", "", None, None, {}, "tiles", "", (), tuple(outputs), (layout,))
    return GroupSpec("p", "g", "g", "numerical", "", entity, "timestamp", "TIMESTAMP", "events", {}, {}, 0, 1, {1: version})


def keep(group: GroupSpec, position: int, *rows, backfilled: bool = False) -> None:
    tables.record(group, group.versions[1], position, rows, backfilled=backfilled)


def rows(columns: str = "*", order: str = "__position, __as_of"):
    with connections["default"].cursor() as c:
        c.execute(f"SELECT {columns} FROM fv_c0de ORDER BY {order}")
        return c.fetchall()


def test_every_type_comes_back_as_it_went():
    values = {
        "a": ("BIGINT", 2**63 - 1),
        "b": ("DOUBLE", 0.1),
        "c": ("STRING", 'é\\n\t"%s{}\n'),
        "d": ("BOOLEAN", False),
        "e": ("DATE", date(2026, 2, 3)),
        "f": ("TIMESTAMP", datetime(2026, 1, 1, 0, 0, 0, 5)),
        "g": ("DECIMAL(20,4)", Decimal("123.4500")),
        "h": ("ARRAY<STRING>", ["x", None]),
        "i": ("STRUCT<a:BIGINT>", {"a": 1}),
        "j": ("STRING", None),
    }
    group = spec({name: kind for name, (kind, _) in values.items()})
    keep(group, 1, ("u", NOON, [value for _, value in values.values()]))
    position, row = tables.latest(group, group.versions[1], "u")
    found = {name: row[name] for name in values}
    assert position == 1
    assert found.pop("f").replace(tzinfo=None) == values["f"][1]
    assert found == {name: value for name, (_, value) in values.items() if name != "f"}
    assert row["__exists"] is True


def test_a_repeat_adds_nothing_and_keeps_the_first():
    group = spec({"total": "DOUBLE"})
    keep(group, 5, ("u", NOON, [1.0]), ("v", NOON, [2.0]))
    keep(group, 5, ("u", NOON + 9, [1.0]), ("w", NOON, [3.0]))
    assert rows("user_id, total", "user_id") == [("u", 1.0), ("v", 2.0), ("w", 3.0)]
    keep(group, 6, ("u", NOON, [1.0]))
    assert len(rows()) == 4


def test_the_ends_of_a_bigint_come_again_as_they_came():
    group = spec({"least": "BIGINT", "most": "BIGINT"})
    for _ in range(2):
        keep(group, 1, ("u", NOON, [-(2**63), 2**63 - 1]))
    keep(group, 1, ("u", NOON, [-(2**63), 2**63 - 1]), ("w", NOON, [-(2**63), 2**63 - 1]))
    assert rows("least, most") == [(-(2**63), 2**63 - 1)] * 2


def test_backfilled_rows_stand_beside_applied_ones_of_the_same_position():
    group = spec({"total": "DOUBLE"})
    keep(group, 5, ("u", NOON, [9.0]))
    history = [("u", NOON - n, [float(n)]) for n in (3, 2, 1)]
    for _ in range(2):
        keep(group, 5, *history, backfilled=True)
    assert rows("total", "__as_of") == [(3.0,), (2.0,), (1.0,), (9.0,)]
    assert tables.latest(group, group.versions[1], "u")[1]["total"] == 9.0


def test_no_output_row_is_a_row_that_says_so():
    group = spec({"total": "DOUBLE"})
    keep(group, 1, ("u", NOON, None))
    assert rows("total, __exists") == [(None, False)]


def test_a_column_comes_when_its_type_becomes_known():
    group = spec({"total": "DOUBLE", "kind": None})
    keep(group, 1, ("u", NOON, [1.0, "kept as it is while the type is open"]))
    version = group.versions[1]
    known = replace(version, layouts=(*version.layouts, Layout((), ("DOUBLE", "STRING"))))
    group = replace(group, layout=1, versions={1: known})
    keep(group, 2, ("u", NOON, [2.0, "a"]))
    assert rows("total, kind") == [(1.0, None), (2.0, "a")]


def test_another_process_may_have_made_it_already():
    group = spec({"total": "DOUBLE"})
    for position in (1, 2):
        keep(group, position, ("u", NOON, [1.0]))
        tables._ready.clear()
    assert len(rows()) == 2


def test_names_that_sql_knows_and_names_that_postgresql_keeps():
    names = ["select", "Total", "total", "user", "xmin", "ctid", "tableoid", "x" * 63, "table"]
    group = spec(dict.fromkeys(names, "BIGINT"), ("order", "xmax"))
    keep(group, 1, ("1:ab", NOON, list(range(len(names)))))
    _, row = tables.latest(group, group.versions[1], "1:ab")
    assert [row[tables.column_name(name)] for name in names] == list(range(len(names)))
    assert (row["order"], row["__xmax"]) == ("a", "b")


def test_drop_leaves_nothing_and_it_can_come_back():
    group = spec({"total": "DOUBLE"})
    keep(group, 1, ("u", NOON, [1.0]))
    tables.drop("c0de")
    tables.drop("c0de")
    assert tables.latest(group, group.versions[1], "u") is None


def test_nothing_to_keep_makes_no_table():
    keep(spec({"total": "DOUBLE"}), 1)
    with connections["default"].cursor() as c:
        c.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'fv_c0de'")
        assert c.fetchone() == (0,)
