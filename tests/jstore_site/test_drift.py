"""What is written down beside the code is what the code says."""

import io

import pytest
from django.core.management import call_command

from jstore_site.conf.environment import BASE_DIR


@pytest.mark.django_db
def test_no_model_change_lacks_its_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


def test_the_openapi_file_is_the_one_the_code_makes(tmp_path):
    """`make openapi` writes it again."""
    fresh = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(fresh), validate=True, fail_on_warn=True)
    assert (BASE_DIR / "docs" / "openapi.yaml").read_text("utf-8") == fresh.read_text("utf-8")


def test_the_system_checks_are_silent():
    out = io.StringIO()
    call_command("check", fail_level="WARNING", stdout=out)
    assert "no issues" in out.getvalue()
