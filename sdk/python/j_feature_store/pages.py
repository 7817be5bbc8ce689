"""Walks the API's pages: definitions by number, the other lists by cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from j_feature_store.transport import Transport

LARGEST_PAGE = 10_000


def pages_by_number(transport: Transport, path: str, filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every item of a list that answers count, next, previous, results."""
    page = 1
    while True:
        answer = transport.send("GET", path, query={**filters, "page": page}, repeatable=True)
        yield from answer["results"]
        if not answer.get("next"):
            return
        page += 1


def pages_by_cursor(transport: Transport, path: str, query: Mapping[str, str], limit: int | None) -> Iterator[dict[str, Any]]:
    """The documents of a list that answers a cursor in `next`, up to `limit` rows in all (None = every page)."""
    if limit is not None and limit < 1:
        raise ValueError("limit must be at least 1")
    left = limit
    cursor = None
    while True:
        asked = LARGEST_PAGE if left is None else min(left, LARGEST_PAGE)
        page = {**query, "limit": asked, **({"cursor": cursor} if cursor else {})}
        answer = transport.send("GET", path, query=page, repeatable=True)
        yield answer
        cursor = answer.get("next")
        if left is not None:
            left -= asked
        if not cursor or left == 0:
            return


def take(pages: Iterator[dict[str, Any]], member: str) -> dict[str, Any]:
    """The pages as one document: the first's members, `member` of all, and the last one's `next`."""
    whole = next(pages)
    for page in pages:
        whole[member] += page[member]
        whole["next"] = page.get("next")
    return whole
