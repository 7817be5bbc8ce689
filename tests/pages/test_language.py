"""Every string of the pages is there in both languages, and the reader chooses."""

import gettext
import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from features import services
from jstore_site.conf.environment import BASE_DIR
from tests.features.world import definition
from tests.pages.catalogue import entries, spoken, spoken_in_template

FOLDER = BASE_DIR / "locale" / "pt_BR" / "LC_MESSAGES"
ADMIN = BASE_DIR / "locale" / "unfold" / "pt_BR" / "LC_MESSAGES"
APPS = ("features", "serving", "processing", "monitoring", "jstore_site")


def said() -> set[tuple[str | None, str]]:
    """Every text that a template or a Python file of the site gives to gettext."""
    folders = [BASE_DIR / "templates", *(BASE_DIR / app / "templates" for app in APPS)]
    templates = [path for folder in folders for path in folder.rglob("*.html")]
    sources = [path for app in APPS for path in (BASE_DIR / app).rglob("*.py")]
    found = {key for path in templates for key in spoken_in_template(path.read_text("utf-8"))}
    return found | {key for path in sources for key in spoken(path.read_text("utf-8"))}


def test_every_text_of_the_site_is_in_the_catalogue_and_no_other():
    catalogue = entries(FOLDER / "django.po")
    texts = said()
    assert len(texts) > 250  # the reader of the sources reads them
    assert sorted(texts - catalogue.keys(), key=str) == []
    assert sorted(catalogue.keys() - texts, key=str) == []


def test_a_translation_keeps_the_names_it_is_given():
    for (_context, text), (plural, translations, _fuzzy) in entries(FOLDER / "django.po").items():
        for translation in translations:
            names = set(re.findall(r"%\(\w+\)s", translation))
            assert names in (set(re.findall(r"%\(\w+\)s", text)), set(re.findall(r"%\(\w+\)s", plural))), text


@pytest.mark.parametrize("folder", [FOLDER, ADMIN])
def test_the_compiled_catalogue_is_the_written_one_and_nothing_in_it_is_empty(folder):
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for (context, text), (plural, translations, fuzzy) in entries(folder / "django.po").items():
        assert all(translations), text
        assert not fuzzy, text
        if plural:
            assert [compiled.ngettext(text, plural, n) for n in (1, 2)] == translations
        elif context:
            assert compiled.pgettext(context, text) == translations[0]
        else:
            assert compiled.gettext(text) == translations[0]


def test_the_admin_speaks_portuguese_too(site):
    User.objects.filter(username="ana").update(is_superuser=True)
    site.cookies.load({settings.LANGUAGE_COOKIE_NAME: "pt-br"})
    html = site.get("/admin/features/group/").content.decode()
    assert "Digite para buscar" in html
    assert "grupos de features" in html.lower()


def test_a_page_speaks_the_language_that_the_browser_asks_for(fresh):
    for asked, words in (("pt-BR,pt;q=0.9", "Entrar no JStore"), ("en", "Sign in to JStore"), ("fi", "Sign in to JStore")):
        assert words in Client(headers={"accept-language": asked}).get("/accounts/login/").content.decode()


def test_the_switch_changes_the_language_and_stays_on_the_page(site):
    answer = site.post("/i18n/setlang/", {"language": "pt-br", "next": "/features/"})
    assert answer.headers["Location"] == "/features/"
    html = site.get("/features/").content.decode()
    assert '<html lang="pt-br"' in html
    assert "Nenhuma feature ainda" in html
    site.post("/i18n/setlang/", {"language": "en", "next": "/"})
    assert '<html lang="en"' in site.get("/features/").content.decode()


@pytest.mark.parametrize(
    "path", ["/", "/features/", "/features/user_metrics/", "/new-feature/", "/runs/", "/dead-letters/", "/keys/"]
)
def test_no_english_is_left_in_a_portuguese_page(site, path):
    services.register("default", definition(), "ana")
    site.cookies.load({settings.LANGUAGE_COOKIE_NAME: "pt-br"})
    html = site.get(path).content.decode()
    for (_context, text), (_plural, translations, _fuzzy) in entries(FOLDER / "django.po").items():
        if len(text.split()) > 2 and "%(" not in text and text not in translations:
            assert f">{text}<" not in html, text
