"""The last projection: outputs under their names and types, and what had to become NULL in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from core.sql import pieces
from core.sql.bounds import TOP, within
from core.sql.pieces import Sql
from core.sql.refusal import NOT_ALLOWED
from core.sql.relation import Env, Relation

OVERFLOW, NON_FINITE = "__overflow", "__non_finite"
OUTPUT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
RESERVED = re.compile(r"p_[0-9]+|__.*", re.IGNORECASE)


def outputs_of(relation: Relation, env: Env, tree: exp.Expr) -> list[tuple[str, Sql]]:
    """The features of the root query: (name, type and origin), the keys left out. Raises Invalid for names and types that
    cannot be served."""
    found = []
    items = {one.alias_or_name: one for one in tree.expressions} if isinstance(tree, exp.Select) else {}
    for written, value in relation.columns.values():
        if value.key is not None:
            continue
        at = items.get(written, tree)
        if written.lower() in (key.lower() for key in env.keys):
            raise env.text.refuse(NOT_ALLOWED, f"{written} is the entity's key; give this output another name", at)
        if not OUTPUT.fullmatch(written):
            raise env.text.refuse(
                NOT_ALLOWED, f"the output name {written[:70]!r} is not of the form {OUTPUT.pattern}: letters, digits and _", at
            )
        if RESERVED.fullmatch(written):
            raise env.text.refuse(NOT_ALLOWED, f"{written} is a name of the store's own; give this output another", at)
        if value.type.name in ("NULL", "INTERVAL"):
            raise env.text.refuse(NOT_ALLOWED, f"{written} has no type; CAST it", at)
        found.append((written, value))
    if not found:
        raise env.text.refuse(NOT_ALLOWED, "the SELECT gives no feature beside the key; name a column or an aggregate", tree)
    return found


def served(outputs: Sequence[tuple[str, Sql]], env: Env, condition: str | None = None) -> list[str]:
    """Outputs, given as (name, text and type), as columns; NULL where the value could not be served, or the condition fails."""
    made = []
    for written, value in outputs:
        text = within(value.text, value.type, env.dialect)
        made.append(f"{f'CASE WHEN {condition} THEN {text} END' if condition else text} AS {env.quoted(written)}")
    return made


def number(conditions: Sequence[str]) -> str:
    """How many of these hold, a BIGINT."""
    return f"CAST({' + '.join(f'CASE WHEN {condition} THEN 1 ELSE 0 END' for condition in conditions) or '0'} AS BIGINT)"


def infinite(outputs: Sequence[tuple[str, Sql]], env: Env) -> list[str]:
    """The conditions under which outputs are NaN or Infinity, which are NULL when served."""
    top = pieces.double(TOP, env.dialect)
    return [f"NOT (ABS({value.text}) <= {top})" for _, value in outputs if value.type.name == "DOUBLE"]
