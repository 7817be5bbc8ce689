"""What a store was at one moment, and how it comes back to that: a Redis without its last writes, a PostgreSQL restored."""

from __future__ import annotations

from typing import Any

from django.db import connections

from tests.plugins.fresh import LOG


class RedisShot:
    """All keys of Redis as they are now."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._keys = {key: redis.dump(key) for key in redis.keys("*")}

    def restore(self) -> None:
        """In one transaction, as a server that starts on an older file."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.flushall()
        for key, data in self._keys.items():
            if data is not None:
                pipe.restore(key, 0, data)
        pipe.execute()


class LogShot:
    """The log and the offline tables as they are now, kept beside them."""

    _number = 0

    def __init__(self) -> None:
        LogShot._number += 1
        self._schema = f"shot_{LogShot._number}"
        with connections["default"].cursor() as c:
            c.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'fv\\_%%'")
            self._tables = [*LOG.split(", "), *(name for (name,) in c.fetchall())]
            c.execute(f"CREATE SCHEMA {self._schema}")
            for table in self._tables:
                c.execute(f'CREATE TABLE {self._schema}."{table}" AS TABLE public."{table}"')

    def restore(self) -> None:
        """What was written since is lost. The caller sees to the timeline, which is another from here on."""
        with connections["default"].cursor() as c:
            c.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'fv\\_%%'")
            for (name,) in c.fetchall():
                if name not in self._tables:
                    c.execute(f'DROP TABLE public."{name}"')
            for table in self._tables:
                c.execute("SELECT to_regclass(%s)", [f'public."{table}"'])
                if c.fetchone()[0] is not None:
                    c.execute(f'DELETE FROM public."{table}"')
                    c.execute(f'INSERT INTO public."{table}" SELECT * FROM {self._schema}."{table}"')

    def drop(self) -> None:
        with connections["default"].cursor() as c:
            c.execute(f"DROP SCHEMA {self._schema} CASCADE")
