"""docs/api.md says what the code does: every operation with its scope, every code with its status."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from core import api_keys
from serving.rows import BEYOND_RETENTION, EMPTY_WINDOW, EXPIRED, NOT_FOUND, NULL, PRESENT, STALE
from tests.docs.codes import ROW, codes
from tests.docs.pages import rows, section

PAGE = "docs/api.md"
BASE = "api/v1/"
VERBS = ("get", "post", "patch", "put", "delete")


def told(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, code marks left out."""
    return [[cell.replace("`", "") for cell in cells] for cells in rows(section(PAGE, heading))]


def views(resolver: URLResolver, above: str = "") -> dict[str, Any]:
    """{address under /api/v1/: view class} of every path."""
    found: dict[str, Any] = {}
    for entry in resolver.url_patterns:
        here = above + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found |= views(entry, here)
        elif isinstance(entry, URLPattern) and here.startswith(BASE) and hasattr(entry.callback, "view_class"):
            found[plain(here.removeprefix(BASE))] = entry.callback.view_class
    return found


def plain(pattern: str) -> str:
    """A pattern of Django's -> the address as people write it: `^features/(?P<name>[^/]+)/?$` -> /features/{name}."""
    text = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^)]*\))*\)", r"{\1}", pattern)
    text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
    return "/" + text.replace("^", "").replace("\\Z", "").replace("$", "").removesuffix("/?")


def test_every_operation_is_listed_with_its_scope() -> None:
    there = {}
    for address, view in views(get_resolver()).items():
        for verb in VERBS:
            if hasattr(view, verb) and hasattr(view, "required_scopes"):
                there[f"{verb.upper()} {address}"] = view.required_scopes[verb.upper()]
    assert dict(cells[:2] for cells in told("All operations")) == there


def test_every_scope_is_explained() -> None:
    names = {name for cells in told("Keys") for name in cells[0].split(", ")}
    assert names == set(api_keys.SCOPES)


def test_every_status_of_a_value_is_explained() -> None:
    assert [cells[0] for cells in told("Values")] == [*(PRESENT, NULL, EMPTY_WINDOW, NOT_FOUND, STALE, EXPIRED, BEYOND_RETENTION)]


def test_every_code_is_explained_with_the_statuses_it_comes_with() -> None:
    listed = {cells[0]: set(cells[1].split(", ")) for cells in told("Errors")}
    found = codes()
    assert listed.keys() - found.keys() == set(), "codes that the source does not give"
    assert found.keys() - listed.keys() == set(), f"codes that {PAGE} does not explain"
    # an error that was caught becomes a row's refusal under its own code, which the source does not show
    assert {code: kinds - {ROW} for code, kinds in listed.items()} == {code: kinds - {ROW} for code, kinds in found.items()}
    assert {code for code, kinds in found.items() if ROW in kinds} <= {code for code, kinds in listed.items() if ROW in kinds}


def test_the_codes_are_in_order_and_have_a_meaning() -> None:
    table = told("Errors")
    assert [cells[0] for cells in table] == sorted(cells[0] for cells in table)
    assert all(len(cells[2]) > 10 for cells in table)


@pytest.mark.django_db
def test_the_codes_of_a_running_jstore_are_among_them() -> None:
    client = Client()
    listed = {cells[0] for cells in told("Errors")}
    for method, address in (("get", "/api/v1/features/"), ("get", "/api/v1/nothing"), ("put", "/api/v1/events/")):
        answer = getattr(client, method)(address, headers={"Authorization": "Bearer jst_nonsense"})
        assert answer.json()["code"] in listed
