"""One file for each row of the compatibility contract. Everything is looked at from outside, on a whole running JStore."""

import uuid

import pytest


@pytest.fixture
def tag() -> str:
    """A part of names that no other test uses: the stack is shared."""
    return uuid.uuid4().hex[:8]
