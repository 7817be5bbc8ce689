"""API keys and the audit trail in the admin: keys are shown once and revoked, the trail is read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from features import services
from features.admin_base import RegistryAdmin, actor_of, pretty
from features.admin_forms import KeyForm
from features.models import ApiKey, AuditEntry


@admin.register(ApiKey)
class ApiKeyAdmin(RegistryAdmin):
    """Keys are made (and shown once) and revoked, never changed."""

    list_display = ("name", "public_id", "project", "scope_list", "expires_at", "revoked_at", "last_used_at", "created_by")
    list_filter = ("project", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "public_id")
    fields = (
        "name",
        "public_id",
        "project",
        "scope_list",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "created_at",
        "created_by",
    )
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever Django allows."""
        return request.user.has_perm("features.add_apikey")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change keys."""
        return request.user.has_perm("features.change_apikey")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What is asked of a new key; the facts of an old one."""
        return tuple(KeyForm.base_fields) if obj is None else tuple(self.fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Everything of an old one."""
        return () if obj is None else tuple(self.fields)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form of a new key."""
        return super().get_form(request, obj, change, **(kwargs | ({"form": KeyForm} if obj is None else {})))

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Made by the services; `obj` becomes the row that they wrote."""
        text, key = services.create_key(obj.project, obj.name, obj.scopes, obj.expires_at, actor=actor_of(request))
        obj.__dict__.update(key.__dict__)
        request.new_key = text  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The key's text, in this one answer: not in a message, which would lie in a cookie until it is shown."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("API key"),
            "key": obj,
            "text": getattr(request, "new_key", ""),
            "opts": self.opts,
        }
        return TemplateResponse(request, "features/admin/key_shown.html", context, headers={"Cache-Control": "no-store"})

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """For good, everywhere within seconds."""
        for key in queryset:
            services.revoke_key(key.public_id, actor=actor_of(request))
        self.message_user(request, _("Revoked."))

    @admin.display(description=_("scopes"))
    def scope_list(self, key: ApiKey) -> str:
        """With commas."""
        return ", ".join(key.scopes)


@admin.register(AuditEntry)
class AuditAdmin(RegistryAdmin):
    """The audit trail is read."""

    list_display = ("at", "actor", "action", "object", "project")
    list_filter = ("action", "project")
    search_fields = ("actor", "object")
    fields = ("at", "project", "actor", "action", "object", "details")

    @admin.display(description=_("detail"))
    def details(self, entry: AuditEntry) -> str:
        """As JSON."""
        return pretty(entry.detail)
