"""Features that move with every read: the time since a moment that is stored, such as an entity's last event.

What is computed and kept is the moment; here it becomes the feature, with the t of the answer. Newest values, `at`, histories,
Arrow and the offline tables all read through `at_reading`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.codec import to_us

KEPT, SHOWN = "TIMESTAMP", "BIGINT"  # the types of the moment and of the feature


@dataclass(frozen=True)
class Since:
    """Whole units from a moment to t, both floored to `grain` (us); `per` grains are a unit; `sign` -1: from t to the moment.

    TIMESTAMPDIFF counts full hours (grain 1, per 3,600,000,000), DATEDIFF midnights (grain one day, per 1).
    """

    grain: int
    per: int
    sign: int = 1

    @classmethod
    def loads(cls, document: Mapping[str, int] | None) -> Since | None:
        """The inverse of `dataclasses.asdict`; None of None. Unknown names are left aside."""
        return None if document is None else cls(document["grain"], document["per"], document.get("sign", 1))

    def units(self, moment: int, t: int) -> int:
        """How many, cut off towards zero as Spark does; both times in us."""
        grains = t // self.grain - moment // self.grain
        return (self.sign if grains >= 0 else -self.sign) * (abs(grains) // self.per)


def at_reading(forms: Sequence[Since | None], row: Sequence[Any], t: int) -> Sequence[Any]:
    """A row of outputs as kept -> as read at t (us). `forms`: by output, None where the value is the feature; () without any."""
    if not forms:
        return row
    return [
        value if form is None or value is None else form.units(to_us(value), t) for form, value in zip(forms, row, strict=True)
    ]
