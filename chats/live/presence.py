"""Who is there, with evidence: leases that end by themselves.

A process renews a lease for each member who has a socket here; 90 s without renewal and the member is gone, whatever
happened to the process. Leases live in local memory with one web process and in Redis with several. What the member
chose (online, away, invisible) rides along, so that every process can say why.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Protocol

import orjson
import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

SHOWN = frozenset({"online", "away"})
FRESH = 2.0


@dataclass(frozen=True, slots=True)
class Lease:
    """`since`: when this state began (Unix seconds); `until`: when it ends unless renewed."""

    member_id: int
    state: str
    since: float
    until: float
    reason: str = ""


class Leases(Protocol):
    def put(self, workspace_id: int, owner: str, lease: Lease) -> None: ...

    def drop(self, workspace_id: int, owner: str, member_id: int) -> None: ...

    def held(self, workspace_id: int) -> dict[int, Lease]: ...


def _best(leases: list[Lease]) -> dict[int, Lease]:
    """One lease a member; of several processes' the one that says most."""
    rank = {"online": 3, "away": 2, "invisible": 1}
    best: dict[int, Lease] = {}
    for lease in leases:
        other = best.get(lease.member_id)
        if other is None or rank.get(lease.state, 0) > rank.get(other.state, 0):
            best[lease.member_id] = lease
    return best


class MemoryLeases:
    def __init__(self) -> None:
        self._leases: dict[int, dict[tuple[str, int], Lease]] = {}
        self._lock = threading.Lock()

    def put(self, workspace_id: int, owner: str, lease: Lease) -> None:
        with self._lock:
            self._leases.setdefault(workspace_id, {})[(owner, lease.member_id)] = lease

    def drop(self, workspace_id: int, owner: str, member_id: int) -> None:
        with self._lock:
            self._leases.get(workspace_id, {}).pop((owner, member_id), None)

    def held(self, workspace_id: int) -> dict[int, Lease]:
        now = time.time()
        with self._lock:
            leases = self._leases.get(workspace_id, {})
            for key in [key for key, lease in leases.items() if lease.until <= now]:
                del leases[key]
            return _best(list(leases.values()))


class RedisLeases:
    """A hash a workspace: `owner:member` -> lease. When Redis is down, this process still knows its own."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
        self._own = MemoryLeases()
        self._down_until = 0.0

    @staticmethod
    def _key(workspace_id: int) -> str:
        return f"presence:{workspace_id}"

    def _failed(self, error: Exception) -> None:
        self._down_until = time.monotonic() + 2
        log.warning("presence store unavailable", error=type(error).__name__)

    def put(self, workspace_id: int, owner: str, lease: Lease) -> None:
        self._own.put(workspace_id, owner, lease)
        if time.monotonic() < self._down_until:
            return
        value = orjson.dumps([lease.state, lease.since, lease.until, lease.reason])
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(self._key(workspace_id), f"{owner}:{lease.member_id}", value)
                pipe.expire(self._key(workspace_id), settings.LIVE_LEASE_SECONDS * 2)
                pipe.execute()
        except redis.RedisError as error:
            self._failed(error)

    def drop(self, workspace_id: int, owner: str, member_id: int) -> None:
        self._own.drop(workspace_id, owner, member_id)
        if time.monotonic() < self._down_until:
            return
        try:
            self._redis.hdel(self._key(workspace_id), f"{owner}:{member_id}")
        except redis.RedisError as error:
            self._failed(error)

    def held(self, workspace_id: int) -> dict[int, Lease]:
        if time.monotonic() < self._down_until:
            return self._own.held(workspace_id)
        try:
            stored = self._redis.hgetall(self._key(workspace_id))
        except redis.RedisError as error:
            self._failed(error)
            return self._own.held(workspace_id)
        now = time.time()
        leases: list[Lease] = []
        ended: list[str] = []
        for key, value in stored.items():
            name = bytes(key).decode() if not isinstance(key, str) else key
            state, since, until, reason = orjson.loads(value)
            if until <= now:
                ended.append(name)
            else:
                leases.append(Lease(int(name.rsplit(":", 1)[1]), state, since, until, reason))
        if ended:
            self._forget(workspace_id, ended)
        return _best(leases)

    def _forget(self, workspace_id: int, ended: list[str]) -> None:
        try:
            self._redis.hdel(self._key(workspace_id), *ended)
        except redis.RedisError as error:
            self._failed(error)


_store: Leases | None = None
_seen: dict[int, tuple[float, dict[int, Lease]]] = {}


def store() -> Leases:
    """The leases of this process's set-up, made at the first use."""
    global _store
    if _store is None:
        _store = RedisLeases(settings.REDIS_URL) if settings.REDIS_URL else MemoryLeases()
    return _store


def forget() -> None:
    """Starts anew: for tests."""
    global _store
    _store = None
    _seen.clear()


def held(workspace_id: int, *, fresh: bool = False) -> dict[int, Lease]:
    """The leases of a workspace by member, at most `FRESH` seconds old unless `fresh`. May ask Redis, so
    not for the event loop."""
    now = time.monotonic()
    known = _seen.get(workspace_id)
    if known is None or fresh or known[0] <= now:
        known = (now + FRESH, store().held(workspace_id))
        _seen[workspace_id] = known
    return known[1]


def someone_is_here(workspace_id: int) -> bool:
    """Whether an operator of the workspace is online (not away, not invisible) and connected."""
    return any(lease.state == "online" for lease in held(workspace_id).values())


def renewed(lease: Lease) -> Lease:
    return replace(lease, until=time.time() + settings.LIVE_LEASE_SECONDS)
