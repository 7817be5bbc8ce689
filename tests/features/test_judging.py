"""A definition is refused where the engine refuses what it renders to."""

import pytest

from backends.engine import EngineFailed, engine
from core.errors import Invalid, Unavailable
from core.sql import compile_sql
from features import services
from features.judging import judge
from features.models import Group
from tests.features.world import SQL, definition


def judged(sql: str = SQL) -> None:
    compiled = compile_sql(sql, ("user_id",), "timestamp")
    judge(compiled, ("user_id",), "timestamp", dict.fromkeys(compiled.input_columns))


@pytest.mark.parametrize(
    "sql",
    [
        SQL,
        "SELECT user_id, amount FROM input_data WHERE amount > 0",
        "SELECT user_id, COUNT(DISTINCT kind) AS kinds FROM input_data GROUP BY user_id",
    ],
)
def test_it_runs_what_each_path_runs(sql):
    judged(sql)


@pytest.mark.parametrize(("kind", "error"), [("sql", Invalid), ("timeout", Unavailable), ("killed", Unavailable)])
def test_a_refusal_is_told_from_no_answer(monkeypatch, kind, error):
    def describe(*args: object) -> None:
        raise EngineFailed(kind, "the tests say so")

    monkeypatch.setattr(engine(), "describe", describe)
    with pytest.raises(error):
        judged()


@pytest.mark.django_db
@pytest.mark.usefixtures("registry")
def test_nothing_is_stored_of_a_refused_definition(monkeypatch):
    def describe(*args: object) -> None:
        raise EngineFailed("sql", "the tests say so")

    monkeypatch.setattr(engine(), "describe", describe)
    with pytest.raises(Invalid, match="sql_not_allowed"):
        services.register("default", definition(), "ana")
    assert not Group.objects.exists()
