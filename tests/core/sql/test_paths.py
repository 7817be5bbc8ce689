"""What compile_sql says of a text: path and reason, outputs, inputs, lineage, types."""

import pytest

from core.sql import compile_sql
from core.sql.functions.described import MERGES, TALLIED, WHOLE
from tests.core.sql.queries import QUERIES
from tests.core.sql.worlds import TYPES

G = " FROM input_data GROUP BY user_id"


def compiled(sql, keys=("user_id",), time="timestamp", known=None):
    return compile_sql(sql, keys, time, known)


@pytest.mark.parametrize(
    ("sql", "path", "reason"),
    [
        ("SELECT user_id, SUM(x) AS a, AVG(x) AS b, COUNT(*) AS c" + G, "tiles", "every aggregate merges: SUM, AVG, COUNT"),
        ("SELECT user_id, MIN(x) AS a, MAX(x) AS b, SUM(CASE WHEN k = 'a' THEN x ELSE 0 END) AS c" + G, "tiles", "MIN, MAX, SUM"),
        (
            "SELECT user_id, MAX_BY(k, timestamp) AS a, STDDEV(x) AS b" + G + " HAVING COUNT(*) > 1",
            "tiles",
            "MAX_BY, STDDEV, COUNT",
        ),
        ("SELECT user_id, 1 AS one" + G, "tiles", "grouping"),
        (
            "SELECT user_id, COUNT(DISTINCT kind) AS a, SUM(x) AS b, MEDIAN(x) AS c" + G,
            "tiles",
            "COUNT(DISTINCT), SUM, MEDIAN; up to 1000 distinct values, more come from the events themselves",
        ),
        ("SELECT user_id, COLLECT_LIST(kind) AS a" + G, "recompute", "COLLECT_LIST keeps every event's value"),
        ("SELECT user_id, STRING_AGG(kind, ',') AS a" + G, "recompute", "STRING_AGG keeps every event's value"),
        (
            "SELECT user_id, COUNT(*) AS a, ARRAY_AGG(kind) AS b" + G,
            "recompute",
            "ARRAY_AGG keeps every event's value, which no tile could hold",
        ),
        ("SELECT user_id, ARRAY_AGG(DISTINCT kind) AS a" + G, "tiles", "ARRAY_AGG(DISTINCT)"),
        (
            "WITH t AS (SELECT user_id, x FROM input_data) SELECT user_id, SUM(x) AS a FROM t GROUP BY user_id",
            "tiles",
            "merges: SUM",
        ),
        (
            "SELECT user_id, SUM(y) AS a FROM (SELECT user_id, x * 2 AS y FROM input_data WHERE x > 0) t GROUP BY user_id",
            "tiles",
            "SUM",
        ),
        (
            "WITH t AS (SELECT user_id, COUNT(*) AS x FROM input_data GROUP BY user_id, kind) "
            "SELECT user_id, SUM(x) AS a FROM t GROUP BY user_id",
            "recompute",
            "does more than choose rows",
        ),
        (
            "SELECT user_id, SUM(x) AS a FROM (SELECT DISTINCT user_id, x FROM input_data) t GROUP BY user_id",
            "recompute",
            "does more than choose rows",
        ),
        ("SELECT user_id, kind, x * 2 AS y FROM input_data WHERE x > 0", "row", "newest row"),
        ("WITH t AS (SELECT user_id, x FROM input_data) SELECT user_id, x FROM t", "row", "newest row"),
    ],
)
def test_the_path_and_its_reason(sql, path, reason):
    found = compiled(sql)
    assert found.path == path
    assert reason in found.path_reason


def test_outputs_inputs_and_lineage():
    sql = (
        "SELECT MAX(timestamp) AS last, user_id, "
        "SUM(a + B) AS total, COUNT(*) AS n, MAX(c) AS `C` FROM input_data WHERE d GROUP BY user_id"
    )
    found = compiled(sql)
    assert found.outputs == ("last", "total", "n", "C")
    assert set(found.input_columns) == {"a", "B", "c", "d"}
    assert found.lineage == {"last": ("timestamp",), "total": ("B", "a"), "n": (), "C": ("c",)}


def test_lineage_goes_through_ctes_joins_and_windows():
    sql = """
        WITH a AS (SELECT user_id, SUM(x) AS s FROM input_data GROUP BY user_id),
             b AS (SELECT user_id, MAX(g) AS m FROM (
                 SELECT user_id, y - LAG(y) OVER (PARTITION BY user_id ORDER BY timestamp) AS g FROM input_data) AS t GROUP
                 BY user_id)
        SELECT a.user_id, s / m AS r, s FROM a JOIN b ON a.user_id = b.user_id
    """
    found = compiled(sql)
    assert found.lineage["r"] == ("user_id", "x", "y")
    assert found.lineage["s"] == ("x",)


def test_keys_are_left_out_under_any_name_and_may_be_missing():
    assert compiled("SELECT user_id AS u, SUM(x) AS s FROM input_data GROUP BY u").outputs == ("s",)
    assert compiled("SELECT SUM(x) AS s" + G).outputs == ("s",)
    assert compiled("SELECT user_id, SUM(x) AS s FROM input_data GROUP BY 1").outputs == ("s",)
    assert compiled("SELECT t.user_id, SUM(t.x) AS s FROM input_data t GROUP BY t.user_id").outputs == ("s",)


def test_a_composite_key_must_be_whole():
    keys = ("user_id", "item_id")
    both = compiled("SELECT user_id, item_id, COUNT(*) AS n FROM input_data GROUP BY item_id, user_id", keys)
    assert (both.path, both.outputs) == ("tiles", ("n",))
    with pytest.raises(Exception, match="sql_not_grouped_by_entity"):
        compiled("SELECT user_id, COUNT(*) AS n FROM input_data GROUP BY user_id", keys)


