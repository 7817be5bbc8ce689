"""Rules of the house that a linter does not know."""

import re
import statistics

import pytest

from jstore_site.conf.environment import BASE_DIR

ROOTS = (
    "core",
    "backends",
    "features",
    "serving",
    "processing",
    "monitoring",
    "jstore_site",
    "demo",
    "benchmarks",
    "sdk",
    "tests",
    "templates",
    "static",
    "frontend",
)


def files(*suffixes):
    found = [path for root in ROOTS for path in (BASE_DIR / root).rglob("*") if path.suffix in suffixes]
    return [path for path in found if not {"node_modules", "__pycache__", ".venv", "build"} & set(path.parts)]


LENGTHS = {
    str(path.relative_to(BASE_DIR)): len(path.read_text("utf-8").splitlines())
    for path in files(".py")
    if path.parent.name != "migrations" and path.stat().st_size
}


def test_no_file_is_over_300_lines():
    assert {name: length for name, length in LENGTHS.items() if length > 300} == {}


def test_the_median_file_has_at_most_100_lines():
    assert statistics.median(LENGTHS.values()) <= 100


@pytest.mark.parametrize("path", [path for path in files(".html", ".js", ".css") if "docs" not in path.parts], ids=str)
def test_no_page_loads_anything_from_another_host(path):
    assert not re.findall(r"""(?:src|href|action)=["']https?://""", path.read_text("utf-8"))
