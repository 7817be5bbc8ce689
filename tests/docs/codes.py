"""The codes of errors and refusals, read out of the source: whoever adds one finds that docs/api.md must say what it means."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("core", "backends", "features", "processing", "serving", "monitoring", "jstore_site")
CODE = re.compile(r"[a-z][a-z0-9_]*")
ROW = "row"  # where a code is a row's, in the answer to a push and in the dead letters
# Calls beside the constructors of errors that take a code: the place of the code, and what it becomes.
TAKERS = {"Refused": (0, ROW), "Letter": (1, ROW), "fault": (0, "422"), "refuse": (0, "422")}


@cache
def trees() -> dict[Path, ast.Module]:
    """Every module of the server."""
    files = (path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts)
    return {path: ast.parse(path.read_text("utf-8")) for path in files}


@cache
def statuses() -> Mapping[str, str]:
    """Name of an error class -> its HTTP status, inherited where it has none of its own."""
    classes = {node.name: node for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    found = {"JStoreError": "500"}
    while news := {
        name: own or found[above]
        for name, node in classes.items()
        if name not in found and (above := next((base for one in node.bases if (base := _name(one)) in found), None))
        for own in [_status(node)]
    }:
        found |= news
    return found


def codes() -> dict[str, set[str]]:
    """{code: HTTP statuses it comes with, and ROW}."""
    constants = _constants()
    found: dict[str, set[str]] = defaultdict(set)
    for tree in trees().values():
        for node in ast.walk(tree):
            for code, kind in _of(node, constants):
                found[code].add(kind)
    return found


def _of(node: ast.AST, constants: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What one node gives: a call with a code, `super().__init__(code, ..)` of an error, the table from status to error."""
    if isinstance(node, ast.ClassDef) and node.name in statuses():
        for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__" and call.args:
                yield from _texts(call.args[0], constants, statuses()[node.name])
    elif isinstance(node, ast.Call):
        name, own_code = _name(node.func), _code_is_fixed(_name(node.func))
        place, kind = TAKERS.get(name, (0, statuses().get(name, "")))
        if _adds_problem(node.func):
            kind = "422"
        if kind and not own_code and place < len(node.args):
            yield from _texts(node.args[place], constants, kind)
    elif isinstance(node, ast.Tuple) and len(node.elts) == 3 and _name(node.elts[0]) in statuses():
        yield from _texts(node.elts[1], constants, statuses()[_name(node.elts[0])])


@cache
def _code_is_fixed(name: str) -> bool:
    """Whether an error class brings its code itself, so that its first argument is the detail."""
    if name not in statuses():
        return False
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name == name:
                made = [inner for inner in node.body if isinstance(inner, ast.FunctionDef) and inner.name == "__init__"]
                return bool(made) and "code" not in {argument.arg for argument in made[0].args.args}
    return False


def _adds_problem(function: ast.expr) -> bool:
    """`problems.add(code, ..)`: a finding of a definition."""
    return isinstance(function, ast.Attribute) and function.attr == "add" and _name(function.value) == "problems"


def _texts(node: ast.expr, constants: Mapping[str, str], kind: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
        yield node.value, kind
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id], kind
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, constants, kind)
        yield from _texts(node.orelse, constants, kind)


@cache
def _constants() -> Mapping[str, str]:
    """Upper-case names of modules that stand for a code, such as those of refused SQL."""
    found: dict[str, str] = {}
    for node in (node for tree in trees().values() for node in tree.body if isinstance(node, ast.Assign)):
        name, value = node.targets[0], node.value
        pairs = (
            zip(name.elts, value.elts, strict=False)
            if isinstance(name, ast.Tuple) and isinstance(value, ast.Tuple)
            else [(name, value)]
        )
        for one, text in pairs:
            if isinstance(one, ast.Name) and isinstance(text, ast.Constant) and CODE.fullmatch(str(text.value)):
                found[one.id] = str(text.value)
    return found


def _status(node: ast.ClassDef) -> str | None:
    for one in node.body:
        if isinstance(one, ast.Assign) and _name(one.targets[0]) == "status" and isinstance(one.value, ast.Constant):
            return str(one.value.value)
    return None


def _name(node: ast.expr) -> str:
    """The last word of a name: `errors.Invalid` -> Invalid."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
