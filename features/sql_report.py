"""What the "+" form shows of a check: the answer of the API, with the words of its codes in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WARNINGS: dict[str, str | Promise] = {
    "unbounded_window": _("Without a window every event of an entity counts, and all are read again whenever one arrives."),
    "unbounded_list": _("The list keeps every event's value: it grows with the events of the entity."),
    "high_cardinality": _("Entities with more than 1,000 distinct values are computed from their events: as exact, but slower."),
    "division_by_zero": _("x / 0 is NULL here, and no error; COALESCE(x / y, 0) says another value."),
    "null_comparison": _("A comparison with NULL is never true: write IS NULL or IS NOT NULL."),
    "order_ignored": _("ORDER BY at the end changes nothing: an entity has one row."),
    "unseen_column": _("None of the newest events has this column: events without it never reach the feature."),
    "shadowed_output": _("This name is read from the events: HAVING and later outputs know an output's name, WHERE does not."),
}
"""Words of a warning's code; one that is not here is shown as the API says it."""


def report_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a check, or its errors alone -> the context of `features/sql_report.html`."""
    if not answer.get("valid"):
        return {"sql_errors": answer.get("errors", ())}
    columns, features = answer["columns"], [feature["name"] for feature in answer["features"]]
    each = len(features) // len(columns)
    shown = [{**column, "features": features[n * each : (n + 1) * each]} for n, column in enumerate(columns)]
    warned = [
        {**one, "words": WARNINGS.get(one["code"], one["detail"]), "meant": _meant(one["detail"])} for one in answer["warnings"]
    ]
    return {"answer": {**answer, "columns": shown, "warnings": warned}, "preview": _preview(answer.get("preview"), features)}


def _meant(detail: str) -> str:
    """The name that a detail says was probably meant; "" without one."""
    found = re.search(r"\(did you mean (.+)\?\)", detail)
    return found[1] if found else ""


def _cell(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _preview(preview: Mapping[str, Any] | None, features: list[str]) -> dict[str, Any] | None:
    """The rows as cells: a template would take a feature called `items` for a method."""
    if preview is None:
        return None
    rows = [
        {
            "keys": list(row["entity"].values()),
            "events": row["events"],
            "error": row["error"],
            "cells": [] if row["values"] is None else [_cell(row["values"][name]) for name in features],
        }
        for row in preview["rows"]
    ]
    names = list(preview["rows"][0]["entity"]) if rows else []
    return {"rows": rows, "names": names, "features": features, "complete": preview["complete"]}
