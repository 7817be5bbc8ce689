#!/usr/bin/env python3
"""Fills a running JStore with the demo: an online shop's purchases and the features made of them.

usage: python generate_data.py [--url URL] [--api-key KEY] [--lang en|pt-BR] [--fresh]

Everything goes through the public API, by the SDK. A second run adds nothing and shows the same customers.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "sdk" / "python")]

# The SDK needs requests. `python` may be the system's: then the project's own interpreter takes over.
PROJECT_PYTHON = ROOT / ".venv" / "bin" / "python"
if importlib.util.find_spec("requests") is None and PROJECT_PYTHON.exists() and Path(sys.prefix) != ROOT / ".venv":
    os.execv(PROJECT_PYTHON, [str(PROJECT_PYTHON), *sys.argv])  # noqa: S606 - a fixed path, the caller's own arguments

from j_feature_store import FeatureStoreClient, JStoreError, NotFound, Unauthorized, Unavailable  # noqa: E402

from demo.shop import report  # noqa: E402 - after the path
from demo.shop.loading import load, wait_until_fresh  # noqa: E402
from demo.shop.purchases import DAYS, start_of, tell  # noqa: E402
from demo.shop.words import LANGUAGES, Words  # noqa: E402

DEFAULT_URL = "http://localhost:8000"


def run_file() -> dict[str, str]:
    """What `make demo` wrote about the running JStore; empty where there is none."""
    path = Path(os.environ.get("JSTORE_HOME") or ROOT / ".jstore") / "run.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line; the defaults come from .jstore/run.json."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--url", help=f"default: that of .jstore/run.json, else {DEFAULT_URL}")
    parser.add_argument("--api-key", help="default: that of .jstore/run.json; a JStore on this machine may need none")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the report")
    parser.add_argument("--fresh", action="store_true", help="send the thirty days once more, told from now")
    parser.add_argument("--now", help="the moment the story is told from (RFC 3339); for tests")
    given = parser.parse_args(argv)
    if given.url is None:  # the file's key belongs to the file's server
        known = run_file()
        given.url = known.get("url", DEFAULT_URL)
        given.api_key = given.api_key or known.get("api_key")
    return given


def needs_key(url: str, definition: dict[str, Any]) -> bool:
    """Whether a request without a key from this machine does not reach the project of this definition."""
    with FeatureStoreClient(url) as anonymous:
        try:
            return bool(anonymous.get_feature(definition["name"])["created_at"] != definition["created_at"])
        except (NotFound, Unauthorized):
            return True


def main(argv: list[str] | None = None) -> int:
    """-> exit code."""
    given = arguments(argv)
    words, started = Words(given.lang), time.monotonic()
    now = start_of(given.now)
    edition = now.strftime("-%Y%m%d%H%M%S") if given.fresh else ""
    url = given.url.rstrip("/")
    try:
        with FeatureStoreClient(url, api_key=given.api_key) as client:
            loaded = load(client, tell(now, edition=edition), now, edition)
            customers = list(report.SHOWN)
            online = wait_until_fresh(client, report.SHOWN_FEATURES, customers)
            past = client.get_feature_values("customer_metrics", customers[0], start_time=now - timedelta(days=DAYS))
            letters = client.dead_letters()
        parts = [
            report.groups(loaded, words),
            report.events(loaded, words),
            report.served(online, words),
            report.history(past, customers[0], words),
            report.dead_letters(letters, words),
            report.doors(url, words),
            report.next_steps(url, now, needs_key(url, loaded.groups[0]), words),
        ]
    except Unavailable as error:
        print(f"No JStore answers at {url}: {error.detail}\nStart one with `make demo`, or give --url.", file=sys.stderr)
        return 1
    except JStoreError as error:
        print(f"JStore at {url} refused: {error}", file=sys.stderr)
        return 1
    print("\n\n".join("\n".join(lines) for lines in parts))
    print(f"\n{words('Done in')} {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
