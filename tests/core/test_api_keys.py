"""API keys: their form, and what is kept of them."""

import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import api_keys
from core.errors import Unauthorized


def test_a_new_key_has_the_documented_form() -> None:
    text, public_id, secret = api_keys.make()
    assert re.fullmatch(r"jst_[0-9A-Za-z]{8}_[0-9A-Za-z_-]{49}", text)
    assert api_keys.parse(text) == (public_id, secret)
    assert len(secret) == 43
    assert text[4:12] == public_id


def test_keys_differ() -> None:
    made = [api_keys.make() for _ in range(200)]
    assert len({key[1] for key in made}) == len({key[2] for key in made}) == 200


@given(st.integers(0, 61), st.sampled_from("0aZ_-"))
def test_a_changed_character_is_noticed(at: int, character: str) -> None:
    text, _, _ = api_keys.make()
    changed = text[:at] + character + text[at + 1 :]
    if changed != text:
        with pytest.raises(Unauthorized) as caught:
            api_keys.parse(changed)
        assert caught.value.code == "invalid_key"


@pytest.mark.parametrize("text", ["", "jst_", "jst_00000000_" + "a" * 49, "jst_00000000_" + "é" * 49, "Bearer x", "\ud800" * 62])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(Unauthorized):
        api_keys.parse(text)


def test_blanks_around_a_key_are_not_forgiven() -> None:
    text, _, _ = api_keys.make()
    for bad in (text + "\n", " " + text, text + "x"):
        with pytest.raises(Unauthorized):
            api_keys.parse(bad)


def test_the_digest_is_an_hmac_under_the_pepper() -> None:
    found = api_keys.digest("pepper", "secret")
    assert found == hmac.new(b"pepper", b"secret", hashlib.sha256).hexdigest()
    assert found != api_keys.digest("other", "secret")
    assert api_keys.same(found, api_keys.digest("pepper", "secret"))
    assert not api_keys.same(found, api_keys.digest("pepper", "Secret"))
    assert not api_keys.same(found, "")


def test_admin_may_do_everything() -> None:
    for scope in api_keys.SCOPES:
        assert api_keys.permits(("admin",), scope)
        assert api_keys.permits((scope,), scope)
        assert not api_keys.permits((), scope)
    assert not api_keys.permits(("features:read",), "registry:write")


def test_logs_show_which_key_but_not_its_secret() -> None:
    text, public_id, secret = api_keys.make()
    masked = api_keys.mask(f"GET /?key={text} and {text}")
    assert secret not in masked
    assert masked.count(public_id) == 2
    assert api_keys.mask("nothing here") == "nothing here"
