"""Token buckets for frames: in memory, per visitor or member and process. A bucket that is full again is forgotten."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache

from django.conf import settings


class Buckets:
    def __init__(self, per_second: float, burst: int) -> None:
        self.per_second = per_second
        self.burst = burst
        self._levels: dict[Hashable, tuple[float, float]] = {}
        self._swept = time.monotonic()

    def wait(self, key: Hashable) -> float:
        """0.0 and one token taken, or the seconds until there is one."""
        now = time.monotonic()
        level, at = self._levels.get(key, (float(self.burst), now))
        level = min(float(self.burst), level + (now - at) * self.per_second)
        if level < 1:
            self._levels[key] = (level, now)
            return (1 - level) / self.per_second
        self._levels[key] = (level - 1, now)
        if now - self._swept > 60:
            self._sweep(now)
        return 0.0

    def charge(self, key: Hashable, cost: float) -> None:
        """Takes what a dear frame costs beyond its token. It is let through, and those behind it pay for it."""
        level, at = self._levels.get(key, (float(self.burst), time.monotonic()))
        self._levels[key] = (level - cost, at)

    def _sweep(self, now: float) -> None:
        self._swept = now
        full = self.burst / self.per_second
        self._levels = {key: value for key, value in self._levels.items() if now - value[1] < full}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast frames may come, and messages among them. Frames that are no messages (pings, read marks, typing,
    watching) make the first bucket roomier than the second."""

    frames: Buckets
    messages: Buckets

    @classmethod
    def around(cls, messages: Buckets, *, per_second: float, burst: int) -> Pace:
        return cls(Buckets(per_second + messages.per_second, burst + messages.burst), messages)


@cache
def visitor_messages() -> Buckets:
    """Messages of visitors, by visitor: one bucket for all sockets and the HTTP fallback of this process."""
    return Buckets(*settings.LIVE_VISITOR_RATE)


@cache
def operator_messages() -> Buckets:
    """Messages of operators, by member."""
    return Buckets(*settings.LIVE_OPERATOR_RATE)
