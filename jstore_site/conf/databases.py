"""PostgreSQL for everything, MongoDB for the registry when MONGODB_URI is set, Redis (or Valkey) for cache and queue."""

import copy
from typing import Any
from urllib.parse import urlsplit

from .environment import MONGODB_URI, POSTGRES_URI, REDIS_URI, env

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **copy.deepcopy(env.db_url_config(POSTGRES_URI)),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    },
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)

if MONGODB_URI:
    DATABASES["registry"] = {
        "ENGINE": "django_mongodb_backend",
        "HOST": MONGODB_URI,
        "NAME": urlsplit(MONGODB_URI).path.strip("/") or "jstore",
        "OPTIONS": {"serverSelectionTimeoutMS": 5000},
    }

DATABASE_ROUTERS = ["jstore_site.router.RegistryRouter"]

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URI,
        "KEY_PREFIX": "jstore:cache",
    },
}
