"""An empty JStore in this process: no log, no registry rows, an empty Valkey, and no memory of what was there before."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections

from backends.offline import inference, pairs, program, retention, tables
from backends.online import published

LOG = (
    "log_head, log_event, log_identity, log_pair, log_index, log_unplaced, log_source_offset, log_source_gap, log_source_check,"
    " log_request, log_purge, log_leaving, log_checkpoint"
)


@pytest.fixture
def fresh(transactional_db: None, redis: Any) -> Any:
    """The run's Valkey, emptied. Django empties the tables of its models after the test, this the log's before it."""
    with connections["default"].cursor() as c:
        c.execute(f"TRUNCATE {LOG} RESTART IDENTITY")
        c.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'fv\\_%%'")
        for (name,) in c.fetchall():
            c.execute(f'DROP TABLE "{name}"')
    for memory in (
        pairs._known,
        pairs._complete,
        program._programs,
        tables._ready,
        published._cache,
        inference._searched,
        retention._known,
    ):
        memory.clear()
    return redis
