"""What is refused, with which code, where, and in which words."""

import pytest

from core.errors import Invalid, JStoreError, TooLarge
from core.sql import compile_sql
from core.sql.functions import AGGREGATE_NAMES, TABLE

G = " FROM input_data GROUP BY user_id"
REFUSED = [
    # statements
    ("SELECT user_id FROM", "sql_syntax", 1, 16),
    ("", "sql_syntax", None, None),
    ("SELECT 'open", "sql_syntax", None, None),
    ("SELECT (1", "sql_syntax", 1, None),
    ("SELECT user_id, SUM(x) AS s FROM input_data GROUP BY", "sql_syntax", 1, None),
    ("DROP TABLE input_data", "sql_not_allowed", 1, 1),
    ("SELECT DROP TABLE input_data", "sql_not_allowed", 1, 8),
    ("SELECT user_id, COUNT(*) AS n" + G + ";\nDROP TABLE input_data", "sql_not_allowed", 2, None),
    ("INSERT INTO input_data SELECT 1", "sql_not_allowed", 1, 1),
    ("WITH d AS (DELETE FROM input_data RETURNING *) SELECT * FROM d", "sql_not_allowed", None, None),
    ("EXPLAIN SELECT 1", "sql_not_allowed", 1, 1),
    ("VALUES (1)", "sql_not_allowed", 1, 1),
    ("SELECT TRANSFORM(x) USING 'id' FROM input_data", "sql_not_allowed", None, None),
    # tables and forms
    ("SELECT * FROM other_table", "sql_not_allowed", 1, 15),
    ("SELECT * FROM input_data", "sql_not_allowed", 1, 8),
    ("SELECT a.* FROM input_data AS a", "sql_not_allowed", 1, None),
    ("SELECT x AS y FROM main.input_data", "sql_not_allowed", 1, None),
    ("SELECT x AS y FROM range(10)", "sql_not_allowed", 1, None),
    ("SELECT x AS y FROM 'file.csv'", "sql_not_allowed", 1, None),
    ("SELECT 1 AS y", "sql_not_allowed", 1, None),
    ("SELECT input_data FROM input_data", "sql_not_allowed", 1, 8),
    ("SELECT /*+ BROADCAST(a) */ x AS y FROM input_data", "sql_not_allowed", 1, 8),
    ("SELECT x AS y FROM input_data TABLESAMPLE (10 PERCENT)", "sql_not_allowed", None, None),
    ("SELECT x AS y FROM input_data LATERAL VIEW EXPLODE(a) t AS z", "sql_not_allowed", None, None),
    ("SELECT * EXCEPT (a) FROM input_data", "sql_not_allowed", 1, 18),
    ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) SELECT n FROM r", "sql_not_allowed", None, None),
    ("WITH input_data AS (SELECT 1 AS a) SELECT a FROM input_data", "sql_not_allowed", None, None),
    ("SELECT x AS y FROM (VALUES (1)) AS t", "sql_not_allowed", None, None),
    ("SELECT a.x AS y FROM input_data a, input_data b", "sql_not_allowed", None, None),
    # names
    ("SELECT user_id, SUM(x)" + G, "sql_not_allowed", 1, 17),
    ("SELECT user_id, SUM(x) AS a, COUNT(*) AS A" + G, "sql_not_allowed", 1, None),
    ("SELECT user_id, SUM(x) AS `a b`" + G, "sql_not_allowed", None, None),
    ("SELECT user_id, SUM(x) AS __a" + G, "sql_not_allowed", 1, 27),
    ("SELECT user_id, SUM(x) AS p_0" + G, "sql_not_allowed", None, None),
    ("SELECT LOWER(user_id) AS user_id, COUNT(*) AS n" + G, "sql_not_allowed", None, None),
    ("SELECT user_id" + G, "sql_not_allowed", None, None),
    ("SELECT user_id, SUM(Amount) AS a, SUM(amount) AS b" + G, "sql_not_allowed", 1, None),
    ("SELECT user_id, NULL AS n" + G, "sql_not_allowed", None, None),
    ("SELECT USER_ID, COUNT(*) AS n FROM input_data GROUP BY USER_ID", "unknown_column", 1, None),
    # the entity
    ("SELECT country, COUNT(*) AS n FROM input_data GROUP BY country", "sql_not_grouped_by_entity", 1, 56),
    ("SELECT user_id, kind, COUNT(*) AS n FROM input_data GROUP BY user_id, kind", "sql_not_grouped_by_entity", 1, None),
    ("SELECT SUM(x) AS s FROM input_data", "sql_not_grouped_by_entity", 1, 8),
    ("SELECT DISTINCT user_id, kind FROM input_data", "sql_not_grouped_by_entity", 1, None),
    (
        "SELECT user_id, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY x) AS r FROM input_data",
        "sql_not_grouped_by_entity",
        None,
        None,
    ),
    ("SELECT user_id, x FROM input_data UNION ALL SELECT user_id, x FROM input_data", "sql_not_grouped_by_entity", None, None),
    # one entity's events, many in a batch
    ("SELECT user_id, SUM(x) AS s" + G + " LIMIT 1", "sql_not_separable", None, None),
    ("SELECT user_id, SUM(x) / (SELECT COUNT(*) FROM input_data) AS s" + G, "sql_not_separable", 1, None),
    (
        "SELECT user_id, COUNT(*) AS n FROM input_data WHERE x IN (SELECT x FROM input_data) GROUP BY user_id",
        "sql_not_separable",
        1,
        None,
    ),
    (
        "SELECT user_id, COUNT(*) AS n FROM input_data WHERE EXISTS (SELECT 1 FROM input_data) GROUP BY user_id",
        "sql_not_separable",
        1,
        None,
    ),
    ("WITH t AS (SELECT COUNT(*) AS n FROM input_data) SELECT n FROM t", "sql_not_separable", 1, None),
    ("WITH t AS (SELECT kind, COUNT(*) AS n FROM input_data GROUP BY kind) SELECT n FROM t", "sql_not_separable", 1, None),
    (
        "SELECT user_id, MAX(r) AS r FROM (SELECT user_id, RANK() OVER (ORDER BY x) AS r FROM input_data) t GROUP BY user_id",
        "sql_not_separable",
        1,
        None,
    ),
    (
        "SELECT a.user_id, COUNT(*) AS n FROM input_data a JOIN input_data b ON a.kind = b.kind GROUP BY a.user_id",
        "sql_not_separable",
        None,
        None,
    ),
    (
        "SELECT a.user_id, COUNT(*) AS n FROM input_data a JOIN input_data b ON a.user_id = b.user_id OR 1=1 GROUP BY a.user_id",
        "sql_not_separable",
        None,
        None,
    ),
    (
        "SELECT a.user_id, COUNT(*) AS n FROM input_data a CROSS JOIN input_data b GROUP BY a.user_id",
        "sql_not_allowed",
        None,
        None,
    ),
    # columns
    (
        "WITH t AS (SELECT user_id, x AS amount FROM input_data) SELECT user_id, SUM(amuont) AS s FROM t GROUP BY user_id",
        "unknown_column",
        1,
        None,
    ),
    ("SELECT user_id, x, COUNT(*) AS n" + G, "sql_not_allowed", 1, 17),
    # functions
    ("SELECT user_id, SUMM(x) AS s" + G, "sql_not_allowed", 1, 17),
    ("SELECT user_id, COUNT(*) AS n FROM input_data WHERE RAND() > 0.5 GROUP BY user_id", "sql_not_allowed", 1, None),
    ("SELECT user_id, UUID() AS u FROM input_data", "sql_not_allowed", 1, 17),
    ("SELECT user_id, current_user AS u FROM input_data", "sql_not_allowed", None, None),
    ("SELECT user_id, MAX(timestamp) - current_timestamp AS u" + G, "sql_not_allowed", None, None),
    ("SELECT user_id, DATEDIFF(NOW(), timestamp) AS u FROM input_data", "sql_not_allowed", 1, None),
    ("SELECT user_id, reflect('java.lang.System', 'exit') AS u FROM input_data", "sql_not_allowed", 1, 17),
    ("SELECT user_id, read_text('x') AS u FROM input_data", "sql_not_allowed", 1, 17),
    ("SELECT user_id, REPEAT('x', 1000000000) AS u FROM input_data", "sql_not_allowed", 1, 17),
    ("SELECT user_id, LPAD(x, 1000000000, 'y') AS u FROM input_data", "sql_not_allowed", 1, None),
    ("SELECT user_id, SUM(SUM(x)) AS u" + G, "sql_not_allowed", 1, None),
    ("SELECT user_id, COUNT(*) AS n FROM input_data WHERE SUM(x) > 1 GROUP BY user_id", "sql_not_allowed", 1, None),
    ("SELECT user_id, x RLIKE '(a+)+b' AS u FROM input_data", "sql_not_allowed", 1, None),
    ("SELECT user_id, x RLIKE '(a)\\\\1' AS u FROM input_data", "sql_not_allowed", 1, None),
    ("SELECT user_id, x RLIKE kind AS u FROM input_data", "sql_not_allowed", 1, None),
    ("SELECT user_id, :p AS u FROM input_data", "sql_not_allowed", None, None),
    ("SELECT user_id, 9223372036854775808 AS u FROM input_data", "sql_not_allowed", 1, None),
    ("SELECT user_id, 1e400 AS u FROM input_data", "sql_not_allowed", 1, None),
    # characters
    ("SELECT user_id, 'a\u202eb' AS u FROM input_data", "sql_not_allowed", 1, 19),
    ("SELECT user_id, 'a\u200bb' AS u FROM input_data", "sql_not_allowed", 1, 19),
    ("SELECT user_id, 'e\u0301' AS u FROM input_data", "sql_not_allowed", None, None),
    ("SELECT user_id, '\ud800' AS u FROM input_data", "sql_not_allowed", 1, None),
]


