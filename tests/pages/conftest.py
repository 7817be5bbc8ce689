"""People, and a JStore in this process that their pages show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from playwright.sync_api import Page

from tests.pages.packages import install
from tests.pages.shop import Shop


@pytest.fixture
def shop(fresh: object) -> Shop:
    """An empty JStore; `settle` applies what was pushed."""
    return Shop()


@pytest.fixture
def site(fresh: object) -> Client:
    """A browser without scripts, signed in as ana, who administers."""
    return signed_in("ana", is_staff=True, role="admin")


@pytest.fixture
def reader(fresh: object) -> Client:
    """The same of rui, who may only look."""
    return signed_in("rui")


def signed_in(name: str, is_staff: bool = False, role: str = "") -> Client:
    """A client of a new person, who has no password: hashing one takes longer than most of these tests."""
    client = Client()
    user = User.objects.create_user(name, is_staff=is_staff)
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    client.force_login(user)
    return client


@pytest.fixture
def chromium_page(site: Client, live_server: Any, page: Page) -> Page:
    """A real browser on the live site, with the session of ana, who is staff."""
    session = site.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.goto(live_server.url)
    return page


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked packages, installed beside a copy of what the build of the pages' files reads."""
    return install(tmp_path_factory.mktemp("frontend"))
