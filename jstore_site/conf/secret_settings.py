"""The two secrets. A deployment that names its servers must name its secrets too; see checks.py."""

from .environment import DEBUG, EMBEDDED, JSTORE_HOME, env, local_secrets

# What a deployment runs with when it was given none: good for building static files, refused by wsgi and by `check`.
DEFAULT_SECRET = "insecure-default-secret-that-is-refused-in-production"  # noqa: S105

# Made at first use by the embedded stack, and where it is asked for. What is there already is used by every process of
# the home: `make demo` on somebody's own PostgreSQL has its secrets there too.
_keep = EMBEDDED or DEBUG or env.bool("JSTORE_LOCAL_SECRETS", default=False) or (JSTORE_HOME / "secrets.json").exists()
_local = local_secrets(JSTORE_HOME) if _keep else {}

SECRET_KEY = env.str("JSTORE_SECRET_KEY", default="") or _local.get("secret_key", DEFAULT_SECRET)
JSTORE_KEY_PEPPER = env.str("JSTORE_KEY_PEPPER", default="") or _local.get("key_pepper", DEFAULT_SECRET)
