"""The pages in a real browser. The fixture `page` fails a test whose page breaks the policy, a script, or asks another host."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from features import selectors
from tests.pages.reading import described
from tests.pages.shop import SQL, ago

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


def fill_form(page: Page, sql: str) -> None:
    """The "+" form, as a person fills it."""
    page.get_by_role("link", name="New feature").first.click()
    page.get_by_label("Name", exact=True).fill("Spend of a user")
    page.get_by_label("Description").fill("How much")
    page.get_by_label("Type", exact=True).select_option("numerical")
    page.get_by_label("Entity ID").fill("user_id")
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(sql)


def test_the_form_makes_a_feature_and_its_page_shows_values_and_their_history(chromium_page, live_server, shop):
    page = chromium_page
    page.goto(f"{live_server.url}/features/")
    fill_form(page, SQL)
    expect(page.locator("[data-sql-good]")).to_contain_text("total")  # judged while it was typed
    page.get_by_label("Window").select_option("30d")
    page.get_by_role("button", name="Create feature").click()
    expect(page.get_by_role("heading", name="Spend of a user")).to_be_visible()
    assert described("spend_of_a_user")["transformation"] == {"sql_query": SQL, "aggregation_window": "30d"}

    shop.push([{"user_id": "u/1", "amount": 40 + n, "timestamp": ago(n * 86_400 + 60)} for n in (3, 2, 1)])
    shop.settle()
    page.reload()
    page.get_by_label("user_id").fill("u/1")
    page.keyboard.press("Enter")
    row = page.locator("[data-feature=total]")
    expect(row.locator("[data-value]")).to_have_text("126")
    expect(row).to_contain_text("Present")
    expect(page.get_by_role("img", name="total between 43 and 126, last 126")).to_be_visible()
    page.get_by_role("button", name="1 day").click()
    expect(page.get_by_text("No event of this entity in this range.")).to_be_visible()


def test_while_it_is_typed_the_report_says_what_it_would_be_and_previews_by_keyboard(chromium_page, live_server, shop):
    page = chromium_page
    shop.push([{"user_id": f"u{n}", "amount": 10.5 * n, "timestamp": ago(60 * n + 60)} for n in range(5)])
    page.goto(f"{live_server.url}/features/")
    fill_form(page, "SELECT user_id, COLLECT_LIST(amuont) AS spent FROM input_data GROUP BY user_id")
    report = page.locator("#sql-report")
    expect(report.locator("[data-sql-columns]")).to_contain_text("spent")
    expect(report).to_contain_text("Recompute")
    expect(report).to_contain_text("Faster:")
    expect(report.locator("[data-sql-warnings]")).to_contain_text("Did you mean amount?")
    expect(report).to_contain_text("unbounded_window")
    page.get_by_label("Window").select_option("1h")  # asked again, without the SQL being touched
    expect(report).not_to_contain_text("unbounded_window")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(SQL)
    expect(report).to_contain_text("every aggregate merges")
    button = page.get_by_role("button", name="Preview with real events")
    button.focus()
    page.keyboard.press("Enter")
    expect(report.locator("[data-sql-preview]")).to_contain_text("42.0")
    expect(button).to_be_focused()


def test_an_error_is_marked_in_the_text_of_the_sql(chromium_page, live_server):
    page = chromium_page
    page.goto(f"{live_server.url}/features/")
    fill_form(page, "SELECT user_id, SUM(amount) AS total FROM elsewhere GROUP BY user_id")
    expect(page.locator("#sql-report")).to_contain_text("Line 1, column 43")
    expect(page.locator(".cm-lintRange-error")).to_have_text("elsewhere")
    page.get_by_role("button", name="Create feature").click()
    expect(page.locator("#sql-report")).to_contain_text("Line 1, column 43")
    expect(page.locator(".cm-lintRange-error")).to_have_text("elsewhere")
    assert selectors.describe("default", "spend_of_a_user") is None
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(SQL)
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    page.get_by_role("button", name="Create feature").click()
    expect(page.get_by_role("heading", name="Spend of a user")).to_be_visible()


def test_the_switch_takes_the_sql_away(chromium_page, live_server):
    page = chromium_page
    page.goto(f"{live_server.url}/new-feature/")
    expect(page.locator(".cm-content")).to_be_visible()
    page.get_by_role("switch", name="Enable SQL Transformation").click()
    expect(page.locator(".cm-content")).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("last_city")
    page.get_by_label("Entity ID").fill("user_id")
    page.get_by_role("button", name="Create feature").click()
    expect(page.get_by_role("heading", name="last_city")).to_be_visible()
    assert described("last_city")["path"] == "row"


def test_the_list_searches_while_typing_and_keeps_its_address(chromium_page, live_server, shop):
    page = chromium_page
    shop.define("spend", SQL, tags=["shop"])
    shop.define("views", SQL.replace("SUM", "MAX"))
    page.goto(f"{live_server.url}/features/")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("#filters").get_by_label("Search features").press_sequentially("spe")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.wait_for_url(re.compile(r"search=spe"))
    page.locator("#filters").get_by_label("Search features").fill("")
    page.get_by_label("Any tag").select_option("shop")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody tr").click(position={"x": 400, "y": 10})  # the whole row leads there
    expect(page.get_by_role("heading", name="spend")).to_be_visible()


def test_the_keyboard_alone_is_enough(chromium_page, live_server, shop):
    page = chromium_page
    shop.define("spend", SQL)
    page.goto(f"{live_server.url}/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search features")).to_be_focused()
    page.keyboard.type("spe")
    expect(page.locator("#palette [role=option]")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/features/spend/")


def test_a_deletion_is_asked_twice(chromium_page, live_server, shop):
    page = chromium_page
    shop.define("spend", SQL)
    page.goto(f"{live_server.url}/features/spend/")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete spend?")
    dialog.get_by_role("button", name="Back").click()
    assert selectors.describe("default", "spend") is not None
    page.locator("#delete-feature").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_contain_text("spend is deleted.")
    assert selectors.describe("default", "spend") is None


def test_theme_and_language_are_chosen_and_kept(chromium_page, live_server):
    page = chromium_page
    page.goto(f"{live_server.url}/features/")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.locator("summary[aria-label=Theme]").click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(ground) != light
    page.get_by_role("button", name="Português (Brasil)").click()
    expect(page.get_by_role("heading", name="Nenhuma feature ainda")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="No features yet")).to_be_visible()


def test_the_system_decides_where_nobody_chose(chromium_page, live_server):
    page = chromium_page
    page.goto(f"{live_server.url}/features/")
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        grounds.append(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert grounds[0] != grounds[1]


def test_a_letter_is_corrected_and_replayed(chromium_page, live_server, shop):
    page = chromium_page
    shop.define("spend", SQL)
    shop.push([{"user_id": "u", "amount": 5, "timestamp": "yesterday"}])
    page.goto(f"{live_server.url}/dead-letters/")
    page.locator("details.letter summary").click()
    payload = page.get_by_label("Payload")
    payload.fill(payload.input_value().replace("yesterday", ago(1)))
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_role("heading", name="No dead letters")).to_be_visible()
    shop.settle()
    assert shop.total("u") == 5.0


@pytest.mark.parametrize("phone", [False, True])
def test_letters_are_narrowed_and_all_of_them_discarded_by_keyboard_after_a_question(chromium_page, live_server, shop, phone):
    page = chromium_page
    if phone:
        page.set_viewport_size(PHONE)
    shop.define("spend", SQL, columns={"amount": "DOUBLE"})
    shop.define("notes", SQL.replace("SUM", "MAX"), columns={"amount": "STRING"})
    shop.push([{"user_id": "u", "amount": "ten"}, {"user_id": "u", "amount": 5, "timestamp": "yesterday"}])
    page.goto(f"{live_server.url}/dead-letters/")
    expect(page.locator("details.letter")).to_have_count(2)
    page.get_by_label("Any group").select_option("spend")
    expect(page.locator("details.letter")).to_have_count(1)
    page.get_by_role("button", name="Discard all of these").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Discard 1 letter?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("details.letter")).to_have_count(1)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.get_by_text("1 letter is gone.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Clear filters").last.click()
    expect(page.locator("details.letter")).to_have_count(1)
    expect(page.locator("details.letter")).to_contain_text("bad_timestamp")


def test_a_person_signs_in_and_out(fresh, live_server, page):
    User.objects.create_user("ana", password="a long pass phrase")
    page.goto(f"{live_server.url}/features/")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill("a long pass phrase")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/features/")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_label("Username")).to_be_visible()


def test_a_phone_needs_no_sideways_scrolling(chromium_page, live_server, shop):
    page = chromium_page
    shop.define("spend", SQL)
    shop.push([{"user_id": "u", "amount": 5, "timestamp": "yesterday"}])
    page.set_viewport_size(PHONE)
    for path in ("/", "/features/", "/features/spend/", "/new-feature/", "/runs/", "/dead-letters/", "/keys/"):
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        expect(page.locator("nav.dock")).to_be_visible()
    page.locator("nav.dock").get_by_role("button", name="More").click()
    expect(page.locator("#more").get_by_role("link", name="API keys")).to_be_visible()
