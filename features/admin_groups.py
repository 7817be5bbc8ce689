"""Feature groups and their versions in the admin: define, change words, delete with the values, activate."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.errors import JStoreError
from features import services
from features.admin_base import RegistryAdmin, actor_of, pretty
from features.admin_forms import DefinitionForm, WordsForm
from features.folding import fold
from features.models import Group, Version
from features.signals import activation_asked


@admin.register(Group)
class GroupAdmin(RegistryAdmin):
    """Feature groups: a new one is a definition, an old one has editable words, deletion takes its values too."""

    list_display = ("title", "name", "project", "entity_keys", "active", "type", "owner", "updated_at")
    list_filter = ("project", "type")
    search_fields = ("search_text",)
    fields = (
        "name",
        "project",
        "entity_keys",
        "source",
        "timestamp_column",
        "time_kind",
        "types",
        "versions_now",
        "active",
        "created_at",
        "updated_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Those that are there."""
        found: QuerySet[Group] = super().get_queryset(request)
        return found.filter(active__isnull=False)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Group], search_term: str
    ) -> tuple[QuerySet[Group], bool]:
        """Words anywhere, without case and accents."""
        for word in fold(search_term.replace("\0", "")).split():
            queryset = queryset.filter(search_text__contains=word)
        return queryset, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever Django allows."""
        return request.user.has_perm("features.add_group")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever Django allows."""
        return request.user.has_perm("features.delete_group")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A definition's fields for a new one; the words, then the facts, for an old one."""
        if obj is None:
            return tuple(DefinitionForm.base_fields)
        return (*WordsForm.base_fields, *self.fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The facts."""
        return () if obj is None else tuple(self.fields)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """One form to define, another for words."""
        kwargs |= {"form": DefinitionForm, "fields": ()} if obj is None else {"form": WordsForm}
        return super().get_form(request, obj, change, **kwargs)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Group:
        """The row: of a new definition as the services wrote it."""
        if isinstance(form, WordsForm):
            group: Group = form.instance
            return group
        spec = form.registered.group
        return Group.objects.get(project=spec.project, name=spec.name)

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        """Words go through the services; a definition is stored already."""
        if isinstance(form, WordsForm):
            services.update_words(obj.project, obj.name, form.words(form.cleaned_data), actor_of(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing related."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What the confirmation shows. Versions stay as rows of a deleted group, so they protect nothing."""
        return [str(group) for group in objs], {str(_("feature groups")): len(list(objs))}, set(), []

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        """The definition and its values go; the name stays known as deleted."""
        services.delete(obj.project, obj.name, actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        """Each by the services."""
        for group in queryset:
            self.delete_model(request, group)

    @admin.display(description=_("entity keys"))
    def entity_keys(self, group: Group) -> str:
        """The keys with commas."""
        return ", ".join(group.entity)

    @admin.display(description=_("types"))
    def types(self, group: Group) -> str:
        """The input columns."""
        return pretty(group.columns)

    @admin.display(description=_("versions"))
    def versions_now(self, group: Group) -> str:
        """The states by number."""
        return ", ".join(f"{number}: {state}" for number, state in sorted(group.states.items(), key=lambda item: int(item[0])))


@admin.register(Version)
class VersionAdmin(RegistryAdmin):
    """Versions are read; one of them can be made the active one."""

    list_display = ("group", "number", "state", "path", "window_sizes", "created_at", "created_by")
    list_filter = ("path", "window")
    list_select_related = ("group",)
    fields = (
        "group",
        "number",
        "state",
        "code",
        "sql",
        "window_sizes",
        "path",
        "path_reason",
        "inputs",
        "features",
        "definition",
        "fingerprint",
        "created_at",
        "created_by",
    )
    actions = ("activate",)

    def has_activate_permission(self, request: HttpRequest) -> bool:
        """Whoever may change groups."""
        return request.user.has_perm("features.change_group")

    @admin.action(description=_("Activate"), permissions=["activate"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Version]) -> None:
        """Asks for it: the pointer moves when the version is built and has caught up."""
        for version in queryset:
            group = version.group
            try:
                answers = activation_asked.send(
                    Version, project=group.project, name=group.name, version=version.number, actor=actor_of(request)
                )
            except JStoreError as error:
                self.message_user(request, f"{group.name}@{version.number}: {error.detail}", messages.ERROR)
                continue
            runs = [run for _receiver, run in answers if run is not None]
            text = _("%(ref)s takes over when it is built: run %(run)s.") if runs else _("%(ref)s is active already.")
            self.message_user(request, text % {"ref": f"{group.name}@{version.number}", "run": ", ".join(map(str, runs))})

    @admin.display(description=_("status"))
    def state(self, version: Version) -> str:
        """Its state, empty for a version of a deleted group."""
        return str(version.group.states.get(str(version.number), "") if version.incarnation == version.group.incarnation else "")

    @admin.display(description=_("windows"))
    def window_sizes(self, version: Version) -> str:
        """With commas; empty for the whole history."""
        return ", ".join(version.all_windows)

    @admin.display(description=_("input columns"))
    def inputs(self, version: Version) -> str:
        """With commas."""
        return ", ".join(version.input_columns)

    @admin.display(description=_("features"))
    def features(self, version: Version) -> str:
        """With commas."""
        return ", ".join(version.outputs)

    @admin.display(description=_("definition"))
    def definition(self, version: Version) -> str:
        """As it was written."""
        return pretty(version.document)
