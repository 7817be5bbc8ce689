"""The SDK as a user has it, and clients of a scripted server. What needs no fault is tested against the real stack."""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SDK = Path(__file__).parents[2] / "sdk" / "python"
sys.path.insert(0, str(SDK))

from j_feature_store import FeatureStoreClient  # noqa: E402 - needs the path above

from tests.sdk.scripted import QUICK, Reply, Script, serve  # noqa: E402
from tests.servers.stack import Stack  # noqa: E402


@pytest.fixture
def script() -> Iterator[Script]:
    """A scripted server on a free port of 127.0.0.1."""
    told = Script()
    server = serve(told)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(script: Script) -> Iterator[FeatureStoreClient]:
    """A client of the scripted server that retries without the usual waits."""
    with FeatureStoreClient(host="127.0.0.1", port=script.port, api_key="jst_test", retry=QUICK, timeout=5) as connected:
        yield connected


@pytest.fixture
def problem() -> Callable[..., Reply]:
    """problem(status, code, detail, **members) -> a problem+json reply."""

    def problem(status: int, code: str, detail: str = "the reason", **members: Any) -> Reply:
        headers = members.pop("headers", {})
        document = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail, **members}
        return Reply(status, document, headers)

    return problem


@pytest.fixture
def tag() -> str:
    """A part of names that no other test uses: the stack is shared."""
    return uuid.uuid4().hex[:8]


@pytest.fixture
def store(stack: Stack) -> Iterator[FeatureStoreClient]:
    """A client of the run's real JStore."""
    with FeatureStoreClient(host="127.0.0.1", port=stack.port, api_key=stack.run["api_key"]) as connected:
        yield connected
