"""The last projection: outputs under their names and types, without NaN, Infinity or times that have no text."""

from __future__ import annotations

import re

from sqlglot import exp

from core.sql import pieces
from core.sql.pieces import Sql
from core.sql.refusal import NOT_ALLOWED
from core.sql.relation import Env, Relation

OUTPUT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
RESERVED = re.compile(r"p_[0-9]+|__.*", re.IGNORECASE)
_TOP = 1.7976931348623157e308


def outputs_of(relation: Relation, env: Env, tree: exp.Expr) -> list[tuple[str, Sql]]:
    """The features of the root query: (name, type and origin), the keys left out. Raises Invalid for names and types that
    cannot be served."""
    found = []
    for written, value in relation.columns.values():
        if value.key is not None:
            continue
        if written.lower() in (key.lower() for key in env.keys):
            raise env.text.refuse(NOT_ALLOWED, f"{written} is the entity's key; give this output another name", tree)
        if not OUTPUT.fullmatch(written):
            raise env.text.refuse(NOT_ALLOWED, f"the output name {written[:70]!r} is not of the form {OUTPUT.pattern}", tree)
        if RESERVED.fullmatch(written):
            raise env.text.refuse(NOT_ALLOWED, f"{written} is a name of the store's own; give this output another", tree)
        if value.type.name in ("NULL", "INTERVAL"):
            raise env.text.refuse(NOT_ALLOWED, f"{written} has no type; CAST it", tree)
        found.append((written, value))
    if not found:
        raise env.text.refuse(NOT_ALLOWED, "the SELECT gives no feature beside the key", tree)
    return found


def safe(text: str, value: Sql, dialect: str) -> str:
    """The output's text with one type, NULL where the value could not be served."""
    match value.type.name:
        case "DOUBLE":  # NaN is larger than every number in both engines
            return f"CASE WHEN ABS({text}) <= {pieces.double(_TOP, dialect)} THEN {text} END"
        case "TIMESTAMP":
            years = "TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
            return f"CASE WHEN {text} BETWEEN {years} THEN {text} END"
        case "DATE":
            return f"CASE WHEN {text} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {text} END"
        case "ARRAY" if value.type.items[0].name == "DOUBLE":
            kept = f"CASE WHEN ABS(v) <= {pieces.double(_TOP, dialect)} THEN v END"
            return f"TRANSFORM({text}, v -> {kept})" if dialect == "spark" else f"LIST_TRANSFORM({text}, lambda v: {kept})"
    return text