@pytest.mark.parametrize(
    ("sql", "code", "line", "column"), REFUSED, ids=lambda v: str(v)[:40].encode("ascii", "replace").decode()
)
def test_it_is_refused_with_code_and_place(sql, code, line, column):
    with pytest.raises(Invalid) as caught:
        compile_sql(sql, ("user_id",), "timestamp")
    assert caught.value.code == code, caught.value.detail
    assert "cannot be understood" not in caught.value.detail
    assert line is None or caught.value.line == line
    assert column is None or caught.value.column == column


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "+".join(["1"] * 20_000) + " AS a FROM input_data",
        "SELECT " + "x" * 40_000 + " FROM input_data",
        "WITH c0 AS (SELECT user_id, x FROM input_data)"
        + "".join(
            f", c{i} AS (SELECT a.user_id, a.x FROM c{i - 1} a JOIN c{i - 1} b ON a.user_id = b.user_id)" for i in range(1, 30)
        )
        + " SELECT user_id, COUNT(*) AS n FROM c29 GROUP BY user_id",
        "SELECT user_id, x AS a0" + "".join(f", a{i - 1} + a{i - 1} AS a{i}" for i in range(1, 30)) + " FROM input_data",
        "SELECT " + ", ".join(f"x{i} AS y{i}" for i in range(2_500)) + " FROM input_data",
    ],
    ids=["long sum", "long name", "doubling CTEs", "doubling aliases", "many outputs"],
)
def test_what_would_grow_is_too_large(sql):
    with pytest.raises(TooLarge) as caught:
        compile_sql(sql, ("user_id",), "timestamp")
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000 + " AS a FROM input_data",
        "SELECT " + "NOT " * 5_000 + "TRUE AS a FROM input_data",
        "SELECT " + "-" * 1 + "- " * 100 + "1 AS a FROM input_data",
        "SELECT * FROM (" * 800 + "SELECT 1" + ") t" * 800,
        "SELECT " + "CASE WHEN TRUE THEN " * 500 + "1" + " END" * 500 + " AS a FROM input_data",
        "SELECT 1 AS a FROM input_data" + " UNION ALL SELECT 1 AS a FROM input_data" * 500,
        "SELECT user_id, " + "x + (" * 40 + "1" + ")" * 40 + "".join(" + 1" for _ in range(500)) + " AS a FROM input_data",
    ],
    ids=["parentheses", "nots", "signs", "subqueries", "cases", "unions", "deep sum"],
)
def test_what_nests_is_refused_quickly(sql):
    with pytest.raises(JStoreError):
        compile_sql(sql, ("user_id",), "timestamp")


