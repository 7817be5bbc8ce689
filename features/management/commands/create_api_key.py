"""`manage.py create_api_key NAME [--project default] [--scope events:write ...] [--days 90]`: prints a new key, once."""

from datetime import timedelta
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from core.api_keys import SCOPES
from core.errors import JStoreError
from core.names import NAME
from features import services
from features.database import now


class Command(BaseCommand):
    """The key goes to standard output alone, so that a script can read it; everything else goes to standard error."""

    help = "Make an API key and print it. It is shown this once; only a digest of it is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("name", help="who or what uses the key")
        parser.add_argument("--project", default="default")
        parser.add_argument("--scope", action="append", choices=SCOPES, help="repeat for several; without any: all but admin")
        parser.add_argument("--days", type=int, help="after how many days it expires; without: never")

    def handle(self, *args: Any, **options: Any) -> None:
        """Makes the key."""
        if not NAME.fullmatch(options["project"]):
            raise CommandError(f"a project is named like {NAME.pattern}")
        scopes = options["scope"] or [scope for scope in SCOPES if scope != "admin"]
        expires = None if options["days"] is None else now() + timedelta(days=options["days"])
        try:
            text, key = services.create_key(options["project"], options["name"], scopes, expires, actor="command line")
        except JStoreError as error:
            raise CommandError(error.detail) from error
        self.stderr.write(f"Key {key.public_id} of project {key.project}: {', '.join(key.scopes)}. It is not shown again.")
        self.stdout.write(text)
