"""Leaves tests/test_acceptance.py out, and says so, where the checks that it runs are not beside the checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECKS = ROOT.parent / "shared" / "acceptance" / "contract.py"


def pytest_report_header() -> str | None:
    """A line at the top of the run."""
    return None if CHECKS.exists() else "acceptance: ../shared/acceptance/contract.py is not there, so its test is not collected"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """None = no opinion."""
    return True if collection_path.name == "test_acceptance.py" and not CHECKS.exists() else None
