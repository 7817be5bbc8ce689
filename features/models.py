"""The registry's tables, kept to what PostgreSQL and MongoDB both do: see docs/architecture.md, "Registry on two databases".

A Version is one whole fact and written once. All that moves (words, types, states, the active pointer) stands in the one
row of its Group and moves by a conditional UPDATE on `revision`, so no change ever needs two rows to be right together.
Nothing but `features.services` and its neighbours `registering`, `typing_services` and `keys` writes here.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.spec import part_code


class Group(models.Model):
    """A feature group: its words, its fixed types, and which of its versions is served.

    `columns` {input column: type text or null while open}; `layout` counts the changes of `columns`;
    `layouts` {version number: [layout per layout id]} as in core.spec; `states` {version number: status}.
    A deleted group stays as a tombstone (`deleted_at`), so that its name and its version numbers are not reused silently;
    each return counts up `incarnation`, and only the versions of the present one are alive.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.CharField(_("project"), max_length=63)
    name = models.CharField(_("name"), max_length=63)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True, default="")
    type = models.CharField(_("type"), max_length=20, blank=True, default="")
    owner = models.CharField(_("owner"), max_length=200, blank=True, default="")
    tags = models.JSONField(_("tags"), blank=True, default=list)
    entity = models.JSONField(_("entity keys"), default=list)
    timestamp_column = models.CharField(_("timestamp column"), max_length=63, default="timestamp")
    time_kind = models.CharField(_("kind of time"), max_length=10, default="TIMESTAMP")
    source = models.CharField(_("source"), max_length=63, default="events")
    declared = models.JSONField(_("declared types"), default=dict)
    columns = models.JSONField(_("types"), default=dict)
    layout = models.IntegerField(default=0)
    layouts = models.JSONField(default=dict)
    states = models.JSONField(default=dict)
    active = models.IntegerField(_("active version"), null=True)
    last_version = models.IntegerField(default=0)
    incarnation = models.IntegerField(default=1)
    revision = models.IntegerField(default=0)
    words_revision = models.IntegerField(default=0)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))
    # Two columns that exist to be searched: neither database can be asked about the inside of JSON in the same words.
    search_text = models.TextField(default="")
    marks_text = models.TextField(default="")

    class Meta:
        verbose_name = _("feature group")
        verbose_name_plural = _("feature groups")
        ordering = ("project", "name")
        constraints = (models.UniqueConstraint(fields=("project", "name"), name="group_name_unique"),)

    def __str__(self) -> str:
        return self.title


class Version(models.Model):
    """One definition of a group, never changed. `document` is the computing part as the user wrote it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(Group, verbose_name=_("feature group"), on_delete=models.PROTECT, related_name="versions")
    incarnation = models.IntegerField()
    number = models.IntegerField(_("version"))
    code = models.CharField(_("code"), max_length=10, unique=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    document = models.JSONField(_("definition"))
    sql = models.TextField(_("SQL"))
    window = models.CharField(_("window"), max_length=10, null=True)
    windows = models.JSONField(_("windows"), default=list)
    ttl = models.BigIntegerField(_("time to live in seconds"), null=True)
    defaults = models.JSONField(_("defaults"), default=dict)
    path = models.CharField(_("path"), max_length=10)
    path_reason = models.TextField(_("reason for the path"), default="")
    input_columns = models.JSONField(_("input columns"), default=list)
    outputs = models.JSONField(_("features"), default=list)
    forms = models.JSONField(default=list)  # by feature, as in core.spec; empty where all are kept themselves
    lineage = models.JSONField(_("lineage"), default=dict)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200, default="")

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ("-created_at", "-number")
        constraints = (
            models.UniqueConstraint(fields=("group", "number"), name="version_number_unique"),
            models.UniqueConstraint(fields=("group", "incarnation", "fingerprint"), name="version_fingerprint_unique"),
        )

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def codes(self) -> list[str]:
        """What its values are kept under: its code; of several windows one for each."""
        return [part_code(self.code, window) for window in self.windows] or [self.code]

    @property
    def all_windows(self) -> list[str]:
        """Its windows, whether it was defined with one or with several; none: the whole history."""
        return [self.window] if self.window is not None else list(self.windows)


class ApiKey(models.Model):
    """A key of one project. The secret itself is nowhere: `digest` is its HMAC under the server's pepper."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.CharField(_("project"), max_length=63, default="default")
    name = models.CharField(_("name"), max_length=200)
    public_id = models.CharField(_("public id"), max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(_("scopes"), default=list)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200, default="")

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} (jst_{self.public_id}…)"


class AuditEntry(models.Model):
    """Who did what to what. Written once, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.CharField(_("project"), max_length=63)
    at = models.DateTimeField(_("time"))
    actor = models.CharField(_("actor"), max_length=200)
    action = models.CharField(_("action"), max_length=40)
    object = models.CharField(_("object"), max_length=200)
    detail = models.JSONField(_("detail"), default=dict)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.action} {self.object}"
