"""How often something may happen, counted in the cache all processes share.

Two neighbouring windows are weighed, so that nobody gets twice the count by straddling a border.
A cache that is down must not close the service: each process then counts for itself.
"""

from __future__ import annotations

import time

import structlog
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

_own_memory = LocMemCache("throttle", {})


def wait_for(name: str, key: str, *, count: int, seconds: int) -> float:
    """0.0 if `key` may do `name` once more (and counts it), else the seconds to wait: at most `count` per `seconds`."""
    # Keys are addresses of people: only a keyed hash reaches the cache.
    digest = salted_hmac("accounts.throttle", f"{name}:{key}").hexdigest()[:32]
    try:
        return _count(cache, digest, count, seconds)
    except (RedisError, OSError) as error:
        log.warning("throttle.cache_down", error=type(error).__name__)
        return _count(_own_memory, digest, count, seconds)


def _count(store: BaseCache, digest: str, count: int, seconds: int) -> float:
    now = time.time()
    window = int(now // seconds)
    passed = now / seconds - window
    current, previous = (f"throttle:{digest}:{number}" for number in (window, window - 1))
    store.add(current, 0, timeout=2 * seconds)
    before = store.get(previous, 0)
    try:
        used = store.incr(current)
    except ValueError:
        # Thrown out of the cache between the two calls: this one is the first again.
        store.set(current, 1, timeout=2 * seconds)
        used = 1
    if used + before * (1 - passed) <= count:
        return 0.0
    try:
        store.decr(current)
    except ValueError:
        return 0.0
    if used > count or not before:
        return float(seconds * (1 - passed))
    # The previous window fades out evenly: wait until enough of it is gone.
    return float(min(seconds * (1 - passed), seconds * (1 - passed - (count - used) / before)))
