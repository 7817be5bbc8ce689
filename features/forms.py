"""The "+" form. It makes the document that the API takes; the services judge it, and their errors come back to its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import JStoreError
from features.labels import label

TYPES = ("numerical", "categorical", "temporal")
WINDOWS = ("1h", "6h", "12h", "1d", "7d", "30d")
ADVANCED = ("owner", "tags", "timestamp_column", "ttl", "columns")

# Where an error of the services stands -> the field that shows it. The longest pointer that fits wins.
FIELDS = {
    "/name": "name",
    "/title": "name",
    "/description": "description",
    "/type": "type",
    "/entity_id": "entity_id",
    "/entity": "entity_id",
    "/transformation": "sql_query",
    "/transformation/sql_query": "sql_query",
    "/transformation/aggregation_window": "aggregation_window",
    "/windows": "windows",
    "/timestamp_column": "timestamp_column",
    "/columns": "columns",
    "/ttl": "ttl",
    "/owner": "owner",
    "/tags": "tags",
}

LIVE = {
    "hx-trigger": "input changed delay:400ms, change from:#feature-form delay:100ms",  # a window or a key changes the answer too
    "hx-target": "#sql-report",
    "hx-include": "#feature-form",
    "hx-sync": "this:queue last",  # the answers come in order; aborting one would be an error in the console
}


def styled(widget: forms.Widget, css: str, **attrs: str) -> forms.Widget:
    """A widget with its classes."""
    widget.attrs.update({"class": css, **attrs})
    return widget


class FeatureForm(forms.Form):
    """Fields of the contract's page, and a few more behind "More settings"."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("A title such as “Customer Metrics”; its machine name is customer_metrics."),
        widget=styled(forms.TextInput(), "input w-full", autofocus="", autocomplete="off"),
    )
    description = forms.CharField(
        label=_("Description"), required=False, max_length=4000, widget=styled(forms.Textarea({"rows": 2}), "textarea w-full")
    )
    type = forms.ChoiceField(label=_("Type"), choices=(), widget=styled(forms.Select(), "select w-full"))
    entity_id = forms.CharField(
        label=_("Entity ID"),
        max_length=500,
        help_text=_("The key column of the events, such as user_id; several with commas."),
        widget=styled(forms.TextInput(), "input w-full font-mono", placeholder="user_id", autocomplete="off", spellcheck="false"),
    )
    enable_sql = forms.BooleanField(
        label=_("Enable SQL Transformation"),
        required=False,
        initial=True,
        widget=styled(forms.CheckboxInput(), "toggle toggle-primary", role="switch"),
    )
    sql_query = forms.CharField(
        label=_("SQL query"),
        required=False,
        strip=False,
        widget=styled(
            forms.Textarea(
                {"rows": 10, "spellcheck": "false", "data-sql": "", "data-report": "#sql-report", "autocomplete": "off"}
            ),
            "textarea sql-source w-full",
        ),
    )
    aggregation_window = forms.CharField(
        label=_("Window"),
        required=False,
        max_length=10,
        help_text=_("How far back an event counts."),
        widget=styled(forms.Select(), "select w-full"),
    )
    windows = forms.MultipleChoiceField(
        label=_("Several windows"),
        required=False,
        help_text=_("Instead of one: each column becomes a feature in each, such as total_1h and total_1d."),
        widget=styled(forms.CheckboxSelectMultiple(), "checkbox checkbox-sm checkbox-primary"),
    )
    owner = forms.CharField(label=_("Owner"), required=False, max_length=200, widget=styled(forms.TextInput(), "input w-full"))
    tags = forms.CharField(
        label=_("Tags"), required=False, help_text=_("Separated by commas."), widget=styled(forms.TextInput(), "input w-full")
    )
    timestamp_column = forms.CharField(
        label=_("Time column"),
        required=False,
        widget=styled(forms.TextInput(), "input w-full font-mono", placeholder="timestamp", spellcheck="false"),
    )
    ttl = forms.IntegerField(
        label=_("Time to live, in seconds"),
        required=False,
        min_value=1,
        help_text=_("Older values are marked as expired."),
        widget=styled(forms.NumberInput(), "input w-full"),
    )
    columns = forms.CharField(
        label=_("Declared types"),
        required=False,
        help_text=_("One column and its type a line, such as “amount DECIMAL(12,2)”. Others are learned from the first values."),
        widget=styled(forms.Textarea({"rows": 3, "spellcheck": "false"}), "textarea w-full font-mono"),
    )

    def __init__(self, *args: Any, check_url: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].choices = [(kind, label(kind)) for kind in TYPES]  # type: ignore[attr-defined]
        own = self["aggregation_window"].value()  # a version made by the API may have any size from 5m to 365d
        sizes = WINDOWS if not own or own in WINDOWS else (*WINDOWS, own)
        self.fields["aggregation_window"].widget.choices = [("", _("Whole history")), *((size, size) for size in sizes)]
        ticked = [size for size in self["windows"].value() or () if size not in WINDOWS]
        self.fields["windows"].choices = [(size, size) for size in (*WINDOWS, *ticked)]  # type: ignore[attr-defined]
        self.fields["sql_query"].widget.attrs.update({"hx-post": check_url, **LIVE})
        self.sql_errors: list[dict[str, Any]] = []
        for name, field in self.fields.items():
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_help"

    @property
    def advanced_open(self) -> bool:
        """Whether one of the fields behind "More settings" has something to show."""
        return any(self[name].errors or self[name].value() for name in ADVANCED)

    def clean_columns(self) -> dict[str, str]:
        """Lines "name TYPE" -> {name: type}; the services judge the types."""
        found = {}
        for line in self.cleaned_data["columns"].splitlines():
            if not line.strip():
                continue
            name, _blank, kind = re.sub(r"[:\s]+", " ", line.strip(), count=1).partition(" ")
            if not kind:
                raise forms.ValidationError(_("“%(line)s” is not a column and its type."), params={"line": line.strip()})
            found[name] = kind.strip()
        return found

    def clean(self) -> dict[str, Any]:
        """An enabled SQL must be there."""
        data = super().clean() or {}
        if data.get("enable_sql") and not (data.get("sql_query") or "").strip():
            self.sql_errors.append({"code": "required", "detail": _("Write the SQL, or switch the transformation off.")})
            self.add_error("sql_query", self.sql_errors[-1]["detail"])
        return data

    def document(self) -> dict[str, Any]:
        """The body of POST /features/ that says the same."""
        data = self.cleaned_data
        made: dict[str, Any] = {name: data[name] for name in ("name", "description", "type", "entity_id")}
        if data["enable_sql"]:
            made["transformation"] = {"sql_query": data["sql_query"].replace("\r\n", "\n")}
            if data["aggregation_window"]:
                made["transformation"]["aggregation_window"] = data["aggregation_window"].strip()
        for name in ("windows", "owner", "timestamp_column", "ttl", "columns"):
            if data[name]:
                made[name] = data[name]
        if tags := [tag.strip() for tag in data["tags"].split(",") if tag.strip()]:
            made["tags"] = tags
        return made

    def show(self, error: JStoreError) -> None:
        """Put an error of the services, with all its findings, where it belongs."""
        whole = {"pointer": error.pointer, "code": error.code, "detail": error.detail, "line": error.line, "column": error.column}
        for found in error.errors or (whole,):
            self.place(found, sql=error.line is not None)

    def place(self, found: Mapping[str, Any], sql: bool) -> None:
        """One finding to its field; what has a line is about the SQL."""
        pointer = str(found.get("pointer") or "")
        fits = [known for known in FIELDS if pointer == known or pointer.startswith(f"{known}/")]
        field = FIELDS[max(fits, key=len)] if fits else ("sql_query" if sql or found.get("line") else None)
        if field == "sql_query":
            self.sql_errors.append(dict(found))
        self.add_error(field, str(found["detail"]))
