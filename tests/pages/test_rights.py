"""Pages go by the same roles as the API: being staff opens Django's admin and nothing else."""

from __future__ import annotations

import pytest

from tests.pages.conftest import signed_in

KEY = {"name": "k", "scopes": ["admin"]}


@pytest.mark.parametrize(
    ("role", "is_staff", "defines", "makes_keys"),
    [
        ("", False, 403, 403),
        ("", True, 403, 403),
        ("viewer", True, 403, 403),
        ("editor", False, 200, 403),
        ("admin", False, 200, 200),
    ],
)
def test_who_may_define_and_who_may_make_keys(fresh, role, is_staff, defines, makes_keys):
    site = signed_in("joana", is_staff, role)
    assert site.get("/new-feature/").status_code == defines
    assert site.post("/keys/new/", KEY).status_code in ((403,) if makes_keys == 403 else (200, 422))
