"""The definitions as a push or the applier sees them: what is published, or the registry itself while Redis is down."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from backends.online import published
from core.errors import Unavailable
from core.spec import GroupSpec
from features import selectors, services
from features.database import registry_up

_logger = structlog.get_logger(__name__)


def known_groups(project: str) -> Mapping[str, GroupSpec]:
    """name -> spec, deleted groups too. The stamp is compared on every call, so a definition counts once its answer was sent.

    A Redis that was started again may have lost its last definitions, and rows would be refused for want of their group: after
    each new connection the registry is asked first.
    """
    try:
        found = published.published(project)
        if found.stamp and not published.confirmed(project):
            _confirm(project)
            found = published.published(project)
    except Unavailable:
        _logger.warning("definitions_from_registry", project=project)
        return {spec.name: spec for spec in selectors.group_specs(project)}
    if found.stamp:
        return found.groups
    return {spec.name: spec for spec in selectors.group_specs(project)}


def _confirm(project: str) -> None:
    """A registry on a server of its own may be down while the log and Redis are up: then what is published has to do."""
    try:
        with registry_up():
            services.ensure_published(project)
    except Unavailable as error:
        if error.code == "redis_down":
            raise
        _logger.warning("definitions_not_confirmed", project=project, error=error.detail[:200])
