"""Who sees a page, who may change something, and how a page leaves a browser no way around it."""

import pytest
from django.test import Client

from features import services
from tests.features.world import definition

PAGES = ("/", "/features/", "/new-feature/", "/features/user_metrics/", "/runs/", "/dead-letters/", "/keys/", "/find/")
CHANGES = (
    "/new-feature/",
    "/new-feature/check/",
    "/features/user_metrics/delete/",
    "/features/user_metrics/versions/1/activate/",
    "/keys/new/",
    "/keys/abc/revoke/",
    "/dead-letters/replay/",
    "/dead-letters/discard/",
    "/dead-letters/1/",
    "/dead-letters/1/discard/",
)


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_signing_in(fresh, path):
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/?next=")


def test_a_fragment_sends_the_whole_browser_to_the_login(fresh):
    asked = {"HX-Request": "true", "HX-Current-URL": "http://testserver/features/?search=x"}
    answer = Client().get("/find/", headers=asked)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/accounts/login/?next=%2Ffeatures%2F")


def test_an_address_without_its_last_slash_leads_to_the_page(site):
    assert site.get("/features?search=x").headers["Location"] == "/features/?search=x"
    assert site.get("/dead-letters").headers["Location"] == "/dead-letters/"
    for path in ("/nothing", "/api/v1/nothing", "/features/user_metrics/nothing"):
        assert site.get(path).status_code == 404, path
    assert site.get("/api/v1/nothing").headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", CHANGES)
def test_a_person_who_may_only_look_changes_nothing(reader, path):
    answer = reader.post(path)
    assert answer.status_code == 403
    assert "You may look, but not change this" in answer.content.decode()


def test_a_person_who_may_only_look_sees_no_buttons_for_changes(reader):
    services.register("default", definition(), "test")
    for path in ("/features/", "/features/user_metrics/", "/keys/"):
        html = reader.get(path).content.decode()
        assert "/new-feature/" not in html.partition('id="content"')[2].partition('id="palette"')[0]
        assert "Delete" not in html
        assert "Make key" not in html


@pytest.mark.parametrize("path", [path for path in CHANGES if path != "/new-feature/" and not path.startswith("/dead-letters/")])
def test_a_link_changes_nothing(site, path):
    assert site.get(path).status_code == 405


def test_who_comes_to_a_change_of_letters_by_a_link_is_led_to_the_page_of_it(site):
    for path, page in (("replay/", ""), ("discard/", ""), ("1/discard/", "1/")):
        answer = site.get(f"/dead-letters/{path}")
        assert (answer.status_code, answer.headers["Location"].rstrip("?")) == (302, f"/dead-letters/{page}")


def test_a_form_without_its_token_is_refused(fresh):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/accounts/login/", {"username": "x", "password": "y"}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/features/", "/new-feature/", "/accounts/login/"])
def test_the_policy_allows_our_own_files_only(site, path):
    policy = site.get(path, follow=True).headers["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";") if " " in part.strip())
    assert parts["script-src"].split()[0] == "'self'"
    assert parts["style-src"].split()[0] == "'self'"
    assert "unsafe" not in policy


def test_what_is_not_there_is_said_so(site):
    for path in ("/features/nothing_here/", "/runs/00000000-0000-0000-0000-000000000000/"):
        answer = site.get(path)
        assert answer.status_code == 404
        assert "There is no such page" in answer.content.decode()
    answer = site.get("/dead-letters/77/")
    assert answer.status_code == 404
    assert "unknown_dead_letter" in answer.content.decode()
