"""No server runs with a default secret; the embedded stack makes its own once."""

import os
import stat
import subprocess
import sys

import pytest

from jstore_site.checks import missing_secrets, secrets_are_given
from jstore_site.conf.environment import BASE_DIR, local_secrets
from jstore_site.conf.secret_settings import DEFAULT_SECRET


def python(code, **variables):
    """Run code in a new process whose environment names servers but, unless given, no secret."""
    names = ("JSTORE_SECRET_KEY", "JSTORE_KEY_PEPPER", "JSTORE_DEBUG", "JSTORE_LOCAL_SECRETS")
    environment = {name: value for name, value in os.environ.items() if name not in names} | variables
    return subprocess.run([sys.executable, "-c", code], env=environment, cwd=BASE_DIR, capture_output=True, text=True, timeout=60)


def test_the_web_process_refuses_a_default_secret(tmp_path):
    done = python("import jstore_site.wsgi", JSTORE_HOME=str(tmp_path))
    assert done.returncode != 0
    assert "JSTORE_SECRET_KEY and JSTORE_KEY_PEPPER must be set" in done.stderr


def test_secrets_are_made_where_that_is_asked_for(tmp_path):
    code = "import jstore_site.conf.secret_settings as s; print(s.SECRET_KEY)"
    first, again = (python(code, JSTORE_HOME=str(tmp_path), JSTORE_LOCAL_SECRETS="1").stdout for _ in range(2))
    assert first == again
    assert len(first) > 32
    assert DEFAULT_SECRET not in first


def test_secrets_are_readable_by_their_owner_only(tmp_path):
    made = local_secrets(tmp_path)
    assert local_secrets(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(set(made.values())) == len(made)


@pytest.mark.parametrize("name", ["SECRET_KEY", "JSTORE_KEY_PEPPER"])
@pytest.mark.parametrize("value", [DEFAULT_SECRET, "short"])
def test_the_system_check_names_what_is_missing(settings, name, value):
    assert missing_secrets() == []
    setattr(settings, name, value)
    (found,) = secrets_are_given()
    assert found.id == "jstore.E001"
    assert name in found.msg
