"""SQLite or PostgreSQL for what is kept; local memory or Redis for what may be lost."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from .env import DATA_DIR, env, secret

# Both may carry a password, so both may come from a file (`DATABASE_URL_FILE`, `REDIS_URL_FILE`).
DATABASE_URL = secret("DATABASE_URL")
REDIS_URL = secret("REDIS_URL")
SQLITE_SYNCHRONOUS = env.str("SQLITE_SYNCHRONOUS", default="NORMAL").upper()
if SQLITE_SYNCHRONOUS not in {"NORMAL", "FULL"}:
    raise ImproperlyConfigured("SQLITE_SYNCHRONOUS must be NORMAL or FULL.")
# How many web processes are started, all hosts together; `chatsite/checks.py` refuses several without Redis.
WEB_PROCESSES = env.int("WEB_PROCESSES", default=1)

if DATABASE_URL:
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
    if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
        # Under ASGI each request has its own thread, so kept-alive connections would never be found again: a pool.
        DATABASES["default"]["CONN_MAX_AGE"] = 0
        DATABASES["default"]["OPTIONS"] = {
            **DATABASES["default"].get("OPTIONS", {}),
            # The writer's prepared statements (`chats/domain/store.py`) are planned each time: a plan kept from when
            # the tables were small would read all of them for ever. Nothing else is prepared.
            "options": "-c plan_cache_mode=force_custom_plan",
            "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=12), "timeout": 10},
        }
else:
    DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "chatsite.sqlite3"},
    }
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        # NORMAL in WAL mode survives a killed process, not a power cut: docs/decisions/0002-sqlite-durability.md
        "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SQLITE_SYNCHRONOUS};",
    }

CACHES: dict[str, Any]
CHANNEL_LAYERS: dict[str, Any]
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "capacity": 2000, "expiry": 20},
        },
    }
else:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 50_000}}
    }
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

SESSION_ENGINE = "django.contrib.sessions.backends.db"
