"""The tour of README.md, typed in as it stands there, on a running JStore; what it shows as the answer is compared.

Only the port, the Kafka address and the names change: the stack is shared, so groups and entities get names of this test.
"""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT, Block, blocks
from tests.servers.stack import Stack, wait_for

sys.path.insert(0, str(ROOT / "sdk" / "python"))  # what `pip install ./sdk/python` brings

NAMES = ("user_metrics", "user_activity", "user_123", "user_456", "user_789", "nobody", "broken")
RUN = ("bash", "python")


def steps(page: str = "README.md") -> list[tuple[Block, Block | None]]:
    """(block to run, block with its answer) in the order of the page."""
    found = [block for block in blocks(page) if block.language in (*RUN, "text")]
    after = [*found[1:], None]
    return [
        (block, then if then and then.language == "text" else None)
        for block, then in zip(found, after, strict=True)
        if block.language in RUN
    ]


def shown(pattern: str) -> re.Pattern[str]:
    """The answer as the page shows it: blanks are free, … stands for anything."""
    parts = re.sub(r"\s", "", pattern).split("…")
    return re.compile(".*?".join(map(re.escape, parts)), re.DOTALL)


class Tour:
    """One walk through the page: what earlier Python blocks defined is there for later ones."""

    def __init__(self, stack: Stack, names: Sequence[str] = NAMES) -> None:
        self.stack, self.tag, self.names = stack, uuid.uuid4().hex[:8], names
        self.python: dict[str, Any] = {}

    def own(self, text: str) -> str:
        """The text with this walk's port, broker and names."""
        text = text.replace("localhost:8000", f"localhost:{self.stack.port}").replace("port=8000", f"port={self.stack.port}")
        text = text.replace("localhost:9092", str(self.stack.run["kafka_bootstrap_servers"]))
        for name in self.names:
            text = re.sub(rf"\b{name}\b", f"{name}_{self.tag}", text)
        return text

    def run(self, block: Block) -> str:
        """What the block prints."""
        text = self.own(block.text)
        if block.language == "bash":
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
            return done.stdout
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, f"README.md:{block.line}", "exec"), self.python)
        return printed.getvalue()


@pytest.mark.kafka
def test_the_tour_answers_what_the_readme_shows(stack: Stack) -> None:
    tour, walked = Tour(stack), steps()
    assert [block.language for block, _ in walked] == ["bash"] * 7 + ["python"] * 2
    for block, answer in walked:
        printed = tour.run(block)
        if answer is not None:
            wanted = shown(tour.own(answer.text))
            assert wanted.fullmatch(re.sub(r"\s", "", printed)), (
                f"README.md:{answer.line} shows {answer.text}\nbut it was {printed}"
            )
    assert _history(tour, "user_activity", "user_789"), "what went by Kafka is served as well"
    tour.python["client"].close()


def _history(tour: Tour, group: str, entity: str) -> list[Any]:
    """The entity's history once the consumer and the applier have done their work."""

    def ask() -> list[Any]:
        found = tour.python["client"].get_feature_values(tour.own(group), tour.own(entity), start_time="2025-02-27T00:00:00Z")
        return list(found["history"])

    return wait_for(ask)


def test_every_step_shows_its_answer() -> None:
    assert all(answer is not None for _, answer in steps())


def test_the_tree_names_what_is_there() -> None:
    (tree,) = (block.text for block in blocks("README.md") if block.text.startswith("core/"))
    named = re.findall(r"^([\w/]+)/ ", tree, re.MULTILINE)
    assert not [name for name in named if not (ROOT / name).is_dir()]
    ours = {path.name for path in ROOT.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert ours <= {name.split("/")[0] for name in named}


def test_commands_of_make_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in ("README.md", "README.pt-BR.md", "CONTRIBUTING.md", "docs/operations.md"):
        used = set(re.findall(r"\bmake ([a-z-]+)", Path(ROOT / page).read_text("utf-8")))
        assert used <= targets, page
