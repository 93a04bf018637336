"""Messages on their way, and the two ways to send them: as soon as the last one was seen, or by the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

VISITOR, OPERATOR = 1, 2
BOTH = VISITOR | OPERATOR
MARK = 12
FILLER = "whether the parcel that was sent on Monday has already left the depot, and where it may be by this time " * 2
TEXT_BYTES = 120
# A message that nobody saw for so long is lost: the run is void, not slow.
LOST_AFTER = 15.0

clock = time.perf_counter


class Talk(Protocol):
    """One chat, both of its sides."""

    def send(self, side: int, text: str) -> None: ...


@dataclass(slots=True)
class Journey:
    talk: int
    since: float
    missing: int = BOTH


@dataclass
class Result:
    messages: int
    seconds: float
    latencies: list[float] = field(repr=False)
    lost: int = 0
    cpu_seconds: float = 0.0

    @property
    def rate(self) -> float:
        return self.messages / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        if not self.latencies:
            return float("nan")
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

    @property
    def p50(self) -> float:
        return self.percentile(0.50)

    @property
    def p99(self) -> float:
        return self.percentile(0.99)

    @property
    def cpu_per_message(self) -> float:
        """Microseconds of the server's own processes."""
        return self.cpu_seconds / self.messages * 1e6 if self.messages else float("nan")


class Traffic:
    """A message is done when both sides have it. Systems call `saw` for every text that arrives anywhere."""

    def __init__(self) -> None:
        self.journeys: dict[str, Journey] = {}
        self.latencies: list[float] = []
        self.on_done: Callable[[int], None] | None = None
        self._count = 0

    def text(self, talk: int, since: float | None = None) -> str:
        """A new message of 120 bytes that begins with a mark of its own."""
        self._count += 1
        mark = f"#{self._count:0{MARK - 1}d}"
        self.journeys[mark] = Journey(talk, clock() if since is None else since)
        return mark + FILLER[: TEXT_BYTES - MARK]

    def saw(self, side: int, text: str) -> None:
        mark = text[:MARK]
        journey = self.journeys.get(mark)
        if journey is None:
            return
        journey.missing &= ~side
        if not journey.missing:
            del self.journeys[mark]
            self.latencies.append(clock() - journey.since)
            if self.on_done:
                self.on_done(journey.talk)

    def begin(self) -> float:
        """From here on it counts."""
        self.latencies = []
        return clock()

    def lost(self) -> int:
        now = clock()
        return sum(1 for journey in self.journeys.values() if now - journey.since > LOST_AFTER)


Cpu = Callable[[], float]


async def closed_loop(talks: Sequence[Talk], traffic: Traffic, *, seconds: float, warm: float, cpu: Cpu) -> Result:
    """One message in flight a chat: visitor, operator, visitor, ... each as soon as both sides have the last one."""
    turns = [VISITOR] * len(talks)

    def speak(number: int) -> None:
        side = turns[number]
        turns[number] = BOTH - side
        talks[number].send(side, traffic.text(number))

    traffic.on_done = speak
    for number in range(len(talks)):
        speak(number)
    await asyncio.sleep(warm)
    busy, start = cpu(), traffic.begin()
    await asyncio.sleep(seconds)
    taken, latencies = clock() - start, traffic.latencies
    busy = cpu() - busy
    traffic.on_done = None
    await _drained(traffic)
    return Result(len(latencies), taken, list(latencies), traffic.lost(), busy)


async def open_loop(
    talks: Sequence[Talk], traffic: Traffic, *, rate: float, seconds: float, warm: float, cpu: Cpu
) -> Result:
    """Messages by the clock, whatever became of the earlier ones; latency counts from the scheduled time."""
    start, sent = clock(), 0
    busy, begun = 0.0, 0.0
    while (elapsed := clock() - start) < warm + seconds:
        if not begun and elapsed >= warm:
            busy, begun = cpu(), traffic.begin()
        while sent / rate <= clock() - start:
            number = sent % len(talks)
            side = VISITOR if (sent // len(talks)) % 2 == 0 else OPERATOR
            talks[number].send(side, traffic.text(number, start + sent / rate))
            sent += 1
        await asyncio.sleep(max(0.0, start + sent / rate - clock()))
    busy = cpu() - busy
    await _drained(traffic)
    return Result(len(traffic.latencies), clock() - begun, traffic.latencies, traffic.lost(), busy)


async def _drained(traffic: Traffic) -> None:
    for _ in range(int(LOST_AFTER / 0.02)):
        if not traffic.journeys:
            return
        await asyncio.sleep(0.02)
