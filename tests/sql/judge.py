"""What the engine's own parser says of a text that the gate wrote: one SELECT, of known tables, with known functions only.

A walk of its own over DuckDB's serialized tree, which shares nothing with the one that runs in production: each finds the faults
of the other. Whatever the walk does not know is a fault.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any

import duckdb

# what a dictionary with a "type" may be: queries, what stands in FROM, and the parts of these
_PARTS = {
    "SELECT_NODE", "SET_OPERATION_NODE", "BASE_TABLE", "SUBQUERY", "JOIN",
    "ORDER_MODIFIER", "DISTINCT_MODIFIER", "ASCENDING", "DESCENDING", "ORDER_DEFAULT",
}  # fmt: skip
_EXPRESSIONS = {
    "COLUMN_REF", "CONSTANT", "FUNCTION", "WINDOW", "CASE", "CAST", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "LAMBDA",
    "STAR", "TYPE",
}  # fmt: skip
# left empty by what the gate writes; each is a way to say more than it means
_NEVER = ("sample", "column_name_alias", "at_clause", "schema_name", "catalog_name", "schema", "catalog", "exclude_list",
          "replace_list", "rename_list", "qualified_exclude_list", "export_state", "materialized")  # fmt: skip


class Judge:
    """One connection that parses and never runs."""

    def __init__(self, functions: Collection[str] = ()) -> None:
        """`functions` are the names that may be called; without any, names are only collected."""
        self._functions = frozenset(functions)
        self._connection = duckdb.connect(":memory:", config={"enable_external_access": "false"})
        self.met: set[str] = set()

    def faults(self, sql: str, tables: Collection[str]) -> list[str]:
        """What is wrong with a text over tables of these names; nothing where all is well."""
        try:
            statements = self._connection.extract_statements(sql)
        except duckdb.Error as error:
            return [f"does not parse: {error}"]
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            return [f"{len(statements)} statements: {[str(one.type) for one in statements]}"]
        row = self._connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
        tree = json.loads(row[0]) if row else {}
        if tree.get("error") or len(tree.get("statements", ())) != 1:
            return [f"is not serialized: {str(tree)[:200]}"]
        return [fault for node in _dictionaries(tree["statements"][0]) for fault in self._of(node, tables)]

    def _of(self, node: dict[str, Any], tables: Collection[str]) -> Iterator[str]:
        kind, group = node.get("type"), node.get("class")
        if group is not None and group not in _EXPRESSIONS:
            yield f"the expression {group} {kind}"
        if group is None and isinstance(kind, str) and kind not in _PARTS:
            yield f"the part {kind}"
        if kind == "BASE_TABLE" and node.get("table_name") not in tables:
            yield f"the table {node.get('table_name')}"
        if (node.get("cte_map") or {}).get("map"):
            yield "a CTE"
        for name in _NEVER:
            if node.get(name) not in (None, "", [], False):
                yield f"{name} = {node[name]}"
        if group == "STAR" and (node.get("columns") or node.get("expr") is not None):
            yield "COLUMNS(*)"
        if "function_name" in node:
            name = str(node["function_name"]).lower()
            self.met.add(name)
            if self._functions and name not in self._functions:
                yield f"the function {name}"


def _dictionaries(value: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary of a tree."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            yield one
            stack.extend(one.values())
        elif isinstance(one, list):
            stack.extend(one)


def texts(compiled: Any, types: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every text that a compiled statement gives DuckDB, with the tables it may name."""
    yield compiled.general("duckdb", types), ("input_data",)
    if compiled.path == "row":
        yield compiled.row("duckdb", types), ("input_data",)
    if compiled.path == "tiles":
        yield compiled.partial("duckdb", types), ("input_data",)
        yield compiled.finish("duckdb", types), ("partials",)
