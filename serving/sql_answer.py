"""The whole answer to SQL that is not stored yet: the registry's check, what the newest events tell of its columns, a preview."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from core.errors import Invalid
from core.refused import finding_of
from core.sql.hints import Warned
from core.sql.refusal import line_column, near, offset_of
from features.seen_types import known_columns
from features.sql_check import SQL, Checked, check, with_warnings
from serving.preview import FEW, NEWEST, Sample, preview, sample
from serving.preview_request import wanted_of


def answer(project: str, document: Any) -> dict[str, Any]:
    """`POST /sql/check`: see docs/api.md. Raises Invalid where the context or `preview` is wrong."""
    asked = document.get("preview") if isinstance(document, dict) else None
    context = {name: value for name, value in document.items() if name != "preview"} if isinstance(document, dict) else document
    checked = check(project, context)
    wanted = wanted_of(asked, checked.definition.entity)
    found: dict[str, Any] = {"preview": None}
    if checked.compiled is not None:
        newest = sample(project, FEW if wanted is None else NEWEST)
        checked = with_warnings(checked, unseen(project, checked, newest))
        if wanted is not None:
            try:
                found = {"preview": preview(project, checked, wanted, newest)}
            except Invalid as error:  # the SQL checks under no types of the columns that are still open
                checked = Checked(checked.definition, errors=[{**finding_of(error), "pointer": SQL}])
    return {**checked.document(), **found}


def unseen(project: str, checked: Checked, newest: Sample) -> list[Warned]:
    """Columns that nobody has sent: rows without them never reach the group, and a misspelt name looks just like that."""
    rows = [row.row for row in newest.rows if row.source == checked.definition.source]
    there = {name for row in rows for name in row}
    if checked.compiled is None or not there:
        return []
    wanted = [name for name in checked.compiled.input_columns if name not in there]
    if not wanted:
        return []
    elsewhere = known_columns(project, checked.definition.source)
    found = []
    for name in wanted:
        if name in elsewhere:
            continue
        nodes = [node for node in checked.compiled.tree.find_all(exp.Column) if node.name == name]
        offset = offset_of(nodes[0]) if nodes else None
        place = (None, None) if offset is None else line_column(checked.compiled.text.text, offset)
        detail = f"none of the newest {len(rows)} events has the column {name}{near(name, there | elsewhere)}"
        found.append(Warned("unseen_column", detail, *place))
    return found
