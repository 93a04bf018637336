"""Is this process alive, and can it serve? Constant words only: whoever asks may be a stranger.

Chat goes on without the channel layer and without the broker (the sweeper and the minutely jobs catch up), so their
loss is `degraded` with status 200. Without the database, or with migrations to apply, nothing is promised: 503.
"""

from __future__ import annotations

from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

WELL = "ok"
DOWN = "down"
PROBE_SECONDS = 1.0

# Migrations that were applied stay applied while a process lives, so one good answer is kept.
_migrated = False


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": WELL})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether a proxy may send people here."""
    checks = {"database": _database(), "migrations": _migrations(), "layer": _redis(), "broker": _broker()}
    if checks["database"] != WELL or checks["migrations"] != WELL:
        return JsonResponse({"status": "unavailable", "checks": checks}, status=503)
    status = WELL if set(checks.values()) == {WELL} else "degraded"
    return JsonResponse({"status": status, "checks": checks})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return DOWN
    return WELL


def _migrations() -> str:
    global _migrated
    if not _migrated:
        try:
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError:
            return DOWN
    return WELL if _migrated else "unapplied"


def _redis() -> str:
    """The channel layer. In memory it lives as long as the process does."""
    if not settings.REDIS_URL:
        return WELL
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=PROBE_SECONDS, socket_timeout=PROBE_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError:
        return DOWN
    finally:
        client.close()
    return WELL


def _broker() -> str:
    if settings.CELERY_BROKER_URL.startswith("redis"):
        return _redis()
    folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("data_folder_in")
    return WELL if folder is None or Path(folder).is_dir() else DOWN
