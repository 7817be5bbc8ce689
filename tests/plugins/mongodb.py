"""The run's MongoDB wire server: started when the first test asks for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.mongodb import MongoDB


@pytest.fixture(scope="session")
def mongodb() -> Iterator[MongoDB]:
    """One server for the whole run."""
    with tempfile.TemporaryDirectory(prefix="jstore-mongodb-") as home:
        server = MongoDB(Path(home))
        server.start()
        yield server
        server.stop()
