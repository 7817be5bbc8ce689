"""The form that makes an API key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from features.forms import styled


class KeyForm(forms.Form):
    """A name, the scopes, and how long the key holds."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("Who or what uses it."),
        widget=styled(forms.TextInput(), "input w-full", autocomplete="off"),
    )
    scopes = forms.MultipleChoiceField(
        label=_("May"), choices=(), widget=forms.CheckboxSelectMultiple({"class": "checkbox checkbox-sm checkbox-primary"})
    )
    days = forms.ChoiceField(
        label=_("Expires"),
        required=False,
        choices=((0, _("Never")), (7, _("In 7 days")), (30, _("In 30 days")), (90, _("In 90 days")), (365, _("In a year"))),
        widget=styled(forms.Select(), "select w-full"),
    )

    def __init__(self, *args: Any, scopes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(scope, scope) for scope in scopes]  # type: ignore[attr-defined]

    def expires(self) -> Any:
        """When the key stops working, None for never."""
        days = int(self.cleaned_data["days"] or 0)
        return timezone.now() + timedelta(days=days) if days else None
