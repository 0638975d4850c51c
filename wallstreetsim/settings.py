"""Every setting, read from the environment once, with defaults that run on a laptop.

What the simulation is (fees, limits, weights) is one frozen `Rules` value, which is only passed on
here, to the apps, that may not import from us.
"""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured

from market.common.watched_connection import WatchedConnection
from wallstreetsim.environment import logs
from wallstreetsim.environment.addresses import POSTGRES, database_address, redis_address
from wallstreetsim.environment.places import Places
from wallstreetsim.machine.rules import RULES as RULES

BASE_DIR = Path(__file__).resolve().parent.parent


# Of these, NAME_FILE may name a file that holds it: the environment of a process is shown around.
SECRETS = {
    *("SECRET_KEY", "WSS_WEBHOOK_KEY", "WSS_WEBHOOK_KEY_PREVIOUS", "DATABASE_URL", "REDIS_URL"),
    *("WSS_METRICS_TOKEN", "NEWS_LLM_KEY", "DISCORD_WEBHOOK_URL"),
}


def text(name: str, default: str = "") -> str:
    value = os.environ.get(name, "").strip()
    if name in SECRETS and (file := os.environ.get(f"{name}_FILE", "").strip()):
        if value:
            raise ImproperlyConfigured(f"give {name} or {name}_FILE, not both")
        value = _read(f"{name}_FILE", Path(file))
    return value or default


def _read(name: str, file: Path) -> str:
    try:
        value = file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ImproperlyConfigured(f"{name} names a file that cannot be read: {file}") from None
    if not value:
        raise ImproperlyConfigured(f"{name} names an empty file: {file}")
    return value


def number(name: str, default: int, *, least: int = 0, most: int = sys.maxsize) -> int:
    try:
        value = int(text(name, str(default)))
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text(name)!r}") from None
    if value < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}, not {value}")
    if value > most:
        raise ImproperlyConfigured(f"{name} must be at most {most}, not {value}")
    return value


def flag(name: str) -> bool:
    return text(name).lower() in {"1", "true", "yes", "on"}


def choice(name: str, *options: str) -> str:
    """Return the value of `name`, which must be one of `options`; the first is the default."""
    value = text(name, options[0]).lower()
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {value!r}")
    return value


def words(name: str) -> list[str]:
    return [word.strip() for word in text(name).split(",") if word.strip()]


# --- the simulation ---

TICK_SECONDS = number("TICK_SECONDS", 1, least=1)
SEED = text("WSS_SEED")  # drawn at founding if not given
HOUSE_AGENTS = number("HOUSE_AGENTS", 24)
COMPANIES = number("COMPANIES", 100, least=1)

# A language model that writes longer texts for articles; off without an address.
NEWS_LLM_URL = text("NEWS_LLM_URL")  # OpenAI's form: what comes before /chat/completions
NEWS_LLM_MODEL = text("NEWS_LLM_MODEL", "gpt-4o-mini")
NEWS_LLM_KEY = text("NEWS_LLM_KEY")
NEWS_LLM_CALLS = number("NEWS_LLM_CALLS", 5, most=5)  # a minute: each may take ten seconds

DISCORD_WEBHOOK_URL = text("DISCORD_WEBHOOK_URL")  # whoever has it can write there; off without

MCP = choice("WSS_MCP", "on", "read-only", "off")
WEBHOOK_ALLOW_PRIVATE = choice("WSS_WEBHOOK_ALLOW_PRIVATE", "off", "loopback", "on")

# --- where it runs ---

PLACES = Places((BASE_DIR / text("WSS_DATA_DIR", ".data")).resolve())
BIND = text("WSS_BIND", "127.0.0.1")
PORT = number("PORT", 8080, least=1, most=65_535)
SEAL_AFTER_DAYS = number("WSS_SEAL_AFTER_DAYS", 0)  # of the world's; 0: no day is dropped
EXPORT_DIRECTORY = Path(text("WSS_EXPORT_DIR", str(PLACES.data / "exports")))
DEBUG = flag("DEBUG")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *words("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
TRUSTED_PROXIES = number("WSS_TRUSTED_PROXIES", 0)  # how many last X-Forwarded-For hops are ours
FEED_SOCKETS_PER_AGENT = number("WSS_SOCKETS_PER_AGENT", 5, least=1)  # in all web processes
FEED_SOCKETS_PER_ADDRESS = number("WSS_SOCKETS_PER_ADDRESS", 50, least=1)  # anonymous ones
RATE_LIMITS = choice("WSS_RATE_LIMITS", "on", "off") == "on"  # off for benchmarks
METRICS_TOKEN = text("WSS_METRICS_TOKEN")  # for /metrics, which else only this machine may read


def key_from(name: str, file: Path) -> str:
    """Return a key from the environment, else the one `make run` made, else ""."""
    if key := text(name):
        return key
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):  # preflight says so
        return ""


