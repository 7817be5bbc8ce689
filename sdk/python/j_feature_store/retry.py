"""When to try again, and after how long."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter, for calls that are safe to repeat.

    attempts: tries in all, the first included; 1 turns retries off.
    base, cap: seconds; before try n+1 the client sleeps a random time in [0, min(cap, base × 2ⁿ⁻¹)].
    longest_wait: seconds; a Retry-After beyond it is not waited for, the error is raised at once.
    """

    attempts: int = 5
    base: float = 0.2
    cap: float = 10.0
    longest_wait: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError("attempts must be at least 1")

    def delay(self, tried: int, retry_after: float | None) -> float | None:
        """Seconds to sleep after `tried` tries, or None to give up.

        Full jitter spreads clients that failed together; with a Retry-After the jitter comes on top of it,
        since a thousand clients told "2 s" would otherwise return as one.
        """
        if tried >= self.attempts:
            return None
        jitter = random.uniform(0, min(self.cap, self.base * 2 ** (tried - 1)))  # noqa: S311 - no secret
        if retry_after is None:
            return jitter
        return None if retry_after > self.longest_wait else retry_after + jitter


def parse_retry_after(text: str | None) -> float | None:
    """Seconds from a Retry-After header (seconds or an HTTP date); None where absent or unreadable."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text.strip())
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):  # TypeError: Python 3.9's answer to an unreadable date
        return None
    return max(0.0, moment.timestamp() - time.time())
