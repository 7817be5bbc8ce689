"""Whether the defaults of a definition fit the types of its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import types
from core.errors import Invalid
from core.spec import Layout


def fitting_defaults(defaults: Mapping[str, Any], outputs: Sequence[str], layout: Layout) -> None:
    """Raises Invalid where a default names no output or is not of its type; an output of open type takes any value."""
    kinds = dict(zip(outputs, layout.outputs, strict=True))
    for name, value in defaults.items():
        pointer = f"/defaults/{name}"
        if name not in kinds:
            raise Invalid("unknown_feature", f"{name!r} is no feature; the features are {', '.join(outputs)}", pointer=pointer)
        kind = kinds[name]
        try:
            if kind is not None:
                types.coerce(types.parse_type(kind), value)
        except types.Mismatch as error:
            raise Invalid("type_mismatch", f"the default of {name}: {error.detail}", pointer=pointer) from error