SECRET_KEY = key_from("SECRET_KEY", PLACES.secret_key)  # Django refuses ""
WEBHOOK_KEY = key_from("WSS_WEBHOOK_KEY", PLACES.webhook_key)  # encrypts the webhooks' secrets
WEBHOOK_KEY_PREVIOUS = text("WSS_WEBHOOK_KEY_PREVIOUS")  # which encrypted them: see `reencrypt`

# --- PostgreSQL: the record ---

EMBEDDED_POSTGRES = not text("DATABASE_URL")


def database() -> dict[str, Any]:
    if url := text("DATABASE_URL"):
        return database_address(url)
    return {
        "ENGINE": POSTGRES,
        "NAME": "wallstreetsim",
        "USER": "wallstreetsim",
        "HOST": str(PLACES.postgres_socket_dir),
        "OPTIONS": {},
    }


DATABASES = {"default": {**database(), "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}}
# A request has a thread of its own under ASGI, and Celery closes connections after every task: so
# each process pools its connections, and notices a broken one on its way out of the pool.
DATABASE_POOL = number("WSS_DB_POOL", 16, least=1)
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 1,
    "max_size": DATABASE_POOL,
    "timeout": 1.75,  # after which whoever asks is told that the record is out of reach
    "reconnect_timeout": 2,
    "connection_class": WatchedConnection,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: the messenger ---

EMBEDDED_REDIS = not text("REDIS_URL")
REDIS_URL, CELERY_BROKER_URL, REDIS_DATABASE = redis_address(
    text("REDIS_URL", f"unix://{quote(str(PLACES.redis_socket))}")
)

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # redis-py's own timeout of 5 s would cut off a subscription that is merely quiet.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None}],
            # Whoever publishes to a Redis is heard in all of its databases.
            "prefix": f"wallstreetsim/{REDIS_DATABASE}/",
        },
    }
}

CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # Redis comes back; nobody gives up waiting for it
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_keepalive": True, "health_check_interval": 10}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "courier"
CELERY_TASK_ROUTES = {"wallstreetsim.tick": {"queue": "floor"}}
CELERY_IMPORTS = ["wallstreetsim.lab.side_by_side"]  # whose task workers of the queue lab perform
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_TIMEZONE = "UTC"

# --- Django ---

# The apps of the exchange, lowest first: what each brings to the floor is in its own files.
EXCHANGE_APPS = ["market", "agents", "sec", "news", "webhooks"]

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    *EXCHANGE_APPS,
    "wallstreetsim",
]

MIDDLEWARE = [
    "wallstreetsim.api.middleware.RequestContext",
    "django.middleware.security.SecurityMiddleware",
    "wallstreetsim.api.compression.CompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# What stands before a public site speaks TLS, sends others there, and tells browsers to stay.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = any(
    origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS
)
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]

CSRF_FAILURE_VIEW = "wallstreetsim.terminal.pages.forged"

ROOT_URLCONF = "wallstreetsim.urls"
ASGI_APPLICATION = "wallstreetsim.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {
                "manual": "wallstreetsim.api.manual_filters",
                "terminal": "wallstreetsim.terminal.template_tags",
            },
        },
    },
]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# A release has gathered its static files (deploy/build.sh), under hashed names. Elsewhere they are
# served from where they lie: no collectstatic before a run.
COLLECTED = BASE_DIR / "collected"
WHITENOISE_USE_FINDERS = not COLLECTED.is_dir()
if COLLECTED.is_dir():
    STATIC_ROOT = COLLECTED
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "wallstreetsim.environment.static_files.HashedStaticFiles"},
    }

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["wallstreetsim.api.authentication.BearerAuthentication"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "wallstreetsim.api.envelope.JSONOnly",
    "DEFAULT_METADATA_CLASS": "wallstreetsim.api.envelope.Methods",
    "DEFAULT_PARSER_CLASSES": ["wallstreetsim.api.parsing.StrictJSONParser"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["wallstreetsim.api.envelope.EnvelopeRenderer"],
    "DEFAULT_SCHEMA_CLASS": "wallstreetsim.api.schema.EnvelopeSchema",
    "DEFAULT_THROTTLE_CLASSES": ["wallstreetsim.api.limits.RateLimit"],
    "EXCEPTION_HANDLER": "wallstreetsim.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "WallStreetSim",
    "DESCRIPTION": "A stock exchange for AI agents.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "string", "format": "uuid"}},
    "PREPROCESSING_HOOKS": ["wallstreetsim.api.schema.only_canonical"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "wallstreetsim.api.examples.with_examples",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",  # served by us, like all else
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOG_LEVEL = choice("WSS_LOG_LEVEL", "info", "debug", "warning", "error", "critical")
LOGGING = logs.configuration(level=LOG_LEVEL.upper(), readable=sys.stdout.isatty())
