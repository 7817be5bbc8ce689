"""Forms of the admin. They make the documents that the API takes; the services judge them and their errors find the fields."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from core.api_keys import SCOPES
from core.definitions import KINDS
from core.errors import JStoreError
from features import services
from features.models import ApiKey, Group
from features.words import given_words

_TEXT, _AREA, _SELECT = widgets.UnfoldAdminTextInputWidget, widgets.UnfoldAdminTextareaWidget, widgets.UnfoldAdminSelectWidget
_KINDS = [(kind, kind) for kind in KINDS]


class ActorForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that knows who fills it in; the admin sets `actor` on the class it makes for a request."""

    actor: ClassVar[str] = ""

    def show(self, error: JStoreError) -> None:
        """Puts the findings of an error to the fields they are about, those without one above the form."""
        for found in error.errors or (
            {"pointer": error.pointer or "", "detail": error.detail, "line": error.line, "column": error.column},
        ):
            steps = [step for step in str(found.get("pointer") or "").split("/") if step]
            name = next((step for step in reversed(steps) if step in self.fields), "sql_query" if found.get("line") else None)
            place = _("line %(line)s, column %(column)s: ") % found if found.get("line") else ""
            self.add_error(name if name in self.fields else None, f"{place}{found['detail']}")


class DefinitionForm(ActorForm):
    """A new definition, or the next version of one: what the form is saved as, the services decide."""

    name = forms.CharField(label=_("Name"), max_length=200, widget=_TEXT())
    description = forms.CharField(label=_("Description"), required=False, widget=_AREA())
    type = forms.ChoiceField(label=_("Type"), choices=_KINDS, widget=_SELECT())
    entity_id = forms.CharField(label=_("Entity ID"), help_text=_("A key column, or several with commas."), widget=_TEXT())
    sql_query = forms.CharField(
        label=_("SQL query"),
        required=False,
        help_text=_("Empty: the column named like the group, of the newest row."),
        widget=_AREA(),
    )
    aggregation_window = forms.CharField(
        label=_("Window"),
        required=False,
        help_text=_("1h, 6h, 12h, 1d, 7d, 30d, or any of 5m to 365d; empty: the whole history."),
        widget=_TEXT(),
    )
    windows = forms.CharField(
        label=_("Several windows"),
        required=False,
        help_text=_("Instead of one, with commas: each column becomes a feature in each, such as total_1h and total_1d."),
        widget=_TEXT(),
    )
    columns = forms.JSONField(
        label=_("Declared types"), required=False, help_text=_('For example {"amount": "DECIMAL(12,2)"}.'), widget=_AREA()
    )
    timestamp_column = forms.CharField(label=_("Time column"), required=False, widget=_TEXT())
    ttl = forms.CharField(
        label=_("Time to live"), required=False, help_text=_("Seconds, or text like 12h and 7d."), widget=_TEXT()
    )
    owner = forms.CharField(label=_("Owner"), required=False, widget=_TEXT())
    tags = forms.CharField(label=_("Tags"), required=False, help_text=_("Separated by commas."), widget=_TEXT())
    registered: services.Registered | None = None

    class Meta:
        model = Group
        fields = ()

    def clean(self) -> dict[str, Any]:
        """Registers: only so can every finding come back to its field."""
        data = super().clean() or {}
        if not self.errors:
            try:
                self.registered = services.register("default", self.document(data), self.actor)
            except JStoreError as error:
                self.show(error)
        return data

    def _post_clean(self) -> None:
        """The row is the services', not made of these fields."""

    def document(self, data: dict[str, Any]) -> dict[str, Any]:
        """The body of POST /features/ that says the same."""
        made = {
            name: data[name]
            for name in ("name", "description", "type", "entity_id", "columns", "timestamp_column", "owner")
            if data[name]
        }
        if data["sql_query"].strip():
            made["transformation"] = {
                "sql_query": data["sql_query"].replace("\r\n", "\n"),
                "aggregation_window": data["aggregation_window"].strip() or None,
            }
        if windows := listed(data["windows"]):
            made["windows"] = windows
        if data["ttl"].strip():
            made["ttl"] = int(data["ttl"]) if data["ttl"].strip().isdecimal() else data["ttl"].strip()
        return made | ({"tags": tags} if (tags := listed(data["tags"])) else {})


class WordsForm(ActorForm):
    """The words of a group; all else of it is fixed."""

    title = forms.CharField(label=_("Title"), max_length=200, widget=_TEXT())
    description = forms.CharField(label=_("Description"), required=False, widget=_AREA())
    type = forms.ChoiceField(label=_("Type"), choices=_KINDS, widget=_SELECT())
    owner = forms.CharField(label=_("Owner"), required=False, widget=_TEXT())
    tag_list = forms.CharField(label=_("Tags"), required=False, help_text=_("Separated by commas."), widget=_TEXT())

    class Meta:
        model = Group
        fields = ("title", "description", "type", "owner")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag_list"].initial = ", ".join(self.instance.tags)

    def clean(self) -> dict[str, Any]:
        """The services' own judgement, without writing."""
        data = super().clean() or {}
        if not self.errors:
            try:
                given_words(self.words(data))
            except JStoreError as error:
                self.show(error)
        return data

    def words(self, data: dict[str, Any]) -> dict[str, Any]:
        """The body of PATCH that says the same."""
        return {**{name: data[name] for name in ("title", "description", "type", "owner")}, "tags": listed(data["tag_list"])}


class KeyForm(ActorForm):
    """A new key. Its text is in `text` once the form is saved."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=[(scope, scope) for scope in SCOPES], widget=widgets.UnfoldAdminCheckboxSelectMultipleWidget()
    )

    class Meta:
        model = ApiKey
        fields = ("name", "project", "scopes", "expires_at")


def listed(text: str) -> list[str]:
    """ "a, b" -> ["a", "b"]."""
    return [part.strip() for part in text.split(",") if part.strip()]