def test_the_time_column_may_have_any_name():
    found = compiled("SELECT user_id, MAX(happened_at) AS a, HOUR(MIN(happened_at)) AS h" + G, time="happened_at")
    assert found.input_columns == ()
    assert found.output_types({}) == {"a": "TIMESTAMP", "h": "BIGINT"}


def test_the_text_is_normalised():
    one = compiled("select  user_id , sum(x)  as s -- how much\nfrom input_data group by user_id")
    two = compiled("SELECT user_id, SUM(x) AS s FROM input_data GROUP BY user_id")
    assert one.sql == two.sql
    assert compiled(one.sql).sql == one.sql


@pytest.mark.parametrize("sql", QUERIES)
def test_the_normal_text_compiles_to_the_same(sql):
    first = compiled(sql, known=TYPES)
    again = compiled(first.sql, known=TYPES)
    assert (again.path, again.outputs, again.lineage) == (first.path, first.outputs, first.lineage)
    for dialect in ("duckdb", "spark"):
        assert again.general(dialect, TYPES) == first.general(dialect, TYPES)


def test_types_of_outputs():
    sql = (
        "SELECT user_id, SUM(i) AS si, SUM(d) AS sd, SUM(p) AS sp, AVG(i) AS ai, COUNT(*) AS c, MAX(t) AS t, "
        "SUM(i) / COUNT(*) AS r, "
        "COLLECT_LIST(t) AS l, MAX(timestamp) AS at, SUM(i * 1.5) AS f, SUM(p * 1.5) AS e, "
        "ROUND(AVG(d), 1) AS m, MAX(open) AS o, "
        "SUM(CAST(t AS INT)) AS n" + G
    )
    types = {"i": "BIGINT", "d": "DOUBLE", "p": "DECIMAL(10,2)", "t": "STRING", "open": None}
    assert compiled(sql).output_types(types) == {
        "si": "BIGINT", "sd": "DOUBLE", "sp": "DECIMAL(20,2)", "ai": "DOUBLE", "c": "BIGINT", "t": "STRING", "r": "DOUBLE",
        "l": "ARRAY<STRING>", "at": "TIMESTAMP", "f": "DOUBLE", "e": "DECIMAL(23,3)", "m": "DOUBLE", "o": None, "n": "BIGINT",
    }  # fmt: skip


def test_the_partials_are_as_many_whatever_the_types():
    sql = (
        "SELECT user_id, SUM(x) AS a, SUM(CAST(x AS BIGINT)) AS b, AVG(x) AS c, SUM(x * 2) AS d, SUM(2 * x) AS e, STDDEV(x) AS f"
        + G
    )
    found = compiled(sql)
    assert found.partial_names == tuple(f"p_{i}" for i in range(8))
    for kind in ("BIGINT", "DOUBLE", "DECIMAL(10,2)"):
        assert len(found.partial_types({"x": kind})) == len(found.partial_names)
    assert found.partial_types({"x": "BIGINT"})[:2] == ("BIGINT", "DECIMAL(38,0)")


def test_aggregates_of_one_argument_share_one_tally():
    sql = (
        "COUNT(DISTINCT x) AS a, MODE(x) AS b, PERCENTILE(x, 0.9) AS c, MEDIAN(x) AS d, COLLECT_SET(x) AS e, APPROX_TOP_K(x) AS f"
    )
    shared = compiled(f"SELECT user_id, {sql}, PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY x) AS g" + G)
    assert shared.partial_names == ("p_0", "p_1")
    assert shared.partial_types({"x": "DECIMAL(9,2)"})[1] == "ARRAY<STRUCT<v:DECIMAL(9,2),n:BIGINT>>"
    apart = compiled(
        "SELECT user_id, MODE(x) AS a, MODE(y) AS b, MODE(x) FILTER (WHERE y > 1) AS c, COUNT(DISTINCT x, y) AS d" + G
    )
    assert len(apart.partial_names) == 5


def test_correlations_and_shapes_share_their_moments():
    found = compiled("SELECT user_id, CORR(x, y) AS a, COVAR_POP(x, y) AS b, COVAR_SAMP(x, y) AS c" + G)
    assert len(found.partial_names) == 12
    assert len(compiled("SELECT user_id, SKEWNESS(x) AS a, KURTOSIS(x) AS b" + G).partial_names) == 9


def test_every_aggregate_of_the_table_has_the_path_it_says():
    for one in (*MERGES, *TALLIED, *WHOLE):
        arguments = {
            "any, ordered": "x, timestamp", "number, 0..1": "y, 0.5", "string, ''": "x, ','", "number, number": "y, y",
            "number": "y", "ordered, count": "x, 3", "integer": "z",
            "boolean": "x = 'a'",
        }.get(one.takes, "x")  # fmt: skip
        call = f"{one.name}({arguments})"
        if one.name in ("PERCENTILE_CONT", "PERCENTILE_DISC"):
            call = f"{one.name}(0.5) WITHIN GROUP (ORDER BY y)"
        found = compiled(f"SELECT user_id, {call} AS a" + G, known={"x": "STRING", "y": "DOUBLE", "z": "BIGINT"})
        assert found.path == ("recompute" if one.kind == "whole" else "tiles"), call


def test_rendering_needs_every_type():
    with pytest.raises(ValueError, match="type of x"):
        compiled("SELECT user_id, SUM(x) AS a" + G).general("duckdb", {})
