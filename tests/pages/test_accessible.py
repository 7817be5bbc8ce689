"""axe-core finds nothing on any page, in both themes, on a desktop and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.pages.shop import SQL

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"desktop": {"width": 1360, "height": 900}, "phone": {"width": 390, "height": 844}}


def findings(page: Page, axe: str) -> list[str]:
    """Rule, element and reason of everything axe objects to."""
    page.evaluate(axe)
    result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{found['id']}: {node['html'][:160]}" for found in result["violations"] for node in found["nodes"]]


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("desktop", "dark"), ("phone", "light")])
def test_axe_objects_to_nothing(chromium_page, live_server, shop, node_modules, size, scheme):
    page = chromium_page
    axe = (node_modules / "axe-core" / "axe.min.js").read_text("utf-8")
    page.set_viewport_size(SIZES[size])
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    shop.define("spend", SQL, tags=["shop"], columns={"amount": "DOUBLE"})
    shop.push([{"user_id": "u", "amount": 5}, {"user_id": "u", "amount": 5, "timestamp": "yesterday"}])
    shop.settle()
    found = {}
    for path in ("/", "/features/", "/features/?search=nothing", "/new-feature/", "/runs/", "/keys/"):
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        found[path] = findings(page, axe)
    page.goto(f"{live_server.url}/features/spend/")
    page.get_by_label("user_id").fill("u")
    page.keyboard.press("Enter")
    page.locator("#history figure").wait_for()
    found["detail"] = findings(page, axe)
    page.goto(f"{live_server.url}/dead-letters/")
    page.locator("details.letter summary").click()
    page.get_by_label("Payload").wait_for()
    found["letters"] = findings(page, axe)
    page.context.clear_cookies()
    page.goto(live_server.url)
    found["login"] = findings(page, axe)
    assert {name: objections for name, objections in found.items() if objections} == {}
