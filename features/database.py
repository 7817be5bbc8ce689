"""What the writers of the registry share: the clock, one door to its database, and the conditional update.

PostgreSQL gives rollback here and MongoDB does not, so nothing leans on it: each change that matters is one UPDATE of one row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, router, transaction
from django.db.models import F
from django.utils import timezone
from pymongo.errors import PyMongoError

from core.errors import Unavailable
from features.models import Group


def now() -> datetime:
    """The wall clock in whole milliseconds, the finest that MongoDB keeps."""
    moment = timezone.now()
    return moment - timedelta(microseconds=moment.microsecond % 1000)


@contextmanager
def registry_up() -> Iterator[None]:
    """Turns an unreachable registry inside the block into Unavailable("registry_down"); other database errors pass."""
    try:
        yield
    except (OperationalError, InterfaceError, PyMongoError) as error:
        raise Unavailable("registry_down", "the registry's database does not answer") from error
    except DatabaseError as error:
        # The MongoDB backend wraps every error of its driver in the bare class.
        if isinstance(error.__cause__, PyMongoError) and type(error) is DatabaseError:
            raise Unavailable("registry_down", "the registry's database does not answer") from error
        raise


@contextmanager
def registry_atomic() -> Iterator[None]:
    """A transaction where the database has them. In MongoDB what was written before an error stays: a repeat must resume it."""
    with transaction.atomic(using=router.db_for_write(Group)):
        yield


def swap(group: Group, **changes: Any) -> bool:
    """Moves a group's row if nobody moved it since it was read. -> False, and nothing written, where somebody did."""
    changes["updated_at"] = now()
    words = 1 if changes.pop("words_moved", False) else 0
    moved = Group.objects.filter(pk=group.pk, revision=group.revision).update(
        revision=group.revision + 1, words_revision=F("words_revision") + words, **changes
    )
    return bool(moved)
