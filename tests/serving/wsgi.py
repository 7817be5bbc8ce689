"""Calls a WSGI application as a server would, without one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(
    app: Callable[..., Any],
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    query: str = "",
    key: str | None = None,
    content_type: str | None = None,
    **more: Any,
) -> Reply:
    """`path` as a person reads it: text, not percent-encoded. `more` are further entries of the environ."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": quote(query, safe="=&%+:"),
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:8000",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body or b""),
        "wsgi.errors": BytesIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["CONTENT_TYPE"] = content_type or "application/json"
    if key is not None:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    seen: list[Any] = []
    chunks = app({**environ, **more}, lambda status, headers, exc_info=None: seen.append((status, headers)))
    found = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    status, headers = seen[-1]
    return Reply(int(status.split(" ", 1)[0]), {name.lower(): value for name, value in headers}, found)
