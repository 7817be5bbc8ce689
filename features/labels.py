"""Words and colours for the machine codes that pages show. The API never translates a code; a page does, here."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TONES = {
    # versions
    "draft": "info",
    "backfilled": "info",
    "active": "ok",
    "deprecated": "warn",
    "retired": "mute",
    # runs
    "queued": "mute",
    "running": "info",
    "paused": "warn",
    "succeeded": "ok",
    "failed": "bad",
    "cancelled": "mute",
    # values
    "PRESENT": "ok",
    "STALE": "warn",
    "EXPIRED": "warn",
    "NULL": "mute",
    "EMPTY_WINDOW": "mute",
    "NOT_FOUND": "mute",
    "BEYOND_RETENTION": "warn",
    # health
    "up": "ok",
    "behind": "warn",
    "down": "bad",
    "unset": "mute",
    # dead letters: a row that is stored waits, one that was refused is not stored
    "no_route": "info",
    "type_mismatch": "warn",
    "invalid_entity": "warn",
    "computation_failed": "warn",
    # paths
    "tiles": "ok",
    "row": "ok",
    "recompute": "warn",
}

WORDS: dict[str, str | Promise] = {
    "draft": _("Draft"),
    "backfilled": _("Backfilled"),
    "active": _("Active"),
    "deprecated": _("Deprecated"),
    "retired": _("Retired"),
    "queued": _("Queued"),
    "running": _("Running"),
    "paused": _("Paused"),
    "succeeded": _("Succeeded"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
    "PRESENT": _("Present"),
    "STALE": _("Stale"),
    "EXPIRED": _("Expired"),
    "NULL": _("Null"),
    "EMPTY_WINDOW": _("Empty window"),
    "NOT_FOUND": _("Not found"),
    "BEYOND_RETENTION": _("Beyond retention"),
    "up": _("Up"),
    "behind": _("Behind"),
    "down": _("Down"),
    "unset": _("Not configured"),
    "tiles": _("Tiles"),
    "row": _("Newest row"),
    "recompute": _("Recompute"),
    "numerical": _("Numerical"),
    "categorical": _("Categorical"),
    "temporal": _("Temporal"),
    "activate": _("Activation"),
    "backfill": _("Backfill"),
    "process": _("Processing"),
    "materialize": _("Materialization"),
    "export": _("Export"),
    "monitor": _("Monitor"),
    "rebuild": _("Rebuild"),
    "training": _("Training set"),
    "replay": _("Replay"),
    "discard": _("Discard"),
}

# One sentence for each status a value can have: the reason for a null, said where the null is seen.
REASONS: dict[str, str | Promise] = {
    "PRESENT": _("Exact over the events applied so far."),
    "STALE": _("The newest events may not be counted yet, or the group is still loading its history."),
    "EXPIRED": _("Older than the group's time to live."),
    "NULL": _("The SQL gave a row whose value is NULL."),
    "EMPTY_WINDOW": _("The entity has events, but none that the SQL counts in this window."),
    "NOT_FOUND": _("No event of this entity has reached the group."),
    "BEYOND_RETENTION": _("The window reaches behind what the log still keeps."),
}


def label(code: str | None) -> str:
    """Words for a code in the reader's language; an unknown code is shown as it is, an absent one as a dash."""
    return "–" if code is None else str(WORDS.get(code, code))
