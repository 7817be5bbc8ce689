"""Python's collector of cycles in the processes that work in batches."""

from __future__ import annotations

import gc


def calm() -> None:
    """Collect seldom, and never look at what was there when the process began.

    A batch makes a hundred thousand rows and records, none of them in a cycle, and every so many of them would have everything
    that lives looked through: measured, half of the time of an applier.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
