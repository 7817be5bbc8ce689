"""Contract row "UI": the page "Features" with its "+" and the form behind it, in a real browser."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.contract import promise
from tests.oracle import iso
from tests.servers.http import Client
from tests.servers.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def features(stack: Stack, page: Page) -> Page:
    """The page "Features", signed in as the demo's user."""
    page.goto(stack.url + "/")
    page.get_by_label("Username").fill(stack.run["username"])
    page.get_by_label("Password").fill(stack.run["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Features", exact=True).first.click()
    expect(page.get_by_role("heading", name="Features", exact=True)).to_be_visible()
    return page


def fill(page: Page, name: str, sql: str) -> None:
    page.locator("#new-feature").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Description").fill("Sessions of a user")
    page.get_by_label("Type", exact=True).select_option("numerical")
    page.get_by_label("Entity ID").fill("user_id")
    switch = page.get_by_label("Enable SQL Transformation")
    switch.set_checked(True)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")  # an example stands there
    page.keyboard.press("Delete")
    page.keyboard.type(sql)  # fill() makes styled HTML, which the page's CSP refuses
    page.get_by_label("Window").select_option("7d")


def test_the_form_makes_a_feature_and_its_page_shows_values(features: Page, client: Client, tag: str) -> None:
    fill(features, f"UI Metrics {tag}", promise.SQL)
    features.get_by_role("button", name="Create feature").click()
    expect(features.get_by_role("heading", name=f"UI Metrics {tag}")).to_be_visible()
    answer = client.get(f"/api/v1/features/ui_metrics_{tag}")
    assert (answer.status, answer["status"], answer["entity_id"]) == (200, "active", "user_id")
    assert answer["transformation"]["aggregation_window"] == "7d"
    row = {"user_id": f"ui-{tag}", "session_duration": 300, "page_views": 41, "timestamp": iso(time.time_ns() // 1000)}
    assert client.push([row])["applied"] is True
    features.locator("#key-1").fill(f"ui-{tag}")
    features.get_by_role("button", name="Show values").click()
    expect(features.locator('[data-feature="total_page_views"] [data-value]')).to_contain_text("41")


def test_a_refused_sql_is_shown_with_its_place_and_stores_nothing(features: Page, client: Client, tag: str) -> None:
    fill(features, f"bad_{tag}", "SELECT user_id, SUM(x) AS s FROM elsewhere GROUP BY user_id")
    features.get_by_role("button", name="Create feature").click()
    report = features.locator("#sql-report [data-line]").first
    expect(report).to_be_visible()
    assert (report.get_attribute("data-line"), report.get_attribute("data-column")) == ("1", "34")
    assert client.get(f"/api/v1/features/bad_{tag}").status == 404


def test_without_the_switch_the_newest_row_is_kept(features: Page, client: Client, tag: str) -> None:
    features.locator("#new-feature").click()
    features.get_by_label("Name", exact=True).fill(f"plain_{tag}")
    features.get_by_label("Entity ID").fill("user_id")
    features.get_by_label("Enable SQL Transformation").set_checked(False)
    features.get_by_role("button", name="Create feature").click()
    expect(features.get_by_role("heading", name=f"plain_{tag}")).to_be_visible()
    assert client.get(f"/api/v1/features/plain_{tag}")["path"] == "row"
