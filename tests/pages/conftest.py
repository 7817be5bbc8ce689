"""People, and a JStore in this process that their pages show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page

from tests.pages.packages import install
from tests.pages.shop import Shop

PASSWORD = "a long pass phrase"


@pytest.fixture
def shop(fresh: object) -> Shop:
    """An empty JStore; `settle` applies what was pushed."""
    return Shop()


@pytest.fixture
def site(fresh: object) -> Client:
    """A browser without scripts, signed in as ana, who is staff."""
    return signed_in("ana", is_staff=True)


@pytest.fixture
def reader(fresh: object) -> Client:
    """The same of rui, who may only look."""
    return signed_in("rui")


def signed_in(name: str, is_staff: bool = False) -> Client:
    """A client of a new person."""
    client = Client()
    client.force_login(User.objects.create_user(name, password=PASSWORD, is_staff=is_staff))
    return client


@pytest.fixture
def chromium_page(fresh: object, live_server: Any, page: Page) -> Page:
    """A real browser on the live site, signed in by the login page as ana, who is staff."""
    User.objects.create_user("ana", password=PASSWORD, is_staff=True)
    page.goto(live_server.url)
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    return page


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked packages, installed beside a copy of what the build of the pages' files reads."""
    return install(tmp_path_factory.mktemp("frontend"))
