"""The "+" form as it stands while somebody types in it -> the question that its SQL is."""

from __future__ import annotations

import contextlib
from typing import Any

from django.http import QueryDict

from core.errors import Invalid, JStoreError
from core.names import machine_name
from core.types import parse_type
from features.sql_check import Checked, check


def question(form: QueryDict) -> dict[str, Any] | None:
    """Fields of the form -> the body of a check; None while there is nothing to judge. What is half typed is left out: its own
    field says so when the form is sent."""
    text = form.get("sql_query", "").replace("\r\n", "\n")
    keys = form.get("entity_id", "").strip().strip(",")
    if not text.strip() or not keys:
        return None
    document: dict[str, Any] = {"entity_id": keys, "sql_query": text}
    windows = form.getlist("windows")
    if windows:
        document["windows"] = windows
    elif window := form.get("aggregation_window", "").strip():
        document["aggregation_window"] = window
    if time := form.get("timestamp_column", "").strip():
        document["timestamp_column"] = time
    if columns := _columns(form.get("columns", "")):
        document["columns"] = columns
    with contextlib.suppress(Invalid):  # no name yet, so no group whose types would count
        document["name"] = machine_name(form.get("name", ""))[0]
    return document


def checked_form(project: str, form: QueryDict) -> Checked | None:
    """The check of what the form says; None while that makes no definition."""
    asked = question(form)
    try:
        return None if asked is None else check(project, asked)
    except JStoreError:  # a field of the form is wrong, and says so
        return None


def _columns(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        name, _blank, kind = line.replace(":", " ", 1).strip().partition(" ")
        try:
            found[name] = str(parse_type(kind.strip()))
        except Invalid:
            continue
    return found
