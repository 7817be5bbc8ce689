"""A small HTTP client for tests that look at JStore from outside: standard library only, no retries, no opinions."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What a client sees whose server died before or in the middle of its answer.
NO_ANSWER = (OSError, http.client.HTTPException)
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """Status, headers by lower-case name, and the body as JSON where it is JSON, else as text."""

    status: int
    headers: Mapping[str, str]
    body: Any

    def __getitem__(self, key: str | int) -> Any:
        return self.body[key]


class Client:
    """Requests against one JStore. With a key, or by the local rule without."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url, self.key = url.rstrip("/"), key

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, timeout: float = 60
    ) -> Answer:
        """Any status is an answer. `body`: bytes as they are, anything else as JSON."""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        sent = {} if data is None else {"Content-Type": "application/json"}
        if self.key:
            sent["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.url + path, data=data, method=method, headers={**sent, **(headers or {})})
        try:
            answer = DIRECT.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
        found = {name.lower(): text for name, text in answer.headers.items()}
        if "json" in found.get("content-type", ""):
            return Answer(answer.status, found, json.loads(content))
        return Answer(answer.status, found, content.decode(errors="replace"))

    def get(self, path: str, **query: Any) -> Answer:
        """GET with a query string."""
        return self.send("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def try_get(self, path: str) -> int | None:
        """The status, None where nobody answers."""
        try:
            return self.send("GET", path, timeout=5).status
        except NO_ANSWER:
            return None

    def define(self, name: str, sql: str | None, entity: Any = "user_id", window: str | None = None, **more: Any) -> Answer:
        """POST /features/ in the contract's shape."""
        body: dict[str, Any] = {"name": name, "description": name, "type": "numerical", "entity_id": entity, **more}
        if sql is not None:
            body["transformation"] = {"sql_query": sql} | ({"aggregation_window": window} if window else {})
        return self.send("POST", "/api/v1/features/", body)

    def push(self, rows: Any, wait: float | None = 30, **headers: str) -> Answer:
        """POST /events/; `rows` is sent as it stands. Waits until they show online unless told not to."""
        return self.send("POST", "/api/v1/events/" + (f"?wait={wait}" if wait else ""), rows, headers)

    def values(self, ref: str, entity: object, **query: Any) -> Answer:
        """GET /features/{ref}/values/{entity}."""
        return self.get(f"/api/v1/features/{ref}/values/{urllib.parse.quote(str(entity), safe='')}", **query)

    def value(self, ref: str, entity: object, feature: str, **query: Any) -> Any:
        """One value, or None where the answer has none."""
        answer = self.values(ref, entity, **query)
        return answer["values"][feature]["value"] if answer.status == 200 else None

    def online(self, refs: Sequence[str], entities: Mapping[str, Sequence[Any]], **more: Any) -> Answer:
        """POST /online-features."""
        return self.send("POST", "/api/v1/online-features", {"features": list(refs), "entities": dict(entities), **more})
