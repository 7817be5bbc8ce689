"""`make demo` installs everything but Spark (400 MB): no process of the embedded stack may need it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.servers.stack import ROOT

BLOCKED = """
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pyspark", "py4j", "secantus", "playwright", "pytest", "hypothesis"):
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, NotInstalled())
import django
django.setup()
"""


@pytest.mark.parametrize(
    "imports",
    [
        "jstore_site.wsgi, jstore_site.urls",
        "jstore_site.celery, processing.tasks",
        "processing.management.commands.apply_events",
        "processing.management.commands.consume_events",
    ],
)
def test_a_process_starts_without_it(imports: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "jstore_site.settings", "JSTORE_ENGINE": "duckdb"}
    command = [sys.executable, "-c", f"{BLOCKED}\nimport {imports}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-1500:]
