"""docs/configuration.md lists every variable that is read, and none that is not; so does .env.example."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import ROOT, read, rows

FOLDERS = ("core", "backends", "features", "processing", "serving", "monitoring", "jstore_site", "sdk/python/j_feature_store")
NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
OURS = re.compile(r"(JSTORE|KAFKA)_\w+|(POSTGRES|REDIS|MONGODB)_URI|PROMETHEUS_MULTIPROC_DIR")
# A mark that the supervisor puts on its own processes, and a user's own variable in a printed example.
NOT_FOR_USERS = {"JSTORE_PROCESS", "JSTORE_API_KEY"}
MAKES_OWN = {"MAKEFILE_LIST", "CURDIR", "PATH"}
# Read by shell, make and docker compose.
ELSEWHERE = {"ARGS", "PORT", "PYTHON", "POSTGRES_PASSWORD"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in (ROOT / "manage.py", *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))):
        yield path, ast.parse(path.read_text("utf-8"))


def variables() -> set[str]:
    """Names given to environ.get, environ[], env.str and the like, and every text that is named like one of ours."""
    found = set()
    for _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and "env" in ast.unparse(node.func).lower():
                found |= _text(node.args[0])
            elif isinstance(node, ast.Subscript) and "environ" in ast.unparse(node.value):
                found |= _text(node.slice)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and OURS.fullmatch(node.value):
                found.add(node.value)
    return {name for name in found if not name.startswith(("HTTP_", "wsgi"))} - NOT_FOR_USERS


def _text(node: ast.expr) -> set[str]:
    """A variable's name; those of a WSGI environ are a request's."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
        return {node.value} - REQUEST
    return set()


REQUEST = {"PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "REMOTE_ADDR", "CONTENT_TYPE", "CONTENT_LENGTH"}


def listed() -> set[str]:
    return {cells[0].strip("`") for cells in rows(read("docs/configuration.md"))}


def test_every_variable_that_is_read_is_listed_and_no_other() -> None:
    assert listed() - ELSEWHERE - variables() == set(), "listed, but nobody reads it"
    assert variables() - listed() == set(), "read, but not listed"


def test_the_variables_of_the_example_file_are_listed() -> None:
    there = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert there <= listed()


def test_the_variables_of_compose_and_make_are_listed() -> None:
    compose = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text("utf-8")))
    make = set(re.findall(r"\$\(([A-Z_]+)\)", (ROOT / "Makefile").read_text("utf-8")))
    made = set(re.findall(r"^([A-Z_]+) :?=", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert (compose | make) - made - MAKES_OWN <= listed()


def test_every_variable_has_a_meaning() -> None:
    assert all(len(cells) == 3 and all(cells) for cells in rows(read("docs/configuration.md")))
