"""What the registry's admin pages share: nothing is written but by the services."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from features.admin_forms import ActorForm


def actor_of(request: HttpRequest) -> str:
    """How the audit trail names who is signed in."""
    return f"user:{request.user.get_username()}"


class RegistryAdmin(ModelAdmin):  # type: ignore[misc]
    """Nothing is editable unless a subclass says so, and no row is written but by the services."""

    compressed_fields = True
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from the services."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Facts are never deleted."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.fields or ())

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, told who fills it in."""
        form = super().get_form(request, obj, change, **kwargs)
        if issubclass(form, ActorForm):
            form.actor = actor_of(request)
        return form

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Without save buttons where there is nothing to save."""
        if not context["adminform"].form.fields:
            context.update(show_save=False, show_save_and_continue=False, show_save_and_add_another=False)
        return super().render_change_form(request, context, *args, **kwargs)


def pretty(value: Any) -> str:
    """JSON to be read by people."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))
