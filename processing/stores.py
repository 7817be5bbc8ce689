"""Which failures are those of a store that is away, to be waited for, and which are about what it was given."""

from __future__ import annotations

import psycopg2
import redis
from django.db import DataError, IntegrityError, NotSupportedError, ProgrammingError
from django.db import Error as DatabaseError

from core.errors import Unavailable

STORE_ERRORS = (DatabaseError, psycopg2.Error, redis.RedisError, Unavailable)
_ABOUT_THE_DATA = (DataError, IntegrityError, ProgrammingError, NotSupportedError)


def store_is_away(error: BaseException) -> bool:
    """Whether waiting may help. A value that PostgreSQL cannot hold will be no better in a second, and would block all others."""
    return isinstance(error, STORE_ERRORS) and not isinstance(error, _ABOUT_THE_DATA)
