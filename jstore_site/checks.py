"""What must be true before JStore serves anybody."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from jstore_site.conf.secret_settings import DEFAULT_SECRET

HINT = "Set JSTORE_SECRET_KEY and JSTORE_KEY_PEPPER to long random values, e.g. `openssl rand -base64 48`."


def missing_secrets() -> list[str]:
    """Names of the secrets that still have the default value, or are too short to be one."""
    found = {"JSTORE_SECRET_KEY": settings.SECRET_KEY, "JSTORE_KEY_PEPPER": settings.JSTORE_KEY_PEPPER}
    return [name for name, value in found.items() if value == DEFAULT_SECRET or len(value) < 32]


def secrets_are_given(**_: Any) -> list[CheckMessage]:
    """System check jstore.E001: no default secret outside the embedded stack."""
    return [Error(f"{name} is not set.", hint=HINT, id="jstore.E001") for name in missing_secrets()]


def refuse_default_secrets() -> None:
    """Stop a server process that would run with a default secret."""
    missing = missing_secrets()
    if missing:
        raise ImproperlyConfigured(f"{' and '.join(missing)} must be set. {HINT}")
