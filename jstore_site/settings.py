"""Django settings. What depends on the environment is read in conf/; every variable is listed in .env.example.

The imported names are settings: Django takes every upper-case name of this module.
"""

import os

from core.access import local_rule_on

from .conf.api import REST_FRAMEWORK, SPECTACULAR_SETTINGS
from .conf.databases import CACHES, DATABASE_ROUTERS, DATABASES
from .conf.environment import BASE_DIR, DEBUG, EMBEDDED, JSTORE_HOME, MONGODB_URI, POSTGRES_URI, REDIS_URI, env
from .conf.logs import LOGGING
from .conf.network import JSTORE_LOCAL_GATEWAYS
from .conf.pages import TEMPLATES, UNFOLD
from .conf.policy import CONTENT_SECURITY_POLICY, POLICY_EXCEPTIONS
from .conf.processing import (
    JSTORE_BUCKETS,
    JSTORE_ENGINE,
    JSTORE_GATE_EVENTS,
    JSTORE_GATE_SECONDS,
    JSTORE_INLINE_TRANSFORMATIONS,
    JSTORE_RATE_PER_SECOND,
    JSTORE_SPARK_MASTER,
    KAFKA_BOOTSTRAP_SERVERS,
    KAFKA_DEAD_LETTERS,
    KAFKA_GROUP_ID,
    KAFKA_SASL_MECHANISM,
    KAFKA_SASL_PASSWORD,
    KAFKA_SASL_USERNAME,
    KAFKA_SECURITY_PROTOCOL,
    KAFKA_SSL_CAFILE,
    KAFKA_TOPIC,
)
from .conf.secret_settings import JSTORE_KEY_PEPPER, SECRET_KEY

# The local rule of the API: a keyless request from this machine is the editor of project `default`.
JSTORE_ANONYMOUS_LOCAL = local_rule_on(os.environ)

ALLOWED_HOSTS = env.list("JSTORE_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("JSTORE_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "jstore_site",  # before drf_spectacular: its ReDoc page links another host
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_celery_beat",
    "django_prometheus",
    "csp",
    "features",
    "serving",
    "processing",
    "monitoring",
]

MIDDLEWARE = [
    "jstore_site.middleware.RequestId",
    "jstore_site.middleware.ApiErrors",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jstore_site.middleware.Policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "jstore_site.urls"
WSGI_APPLICATION = "jstore_site.wsgi.application"
# Paths under /api take the slash or leave it, each by its own pattern; a redirect would lose a POST's body.
APPEND_SLASH = False
# A push may be 16 MiB; the views hold that limit themselves, so that the answer is a problem document.
DATA_UPLOAD_MAX_MEMORY_SIZE = 17 * 1024 * 1024

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("pt-br", "Português (Brasil)")]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "unfold"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Files are found where the packages keep them: a demo needs no collectstatic. The image collects and hashes them.
STATIC_COLLECTED = env.bool("JSTORE_STATIC_COLLECTED", default=False)
STATIC_ROOT = BASE_DIR / "staticfiles" if STATIC_COLLECTED else None
WHITENOISE_USE_FINDERS = not STATIC_COLLECTED
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("JSTORE_HTTPS", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE else None
