"""The content security policy: our own files only, with what three places need more."""

from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Path prefix -> directives that are replaced there.
POLICY_EXCEPTIONS: dict[str, dict[str, Any]] = {
    # Swagger UI carries a <style> and sets style attributes.
    "/docs": {"style-src": [SELF, UNSAFE_INLINE]},
    # ReDoc too, and its bundle makes functions from text and searches in a blob worker.
    "/redoc": {"style-src": [SELF, UNSAFE_INLINE], "script-src": [SELF, UNSAFE_EVAL], "worker-src": ["blob:"]},
    # Unfold ships the build of Alpine that evaluates expressions, and writes its colours as a <style>.
    "/admin/": {"style-src": [SELF, UNSAFE_INLINE], "script-src": [SELF, UNSAFE_EVAL]},
}
