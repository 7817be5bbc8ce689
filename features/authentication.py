"""Who is asking. A placeholder until the registry's own: the session only."""

from rest_framework.authentication import SessionAuthentication


class KeyOrSessionAuthentication(SessionAuthentication):
    """The browser's session."""
