"""A server that answers by script, so that the faults of a network can be had at will."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from j_feature_store import RetryPolicy

QUICK = RetryPolicy(attempts=3, base=0.001, cap=0.002)


@dataclass
class Seen:
    """One request as it came over the wire. path: still encoded."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def entity(self) -> str:
        return unquote(self.path.rsplit("/", 1)[1])


@dataclass
class Reply:
    """What to answer. fault: "drop" closes without a word, "reset" sends RST, "half" breaks off inside the body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    fault: str = ""


class Script:
    """The replies still to come, in order, and the requests seen; the last reply stays."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply(body={})]
        self.seen: list[Seen] = []
        self.url = ""
        self._lock = threading.Lock()

    def says(self, *replies: Reply) -> None:
        self.replies = list(replies)

    def next(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): text for name, text in self.headers.items()}
        reply = self.script.next(Seen(self.command, parts.path, query, headers, body))
        time.sleep(reply.delay)
        if reply.fault in ("drop", "reset"):
            if reply.fault == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        content = reply.body if isinstance(reply.body, bytes) else b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        kind = "application/problem+json" if reply.status >= 400 else "application/json"
        for name, text in {"Content-Type": kind, "Content-Length": str(len(content)), **reply.headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if reply.fault == "half" else content)
        self.close_connection = self.close_connection or reply.fault == "half"

    do_GET = do_POST = do_DELETE = do_PATCH = answer

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a test's output is its assertion."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up waiting is part of the tests."""


def serve(told: Script) -> Server:
    """A server of this script on a free port of 127.0.0.1, not yet running."""
    server = Server(("127.0.0.1", 0), type("ScriptedHandler", (Handler,), {"script": told}))
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    return server
