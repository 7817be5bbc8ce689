"""The built files are those that the sources and the locked packages give."""

import filecmp
import json

from jstore_site.conf.environment import BASE_DIR
from tests.pages.packages import run

BUILT = BASE_DIR / "static" / "jstore"


def test_a_build_gives_the_same_bytes(node_modules):
    run("npm", "run", "build", cwd=node_modules.parent)
    rebuilt = node_modules.parent / "static" / "jstore"
    names = sorted(path.name for path in BUILT.iterdir())
    assert names == sorted(path.name for path in rebuilt.iterdir())
    _same, different, errors = filecmp.cmpfiles(BUILT, rebuilt, names, shallow=False)
    assert (different, errors) == ([], []), "run `npm ci && npm run build` and commit static/jstore"


def test_the_lock_names_no_registry():
    lock = json.loads((BASE_DIR / "package-lock.json").read_text("utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in lock["packages"].items() if name and not package.get("inBundle"))


def test_the_scripts_hold_nothing_that_the_policy_refuses():
    for path in BUILT.glob("*.js"):
        text = path.read_text("utf-8")
        assert "eval(" not in text
        assert "new Function" not in text


def test_no_template_has_inline_code_or_style():
    for path in (BASE_DIR / "templates").rglob("*.html"):
        text = path.read_text("utf-8")
        assert "<style" not in text, path
        assert ' style="' not in text, path
        assert " onclick=" not in text, path
        assert "<script>" not in text, path
        assert "hx-on" not in text, path


def test_every_icon_that_is_asked_for_is_in_the_sprite():
    sprite = (BUILT / "icons.svg").read_text("utf-8")
    for path in (BASE_DIR / "templates").rglob("*.html"):
        for piece in path.read_text("utf-8").split('{% icon "')[1:]:
            assert f'id="{piece.partition(chr(34))[0]}"' in sprite, path