def test_the_nearest_name_is_said():
    for sql, word in (
        ("SELECT user_id, CONUT(x) AS s" + G, "COUNT"),
        ("SELECT user_id, UPER(x) AS s FROM input_data", "UPPER"),
        ("SELECT user_id, x AS s FROM imput_data", "input_data"),
        ("WITH t AS (SELECT user_id, x AS amount FROM input_data) SELECT user_id, amonut FROM t", "amount"),
    ):
        with pytest.raises(Invalid) as caught:
            compile_sql(sql, ("user_id",), "timestamp")
        assert f"did you mean {word}?" in caught.value.detail


def test_with_closed_columns_no_other_is_known():
    known = {"amount": "DOUBLE", "kind": None}
    assert (
        compile_sql("SELECT user_id, amount, kind FROM input_data", ("user_id",), "timestamp", known, closed=True).path == "row"
    )
    with pytest.raises(Invalid) as caught:
        compile_sql("SELECT user_id, amuont FROM input_data", ("user_id",), "timestamp", known, closed=True)
    assert (caught.value.code, caught.value.column) == ("unknown_column", 17)
    assert "did you mean amount?" in caught.value.detail


@pytest.mark.parametrize(
    ("expression", "types"),
    [
        ("SUM(x)", {"x": "STRING"}),
        ("UPPER(x)", {"x": "DOUBLE"}),
        ("x + 1", {"x": "STRING"}),
        ("x > 1", {"x": "STRING"}),
        ("x = 'a'", {"x": "DOUBLE"}),
        ("x AND TRUE", {"x": "BIGINT"}),
        ("COALESCE(x, 'none')", {"x": "DOUBLE"}),
        ("CASE WHEN TRUE THEN x ELSE 'none' END", {"x": "DOUBLE"}),
        ("HOUR(x)", {"x": "STRING"}),
        ("SIZE(x)", {"x": "STRING"}),
        ("CAST(x AS STRING)", {"x": "DOUBLE"}),
        ("x * x", {"x": "DECIMAL(30,2)"}),
        ("x.part", {"x": "STRING"}),
        ("ARRAY_CONTAINS(x, timestamp)", {"x": "ARRAY<STRING>"}),
        ("x.part", {"x": "STRUCT<other: STRING>"}),
    ],
)
def test_types_that_do_not_fit_are_refused_once_known(expression, types):
    aggregate = expression.startswith("SUM")
    sql = f"SELECT user_id, {expression} AS a FROM input_data" + (" GROUP BY user_id" if aggregate else "")
    compiled = compile_sql(sql, ("user_id",), "timestamp")  # open: the column's type is not known yet
    with pytest.raises(Invalid):
        compiled.output_types(types)
    with pytest.raises(Invalid):
        compile_sql(sql, ("user_id",), "timestamp", types)


