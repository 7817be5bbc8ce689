"""The definitions as a push or the applier sees them: what is published, or the registry itself while Redis is down."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from backends.online import published
from core.errors import Unavailable
from core.spec import GroupSpec
from features import selectors

_logger = structlog.get_logger(__name__)


def known_groups(project: str) -> Mapping[str, GroupSpec]:
    """name -> spec, deleted groups too. The stamp is compared on every call, so a definition counts once its answer was sent."""
    try:
        found = published.published(project)
    except Unavailable:
        _logger.warning("definitions_from_registry", project=project)
        return {spec.name: spec for spec in selectors.group_specs(project)}
    if found.stamp:
        return found.groups
    return {spec.name: spec for spec in selectors.group_specs(project)}
