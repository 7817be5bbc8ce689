"""API keys in log lines lose their secret, whoever wrote the line."""

from __future__ import annotations

import logging

from core.api_keys import mask


class MaskKeys(logging.Filter):
    """Puts the message together and masks the keys in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the record pass."""
        message = record.getMessage()
        if "jst_" in message:
            record.msg, record.args = mask(message), None
        return True
