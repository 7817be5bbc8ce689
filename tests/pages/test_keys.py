"""The page of API keys."""

from core.api_keys import parse
from features.models import ApiKey
from tests.pages.reading import found

KEY = r'id="key-text">(jst_[\w-]+)<'
FORM: dict[str, object] = {"name": "training jobs", "scopes": ["features:read"], "days": "30"}


def test_a_key_is_shown_once_and_works_at_once(site, settings):
    settings.JSTORE_ANONYMOUS_LOCAL = False
    answer = site.post("/keys/new/", FORM)
    html = answer.content.decode()
    text = found(KEY, html)
    assert parse(text)
    assert "no-store" in answer.headers["Cache-Control"]
    assert text not in site.get("/keys/").content.decode()
    assert ApiKey.objects.get().created_by == "user:ana"
    site.logout()
    assert site.get("/api/v1/features/", headers={"X-API-Key": text}).status_code == 200


def test_the_list_shows_scopes_and_state_but_no_secret(site):
    site.post("/keys/new/", FORM)
    html = site.get("/keys/").content.decode()
    key = ApiKey.objects.get()
    for said in ("training jobs", "features:read", f"jst_{key.public_id}…", "Expires"):
        assert said in html
    assert key.digest not in html


def test_a_revoked_key_opens_nothing(site):
    text = found(KEY, site.post("/keys/new/", FORM).content.decode())
    public_id = ApiKey.objects.get().public_id
    html = site.post(f"/keys/{public_id}/revoke/", follow=True).content.decode()
    assert "no longer opens anything" in html
    assert "Revoked" in html
    site.logout()
    assert site.get("/api/v1/features/", headers={"X-API-Key": text}).status_code == 401


def test_a_form_without_name_or_scope_makes_no_key(site):
    wrong: list[dict[str, object]] = [{"name": ""}, {"scopes": []}, {"scopes": ["everything"]}]
    for changed in wrong:
        assert site.post("/keys/new/", {**FORM, **changed}).status_code == 422
    assert not ApiKey.objects.exists()


def test_an_unknown_key_cannot_be_revoked(site):
    assert "no key has the public id" in site.post("/keys/nobody/revoke/", follow=True).content.decode()
