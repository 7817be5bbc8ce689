"""The SQL of the "+" form, judged while it is typed. Nothing is stored; the services judge again when it is sent."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from core.errors import Invalid
from core.sql import compile_sql


def check_sql(form: QueryDict) -> dict[str, Any]:
    """Fields of the form -> {"compiled"} or {"sql_errors": [finding]}; {} while there is nothing to judge yet."""
    text = form.get("sql_query", "").replace("\r\n", "\n")
    keys = tuple(key.strip() for key in form.get("entity_id", "").split(",") if key.strip())
    if not text.strip() or not keys:
        return {}
    try:
        return {"compiled": compile_sql(text, keys, form.get("timestamp_column", "").strip() or "timestamp")}
    except Invalid as error:
        whole = {"code": error.code, "detail": error.detail, "line": error.line, "column": error.column}
        return {"sql_errors": list(error.errors) or [whole]}
