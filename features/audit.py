"""The audit trail: who did what to what. Entries are written by the services after the change stands, and never again."""

from __future__ import annotations

from typing import Any

from features.database import now
from features.models import AuditEntry


def record(project: str, actor: str, action: str, target: str, **detail: Any) -> None:
    """Adds one entry. `action`: register, words, activate, delete, key_create, key_revoke, purge."""
    AuditEntry.objects.create(project=project, at=now(), actor=actor[:200], action=action, object=target[:200], detail=detail)
