"""`manage.py prepare_stack [--demo]`: tables in every database, definitions in Redis, and the demo's login and key."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandParser, call_command

from core import api_keys
from core.errors import Unauthorized
from features import services
from features.models import ApiKey
from jstore_site.conf.environment import local_secrets, write_json

DEMO_USER = "demo"


class Command(BaseCommand):
    """Run before the processes start; doing it again changes nothing."""

    help = "Migrate every database, publish the definitions to Redis; with --demo also make the demo's login and API key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="make the demo's login and key")

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in settings.DATABASES:
            call_command("migrate", database=alias, interactive=False, verbosity=0)
        services.republish()
        if options["demo"]:
            self._demo()

    def _demo(self) -> None:
        secrets = local_secrets(settings.JSTORE_HOME)
        user, made = get_user_model().objects.get_or_create(username=DEMO_USER, defaults={"is_staff": True, "is_superuser": True})
        if made or not user.check_password(secrets["demo_password"]):
            user.set_password(secrets["demo_password"])
            user.save()
        if not _is_live(secrets.get("api_key", "")):
            text, _ = services.create_key("default", "demo", api_keys.SCOPES, actor=DEMO_USER)
            write_json(settings.JSTORE_HOME / "secrets.json", {**secrets, "api_key": text})


def _is_live(text: str) -> bool:
    """Whether this database knows the key: it may have been emptied since."""
    try:
        public_id, secret = api_keys.parse(text)
    except Unauthorized:
        return False
    digest = api_keys.digest(settings.JSTORE_KEY_PEPPER, secret)
    return ApiKey.objects.filter(public_id=public_id, digest=digest, revoked_at=None, expires_at=None).exists()
