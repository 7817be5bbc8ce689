"""The package promises Python 3.9 and one dependency; the server's tests run on newer ones."""

import ast
import builtins
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

SDK = Path(__file__).parents[2] / "sdk" / "python"
FILES = sorted((SDK / "j_feature_store").glob("*.py"))
# Names newer than 3.9 that a parser cannot see.
NEWER_NAMES = {"pairwise", "batched", "StrEnum", "UTC", "ExceptionGroup", "TaskGroup", "Self", "TypeAlias", "override"}
NEWER_WORDS = {"strict", "slots", "kw_only"}  # of zip and dataclass


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_parses_as_3_9(path):
    tree = ast.parse(path.read_text("utf-8"), path.name, feature_version=(3, 9))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not names & NEWER_NAMES
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Match)]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    words = {word.arg for call in calls if getattr(call.func, "id", "") in ("zip", "dataclass") for word in call.keywords}
    assert not words & NEWER_WORDS


def test_annotations_with_a_bar_are_never_evaluated():
    for path in FILES:
        tree = ast.parse(path.read_text("utf-8"))
        lazy = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        outside = [node for node in _evaluated(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)]
        types = [node for node in outside if _names_a_type(node.left) or _names_a_type(node.right)]
        assert not types, f"{path.name}:{types[0].lineno if types else ''} X | Y is evaluated"
        if not lazy:
            assert " | None" not in path.read_text("utf-8"), path.name


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but annotations, which `from __future__ import annotations` leaves as text."""
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and name not in ("annotation", "returns"):
                yield child
                yield from _evaluated(child)


def _names_a_type(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    return isinstance(node, ast.Name) and isinstance(getattr(builtins, node.id, None), type)


def test_ruff_agrees():
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--target-version", "py39", str(SDK)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_mypy_is_strict():
    command = [sys.executable, "-m", "mypy", "--no-incremental", "j_feature_store"]
    done = subprocess.run(command, cwd=SDK, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_requests_is_the_only_dependency():
    imported = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"j_feature_store"}
    assert foreign == {"requests", "kafka"}
    project = tomllib.loads((SDK / "pyproject.toml").read_text("utf-8"))["project"]
    assert [text.split(">")[0] for text in project["dependencies"]] == ["requests"]
    assert set(project["optional-dependencies"]) == {"kafka", "pandas", "pyarrow"}
    assert project["requires-python"] == ">=3.9"
    assert (SDK / "j_feature_store" / "py.typed").exists()


def test_it_works_without_kafka_python():
    """Imported where `kafka` cannot be: HTTP is whole, Kafka says what is missing."""
    program = """
import sys
sys.modules["kafka"] = None
import j_feature_store
try:
    j_feature_store.FeatureStoreClient().configure_kafka("127.0.0.1:9092")
except j_feature_store.KafkaFailed as error:
    print(error.code)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=SDK, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "kafka_missing"
