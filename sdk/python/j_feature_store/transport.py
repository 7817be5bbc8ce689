"""One HTTP session to one JStore: authentication, TLS, retries, and problem documents to exceptions."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from j_feature_store.address import API, is_loopback
from j_feature_store.errors import JStoreError, RateLimited, Unavailable, from_problem
from j_feature_store.retry import RETRIED_STATUSES, RetryPolicy, parse_retry_after
from j_feature_store.version import __version__

AGENT = f"j-feature-store/{__version__} python/{platform.python_version()} requests/{requests.__version__}"
CONNECT_TIMEOUT = 10.0


class BearerKey(requests.auth.AuthBase):
    """Sends the API key, or nothing. Always set: with no auth object requests would take one from ~/.netrc."""

    def __init__(self, api_key: str | None) -> None:
        self.api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.api_key:
            request.headers["Authorization"] = f"Bearer {self.api_key}"
        return request


class Transport:
    """Sends requests below `/api/v1` and returns parsed JSON; safe to share between threads."""

    def __init__(self, url: str, api_key: str | None, ca_file: str | None, timeout: float, retry: RetryPolicy) -> None:
        self.url = url
        self.has_key = bool(api_key)
        self.timeout = timeout
        self.retry = retry
        self.session = requests.Session()
        self.session.auth = BearerKey(api_key)
        self.session.headers.update({"User-Agent": AGENT, "Accept": "application/json, application/problem+json"})
        adapter = HTTPAdapter(pool_maxsize=32)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)
        self.verify: bool | str = ca_file or True
        if is_loopback(url):  # a proxy of the environment cannot reach this machine's own loopback
            self.session.trust_env = False
            self.verify = ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True

    def close(self) -> None:
        """Closes the pooled connections."""
        self.session.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        patience: float = 0.0,
    ) -> Any:
        """The parsed JSON of a 2xx answer (None where it is empty); else raises a JStoreError.

        path: below /api/v1, already percent-encoded. repeatable: whether sending it twice does no harm; only then are
        connection errors, 429, 502, 503 and 504 retried. patience: seconds the server may hold the answer on purpose.
        """
        sent = {"Content-Type": "application/json", **(headers or {})} if body is not None else dict(headers or {})
        tried = 0
        while True:
            tried += 1
            retry_after = None
            try:
                answer = self._exchange(method, path, query, body, sent, patience)
            except Unavailable as failed:
                error: JStoreError = failed
            else:
                if answer.status_code < 300:
                    return self._parse(answer)
                error = self._refusal(answer)
                if answer.status_code not in RETRIED_STATUSES:
                    raise error
                retry_after = parse_retry_after(answer.headers.get("Retry-After"))
                if isinstance(error, RateLimited):
                    error.retry_after = retry_after
            delay = self.retry.delay(tried, retry_after) if repeatable else None
            if delay is None:
                raise error
            time.sleep(delay)

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: bytes | None,
        headers: Mapping[str, str],
        patience: float,
    ) -> requests.Response:
        """One try; what the network does wrong becomes Unavailable."""
        try:
            return self.session.request(
                method,
                f"{self.url}{API}{path}",
                params=query,
                data=body,
                headers=headers,
                timeout=(min(CONNECT_TIMEOUT, self.timeout), self.timeout + patience),
                verify=self.verify,  # named here: a session's own setting would yield to REQUESTS_CA_BUNDLE
                allow_redirects=False,  # the API never redirects, and a followed redirect turns POST into GET
            )
        except requests.exceptions.SSLError as error:
            raise JStoreError("tls_failed", f"{self.url}: {_innermost(error)}; for a private CA give ca_file=") from error
        except requests.Timeout as error:
            raise Unavailable("timeout", f"{self.url} did not answer within {self.timeout + patience:g} s") from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise Unavailable("unreachable", f"{self.url}: {_innermost(error)}") from error
        except requests.RequestException as error:
            raise JStoreError("not_sent", f"{self.url}: {error}") from error

    def _parse(self, answer: requests.Response) -> Any:
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            kind = answer.headers.get("Content-Type", "no content type")
            detail = f"{self.url} answered {kind} where JStore answers JSON; check host, port and use_ssl"
            raise JStoreError("not_jstore", detail, status=answer.status_code) from None

    def _refusal(self, answer: requests.Response) -> JStoreError:
        request_id = answer.headers.get("X-Request-ID")
        if answer.status_code < 400:
            target = urlsplit(answer.headers.get("Location", ""))
            place = f"{target.scheme}://{target.netloc}" if target.netloc else "another place"
            return JStoreError(
                "redirected", f"{self.url} redirects to {place}; check host, port and use_ssl", status=answer.status_code
            )
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):  # a proxy's own page
            document = {"detail": f"{answer.reason}: {answer.text[:200]}".strip()}
        error = from_problem(answer.status_code, document, request_id)
        if answer.status_code == 401 and not self.has_key:
            error.detail += "; no key was given, pass api_key="
        return error


def _innermost(error: BaseException) -> str:
    """The operating system's words, which requests and urllib3 wrap three times."""
    while True:
        inner = error.__cause__ or error.__context__ or next((a for a in error.args if isinstance(a, BaseException)), None)
        inner = inner or getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            return str(error)
        error = inner
