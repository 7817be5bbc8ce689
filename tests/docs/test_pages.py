"""Every page leads somewhere, speaks of no machine, and the two READMEs are one page in two languages."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, blocks, headings, links, read


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page: str) -> None:
    for target in links(page):
        if target.startswith(("https://", "http://localhost")):
            continue
        path, _, fragment = target.partition("#")
        there = (ROOT / page).parent.joinpath(path).resolve() if path else ROOT / page
        assert there.exists(), f"{page} -> {target}"
        if fragment:
            assert fragment in anchors(str(there.relative_to(ROOT))), f"{page} -> {target}"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_path_of_somebodys_machine(page: str) -> None:
    assert not re.findall(r"(?<![\w/.])/(?:home|root|work|tmp|Users|usr/local)/", read(page))


def test_every_page_of_docs_is_tested_and_linked_from_the_readme() -> None:
    there = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert there <= set(PAGES)
    assert there <= {target.partition("#")[0] for target in links("README.md")}


def test_the_readmes_have_the_same_headings_and_the_same_code() -> None:
    english, portuguese = "README.md", "README.pt-BR.md"
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(portuguese)]
    assert [(one.language, one.text) for one in blocks(english)] == [(one.language, one.text) for one in blocks(portuguese)]
    assert len(links(english)) == len(links(portuguese))


def test_the_newest_version_of_the_changes_is_the_one_of_the_package() -> None:
    found: dict[str, str] = {}
    exec((ROOT / "sdk" / "python" / "j_feature_store" / "version.py").read_text("utf-8"), found)
    newest = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == found["__version__"] == "0.1.0"