@pytest.mark.parametrize(
    "frame",
    [
        "ROWS BETWEEN CURRENT ROW AND 1 PRECEDING",
        "ROWS BETWEEN 1 PRECEDING AND 3 PRECEDING",
        "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED PRECEDING",
        "ROWS BETWEEN UNBOUNDED FOLLOWING AND UNBOUNDED FOLLOWING",
        "RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND INTERVAL 30 HOURS PRECEDING",
        "RANGE BETWEEN INTERVAL '-1' DAY PRECEDING AND CURRENT ROW",
        "RANGE BETWEEN 1 PRECEDING AND CURRENT ROW",
        "GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW",
    ],
)
def test_a_frame_that_means_nothing_is_refused(frame):
    window = f"COUNT(*) OVER (PARTITION BY user_id ORDER BY timestamp {frame})"
    with pytest.raises(Invalid) as caught:
        compile_sql(
            f"SELECT user_id, MAX(c) AS m FROM (SELECT user_id, {window} AS c FROM input_data) t"
            + G.replace(" FROM input_data", ""),
            ("user_id",),
            "timestamp",
        )
    assert caught.value.code in ("sql_not_allowed", "sql_syntax")


def test_no_dangerous_name_is_in_the_table():
    never = "REPEAT SPACE SEQUENCE EXPLODE LEVENSHTEIN REFLECT JAVA_METHOD RAISE_ERROR RAND UUID READ_FILES QUERY GETVARIABLE"
    assert not set(never.split()) & (set(TABLE) | AGGREGATE_NAMES)
    assert len(set(TABLE) | AGGREGATE_NAMES) >= 150
