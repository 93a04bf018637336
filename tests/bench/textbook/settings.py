"""Django as a tutorial sets it up, plus one kindness: the database connection is kept (CONN_MAX_AGE)."""

import os

import environ

SECRET_KEY = "textbook-" + "x" * 41
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["daphne", "django.contrib.contenttypes", "channels", "tests.bench.textbook"]
ROOT_URLCONF = "tests.bench.textbook.asgi"
ASGI_APPLICATION = "tests.bench.textbook.asgi.application"
DATABASES = {"default": {**environ.Env().db_url("DATABASE_URL"), "CONN_MAX_AGE": 60}}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [os.environ["REDIS_URL"]], "capacity": 5000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
