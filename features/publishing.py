"""The registry's rows -> Redis. What fails here is logged and healed by `ensure_published`: the registry is the truth."""

from __future__ import annotations

import logging

from backends.offline.retention import Kept, kept
from backends.online import grants, published
from backends.online.callers import LOCAL_PROJECT
from core.errors import Unavailable
from core.retention import with_retention
from core.spec import GroupSpec
from features import selectors
from features.models import ApiKey, Group, Version
from features.specs import grant_of, group_spec

log = logging.getLogger(__name__)


def publish(group: Group, drop: bool = False) -> None:
    """Makes the group's present row known to every process; `drop` too which of its values are to go.

    Redis being down is no error of the caller: see ensure_published.
    """
    versions = list(Version.objects.filter(group=group))
    dropped = _dropped(group, versions) if drop else ()
    try:
        spec, revision = _published(group, versions, kept(group.project))
        if published.publish_group(spec, revision, dropped) == published.EMPTY:
            republish(group.project)
    except Unavailable:
        log.warning("the definition is stored but not yet published", extra={"project": group.project, "group": group.name})


def _published(group: Group, versions: list[Version], purged: Kept) -> tuple[GroupSpec, int]:
    """What is published of a group: since when its values are right, too, and so a revision that a purge of the log raises.

    The purges are read after the group's row was written, and a purge publishes every group after it has begun: whoever is second
    sees the other.
    """
    return with_retention(group_spec(group, versions), purged.purges), _revision(group.revision, purged)


def _revision(revision: int, purged: Kept) -> int:
    return (purged.number << 32) + revision


def _publish_alone(group: Group) -> bool:
    """publish, for a healer: whatever is wrong with one group must not keep the others from being published."""
    try:
        publish(group, drop=True)
    except Unavailable:
        raise
    except Exception:  # logged whole, tried again by the next round
        log.exception("a group cannot be published", extra={"project": group.project, "group": group.name})
        return False
    return True


def publish_key(key: ApiKey) -> None:
    """Makes a key's present row known to every process, likewise."""
    try:
        if key.revoked_at is not None:
            grants.revoke_key(key.public_id)
        else:
            grants.publish_key(grant_of(key))
    except Unavailable:
        log.warning("the key is stored but not yet published", extra={"project": key.project, "key": key.public_id})


def ensure_published(project: str) -> int:
    """Publishes what Redis lacks or has in an older state: groups of the project and all keys. -> how many were put right.

    Cheap where nothing is amiss (two small queries, two Redis reads), so the applier calls it on its rounds. Raises Unavailable.
    """
    since = published.connections()
    there, mended, purged = published.revisions(project), 0, kept(project)
    wanted = _wanted(project, purged)
    if not there and not wanted:
        if not published.published(project).stamp:
            published.replace_all(project, [])
    elif not there or there.keys() - wanted.keys() or any(there[name] > wanted[name] for name in there):
        republish(project)  # emptied, or Redis knows more than a registry that was restored from a backup
        mended = len(wanted)
    else:
        for group in Group.objects.filter(project=project, name__in=[n for n, r in wanted.items() if there.get(n, -1) < r]):
            mended += _publish_alone(group)
    live = {key.public_id: key for key in ApiKey.objects.filter(revoked_at=None)}
    ids = grants.published_ids()
    for key in live.values():
        if key.public_id not in ids:
            mended += grants.publish_key(grant_of(key))
    for public_id in ids - live.keys():
        grants.revoke_key(public_id)
        mended += 1
    published.confirm(project, since)
    return mended


def _wanted(project: str, purged: Kept) -> dict[str, int]:
    return {name: _revision(revision, purged) for name, revision in selectors.revisions(project).items()}


def unpublished(project: str) -> list[str]:
    """Groups whose present row, or last purge, is not known to readers yet. Raises Unavailable."""
    there = published.revisions(project)
    return sorted(name for name, revision in _wanted(project, kept(project)).items() if there.get(name, -1) < revision)


def republish(project: str | None = None) -> None:
    """Everything of a project (of all, without one) to Redis again, replacing what is there. Raises Unavailable."""
    # The default project always: its stamp tells readers that Redis is whole, even where nothing was defined yet.
    projects = [project] if project is not None else sorted({LOCAL_PROJECT, *selectors.projects()})
    for name in projects:
        groups = list(Group.objects.filter(project=name).exclude(incarnation=0))
        versions = {group.pk: list(Version.objects.filter(group=group)) for group in groups}
        purged = kept(name)
        published.replace_all(
            name,
            [_published(g, versions[g.pk], purged) for g in groups],
            [code for g in groups for code in _dropped(g, versions[g.pk])],
        )
    for key in ApiKey.objects.filter(revoked_at=None):
        grants.publish_key(grant_of(key))


def _dropped(group: Group, versions: list[Version]) -> list[str]:
    """Codes of this group whose values must not stay: all versions of a deleted group, those of earlier lives otherwise."""
    gone = [v for v in versions if group.deleted_at is not None or v.incarnation < group.incarnation]
    return [code for v in gone for code in v.codes]
