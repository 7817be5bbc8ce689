"""The only place that spells a Redis key of values. The hash tag {project.bucket} keeps a bucket in one slot of a cluster.

The entity's text stands last and raw: Redis keys are binary safe, and the first braces decide the slot. No pattern is ever made
of it.
"""

from __future__ import annotations


def _of_bucket(kind: str, project: str, bucket: int, code: str) -> str:
    return f"js:{{{project}.{bucket}}}:{code}:{kind}"


def record_key(project: str, bucket: int, code: str, entity: str) -> str:
    """The packed record of one entity (core.record)."""
    return f"js:{{{project}.{bucket}}}:{code}:r:{entity}"


def tiles_key(project: str, bucket: int, code: str, entity: str) -> str:
    """Hash of tile number -> packed tile."""
    return f"js:{{{project}.{bucket}}}:{code}:t:{entity}"


def due_key(project: str, bucket: int, code: str) -> str:
    """Sorted set of entity -> the time (us) at which the sweeper must look at it."""
    return _of_bucket("d", project, bucket, code)


def gated_key(project: str, bucket: int, code: str) -> str:
    """Set of the entities that have too many events to be recomputed on each arrival."""
    return _of_bucket("g", project, bucket, code)


def cursor_key(project: str, bucket: int, code: str) -> str:
    """The cursor record of a bucket (core.record.Cursor)."""
    return _of_bucket("c", project, bucket, code)


def version_prefix(project: str, bucket: int, code: str) -> bytes:
    """What every key of a version's bucket begins with."""
    return _of_bucket("", project, bucket, code).encode()


def version_pattern(project: str, code: str) -> str:
    """A glob that every key of a version matches; names of projects and codes hold no pattern characters, braces are literal."""
    return f"js:{{{project}.*}}:{code}:*"
