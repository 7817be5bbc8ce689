"""Errors as documents (RFC 9457)."""

from __future__ import annotations

import pytest

from core import errors
from core.errors import Invalid, JStoreError, TooManyRequests
from core.problem import problem

KINDS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, JStoreError) and kind is not JStoreError
]


def test_a_problem_says_what_where_and_which():
    document = problem(Invalid("unknown_column", "no such column", pointer="/sql", line=2, column=7), "/api/v1/features/", "r1")
    assert document == {
        "type": "/docs#error-unknown_column",
        "title": "Invalid",
        "status": 422,
        "code": "unknown_column",
        "detail": "no such column",
        "instance": "/api/v1/features/",
        "request_id": "r1",
        "errors": [{"pointer": "/sql", "code": "unknown_column", "detail": "no such column", "line": 2, "column": 7}],
    }


def test_several_findings_stand_for_themselves():
    found = [{"pointer": "/a", "code": "x", "detail": "y"}, {"pointer": "/b", "code": "x", "detail": "z"}]
    assert problem(Invalid("invalid", "two things", errors=found), "/", "")["errors"] == found


def test_each_kind_has_its_status_and_title():
    assert {kind.status for kind in KINDS} == {400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503}
    assert all(kind.title and kind.__doc__ for kind in KINDS)


def test_who_is_too_fast_is_told_when():
    assert TooManyRequests("rate_limited", "slower", retry_after=7).retry_after == 7
    with pytest.raises(JStoreError, match="rate_limited: slower"):
        raise TooManyRequests("rate_limited", "slower")
