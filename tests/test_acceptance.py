"""The acceptance checks, which look at JStore from outside, on the run's stack; they are kept beside this repository."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.plugins.acceptance import CHECKS
from tests.servers.stack import ROOT, Stack


@pytest.mark.kafka
@pytest.mark.timeout(400)
def test_every_acceptance_check_passes(stack: Stack) -> None:
    demo = stack.command("demo/generate_data.py")
    assert demo.returncode == 0, demo.stderr[-3000:]
    command = [sys.executable, str(CHECKS), str(stack.home / "run.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=380, stdin=subprocess.DEVNULL)
    print(done.stdout)
    fallen = [line for line in done.stdout.splitlines() if not line.startswith("ok ")]
    assert done.returncode == 0, "\n".join(fallen) + done.stderr[-2000:]
    assert ", 0 failed" in done.stdout
    assert "Kafka not checked" not in done.stdout
