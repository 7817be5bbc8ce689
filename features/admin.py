"""The registry in Django's admin. Django looks here; the pages are next door, by what they show."""

from features.admin_groups import GroupAdmin, VersionAdmin
from features.admin_keys import ApiKeyAdmin, AuditAdmin

__all__ = ["ApiKeyAdmin", "AuditAdmin", "GroupAdmin", "VersionAdmin"]
