"""A real Chromium for the tests, driven by playwright: the machine's own program, no download."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, sync_playwright

from tests.servers.process import ServerFailed


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser; ServerFailed with the reason where it cannot start. --no-sandbox: tests may run as root."""
    program = shutil.which("chromium")
    if program is None:
        raise ServerFailed("Chromium is not installed; Debian's package is called chromium")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        except Error as error:
            raise ServerFailed(f"Chromium did not start: {error}") from error
        yield browser
        browser.close()
