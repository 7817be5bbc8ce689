"""The SQL of the "+" form, judged while it is typed. Nothing is stored; the services judge again when it is sent."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from core.errors import Invalid
from core.sql import compile_sql


def check_sql(form: QueryDict) -> dict[str, Any]:
    """Fields of the form -> {"compiled", "features"} or {"sql_errors": [finding]}; {} while there is nothing to judge yet."""
    text = form.get("sql_query", "").replace("\r\n", "\n")
    keys = tuple(key.strip() for key in form.get("entity_id", "").split(",") if key.strip())
    if not text.strip() or not keys:
        return {}
    try:
        compiled = compile_sql(text, keys, form.get("timestamp_column", "").strip() or "timestamp")
        windows = form.getlist("windows")
        names = [f"{output}_{window}" for output in compiled.outputs for window in windows] if windows else compiled.outputs
        return {"compiled": compiled, "features": names}
    except Invalid as error:
        whole = {"code": error.code, "detail": error.detail, "line": error.line, "column": error.column}
        return {"sql_errors": list(error.errors) or [whole]}
