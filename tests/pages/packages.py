"""The locked npm packages in a folder of the tests: the checkout's own node_modules may be old, or missing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from jstore_site.conf.environment import BASE_DIR


def run(*command: str, cwd: Path) -> None:
    """Run a command that must succeed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def install(folder: Path) -> Path:
    """Copy what the build reads, install the lock there. -> its node_modules."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(BASE_DIR / name, folder)
    for name in ("frontend", "templates", "features"):
        shutil.copytree(BASE_DIR / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    run("npm", "ci", "--no-audit", "--no-fund", cwd=folder)
    return folder / "node_modules"
