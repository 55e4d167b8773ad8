"""All settings of a Loupan installation.

What differs between machines is an environment variable, read here by four typed helpers; what is a
business rule is data and never stands here.  Unsafe combinations stop the start (see config/checks.py).
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parents[2]


def env(name: str, default: str = "") -> str:
    """A variable that is set to nothing is not set: so compose files and service units leave one out."""
    return os.environ.get(name, "").strip() or default


def env_flag(name: str, *, default: bool) -> bool:
    return env(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def env_list(name: str) -> list[str]:
    return [part.strip() for part in env(name).split(",") if part.strip()]


def kept_secret(name: str, filename: str) -> str:
    """The secret from the environment, or one made once and kept in the data directory."""
    if given := env(name):
        return given
    path = DATA_DIR / filename
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    return path.read_text(encoding="ascii").strip()


# Machine
DATA_DIR = Path(env("LOUPAN_DATA_DIR", str(BASE_DIR / "var"))).resolve()
DEBUG = env_flag("LOUPAN_DEBUG", default=False)
TESTING = "pytest" in sys.modules
PUBLIC_HOSTS = env_list("LOUPAN_HOSTS")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver", *PUBLIC_HOSTS]
HTTPS = env_flag("LOUPAN_HTTPS", default=bool(PUBLIC_HOSTS))
DEMO_LOGINS = env_flag("LOUPAN_DEMO", default=False)
LISTENS_ON = env("LOUPAN_HOST", "127.0.0.1")

# Secrets
SECRET_KEY = kept_secret("LOUPAN_SECRET_KEY", "secret_key")
# "id:hex,id:hex": the first key encrypts, all decrypt. The blind index has a key of its own.
FIELD_KEYS = kept_secret("LOUPAN_FIELD_KEYS", "field_keys")
GIVEN_SECRETS = [name for name in ("LOUPAN_SECRET_KEY", "LOUPAN_FIELD_KEYS") if env(name)]

# Applications
INSTALLED_APPS = [
    "loupan.config",
    "loupan.reports",
    "loupan.sales",
    "loupan.pricing",
    "loupan.ledger",
    "loupan.inventory",
    "loupan.customers",
    "loupan.documents",
    "loupan.parameters",
    "loupan.org",
    "loupan.core",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "django_filters",
    "django_tasks",
    "django_tasks_db",
    "ninja",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "loupan.core.middleware.ServerTimingMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "loupan.config.desk.DeskLoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "loupan.config.desk.DeskMiddleware",
]

ROOT_URLCONF = "loupan.config.urls"
WSGI_APPLICATION = "loupan.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "loupan.config.frame.frame",
            ],
        },
    }
]
COTTON_DIR = "cotton"
FORM_RENDERER = "loupan.core.forms.TablerRenderer"

# Database
DATABASE_URL = env("DATABASE_URL", f"sqlite:///{DATA_DIR / 'loupan.sqlite3'}")


def database(url: str) -> dict[str, Any]:
    """Django's database dictionary for `sqlite:///path` or `postgres://user:pass@host:port/name`."""
    parts = urlparse(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path)[1:] if parts.path.startswith("//") else unquote(parts.path),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                    " PRAGMA cache_size=-64000; PRAGMA temp_store=MEMORY;"
                ),
            },
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": False,
        }
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "loupan.core.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(parts.port or query.get("port", "")),
        "OPTIONS": {
            "options": "-c lock_timeout=3000 -c idle_in_transaction_session_timeout=60000",
            # Only for core/prepared.py. A pooler that changes servers between transactions wants
            # `?prepare=off` in the address.
            "prepare_threshold": None if query.get("prepare") == "off" else 2,
        },
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ATOMIC_REQUESTS = False

# People
AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = ["loupan.config.desk.DeskBackend"]
LOGIN_URL = "org:login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else ["django.contrib.auth.hashers.Argon2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in PUBLIC_HOSTS]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Files
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "assets"] if (BASE_DIR / "assets").exists() else []
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR / "media"

# Language and time
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
FILTERS_EMPTY_CHOICE_LABEL = _("All")
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["loupan.core.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# Background work
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# Log
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOUPAN_LOG_LEVEL", "WARNING")},
}
