"""The run's Chromium and a page of it for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.servers.browser import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    # playwright keeps an event loop in this thread, where Django would refuse the database to a test that also uses a page.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with chromium() as running:
        yield running
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with no cookies. The test fails if a script or the server failed, the CSP refused, or another host was asked."""
    context = browser.new_context(locale="en-US", timezone_id="UTC")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
    page.on("console", lambda message: problems.append(message.text) if _is_problem(message) else None)
    page.on(
        "request",
        lambda request: None if _local(request.url) else problems.append(f"foreign request: {request.url}"),
    )
    page.on("response", lambda answer: problems.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None)
    page.set_default_timeout(10_000)
    yield page
    context.close()
    assert not problems, problems


def _is_problem(message: ConsoleMessage) -> bool:
    # Chromium logs every answer from 400 up; a form that is refused is no problem of the page.
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def _local(url: str) -> bool:
    return url.startswith(("http://localhost", "http://127.0.0.1", "data:", "blob:", "about:"))
