"""What SQL would become, told before anything is stored: the answer of `POST /sql/check` and of the "+" form.

Nothing is written and no engine runs. A wrong SQL is an answer; a context that makes no sense (no entity, an unknown window) is
refused as registering would refuse it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.definitions import Definition
from core.errors import Invalid, JStoreError
from core.refused import finding_of
from core.sql import Compiled, compile_sql
from core.sql.hints import Warned, faster, warnings
from features.seen_types import seen_types

SQL = "/transformation/sql_query"
_SHORT = ("sql_query", "aggregation_window")  # may stand beside the context instead of inside `transformation`


@dataclass(frozen=True)
class Checked:
    """A definition with what is known of its SQL. `compiled` None: `errors` say why, as a problem document lists them.

    `inputs` and `outputs` are types by column, None while they are not known.
    """

    definition: Definition
    compiled: Compiled | None = None
    inputs: Mapping[str, str | None] = field(default_factory=dict)
    outputs: Mapping[str, str | None] = field(default_factory=dict)
    errors: Sequence[Mapping[str, Any]] = ()
    warnings: Sequence[Warned] = ()

    def document(self) -> dict[str, Any]:
        """As the API answers it."""
        made, windows = self.compiled, self.definition.windows or (None,)
        reads = {} if made is None else {name: list(made.lineage[name]) for name in made.outputs}
        columns = [{"name": name, "dtype": self.outputs[name], "reads": read} for name, read in reads.items()]
        names = [(name if w is None else f"{name}_{w}", self.outputs[name]) for name in reads for w in windows]
        return {
            "valid": made is not None,
            "errors": [dict(error) for error in self.errors],
            "columns": columns,
            "features": [{"name": name, "dtype": kind} for name, kind in names],
            "input_columns": [{"name": name, "dtype": kind} for name, kind in self.inputs.items()],
            "lineage": reads,
            "path": made.path if made else None,
            "path_reason": made.path_reason if made else None,
            "faster": faster(made) if made else None,
            "warnings": [{"code": w.code, "detail": w.detail, "line": w.line, "column": w.column} for w in self.warnings],
        }


def definition_of(document: Any) -> Definition:
    """The body of a check, less its `preview` -> the definition it speaks of: that of `POST /features`, in which the name may be
    missing and `sql_query` and `aggregation_window` may stand outside of `transformation`. Raises Invalid."""
    if not isinstance(document, dict):
        raise Invalid("not_an_object", "an object is expected here", pointer="")
    body = {"name": "unnamed", **document}
    short = {name: body.pop(name) for name in _SHORT if name in body}
    if short:
        if body.get("transformation") is not None:
            name = next(iter(short))
            raise Invalid("unknown_field", f"{name} stands beside `transformation` or inside it, not both", pointer=f"/{name}")
        body["transformation"] = short
    if body.get("transformation") is None:
        raise Invalid("sql_syntax", "SQL is expected: one SELECT over input_data", pointer=SQL)
    return Definition.parse(body)


def check(project: str, document: Any) -> Checked:
    """Judge a definition's SQL under the types that the project knows. Raises Invalid where the context is wrong, and Unavailable
    where the registry cannot be asked."""
    try:
        definition = definition_of(document)
    except Invalid as error:
        found = error.errors or [finding_of(error)]
        if any(one.get("pointer") != SQL for one in found) or not _has_text(document):
            raise
        blank = _without_sql(document)
        return Checked(definition_of(blank), errors=found)
    keys, time = definition.entity, definition.timestamp_column
    declared = {name: kind for name, kind in definition.columns.items() if name not in (*keys, time)}
    try:
        compiled = compile_sql(definition.query, keys, time, declared)
        definition.features(compiled.outputs)
        known, guessed = seen_types(project, definition, compiled.input_columns)
        inputs, outputs = _typed(compiled, {**known, **declared}, guessed)
    except JStoreError as error:
        if error.status == 503 or error.pointer not in (SQL, None):
            raise
        return Checked(definition, errors=error.errors or [{**finding_of(error), "pointer": SQL}])
    windowed = definition.window is not None or bool(definition.windows)
    return Checked(definition, compiled, inputs, outputs, warnings=warnings(compiled, windowed))


def with_warnings(checked: Checked, more: Sequence[Warned]) -> Checked:
    """The same with further warnings behind its own."""
    return replace(checked, warnings=[*checked.warnings, *more]) if more else checked


def _typed(
    compiled: Compiled, known: Mapping[str, str | None], guessed: Mapping[str, str]
) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """The types of inputs and outputs. What other groups read a column as is taken where the SQL checks under it."""
    inputs: dict[str, str | None] = {name: known.get(name) for name in compiled.input_columns}
    outputs = compiled.output_types(inputs)
    for name in [name for name, kind in inputs.items() if kind is None and name in guessed]:
        attempt = {**inputs, name: guessed[name]}
        try:
            outputs = compiled.output_types(attempt)
        except Invalid:
            continue
        inputs = attempt
    return inputs, {name: None if kind is None or "UNKNOWN" in kind else kind for name, kind in outputs.items()}


def _has_text(document: Any) -> bool:
    inner = document.get("transformation") if isinstance(document.get("transformation"), dict) else document
    return isinstance(inner.get("sql_query"), str) and bool(inner["sql_query"].strip())


def _without_sql(document: Mapping[str, Any]) -> dict[str, Any]:
    blank = "SELECT 1"
    if isinstance(document.get("transformation"), dict):
        return {**document, "transformation": {**document["transformation"], "sql_query": blank}}
    return {**document, "sql_query": blank}
