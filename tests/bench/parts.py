"""The parts of the bench, each a coroutine that measures and adds rows."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence

from tests.bench.idle import memory
from tests.bench.inbox import inbox
from tests.bench.restart import restart
from tests.bench.stage import Stage
from tests.bench.systems import System
from tests.bench.table import Needed, Row, load_row, median
from tests.bench.traffic import Result, Talk, Traffic, closed_loop, open_loop

__all__ = ["closed", "cost", "desk", "inbox", "memory", "restart", "two"]

DESK_CHATS, DESK_RATE = 64, 50
Loop = Callable[[Sequence[Talk], Traffic], Awaitable[Result]]


async def run(system: System, count: int, loop: Loop) -> Result:
    """Fresh chats, one run, everything closed again."""
    traffic = Traffic()
    talks = await system.open(count, traffic)
    try:
        return await loop(talks, traffic)
    finally:
        await system.close()
        if system.errors:
            counted = ", ".join(f"{count} x {code}" for code, count in Counter(system.errors).items())
            sys.stderr.write(f"{system.name} answered errors: {counted}\n")
            system.errors.clear()


async def closed(stage: Stage) -> None:
    """Every chat has one message in flight; systems take turns, so that a bad minute hits all of them."""
    seconds, rounds = (3.0, 1) if stage.quick else (6.0, 3)
    for level in stage.levels:
        results = await take_turns(
            stage,
            rounds,
            level,
            lambda system: (
                lambda talks, traffic: closed_loop(talks, traffic, seconds=seconds, warm=1.0, cpu=system.cpu)
            ),
        )
        part = f"closed loop, {level} chat{'s' if level > 1 else ''}"
        for key, measured in results.items():
            stage.row(load_row(part, stage.system(key).name, measured))
        compare_closed(stage, level, {key: median(measured) for key, measured in results.items()})


async def desk(stage: Stage) -> None:
    """A support desk's pace."""
    seconds, rounds = (6.0, 1) if stage.quick else (15.0, 3)
    results = await take_turns(
        stage,
        rounds,
        DESK_CHATS,
        lambda system: (
            lambda talks, traffic: open_loop(talks, traffic, rate=DESK_RATE, seconds=seconds, warm=2.0, cpu=system.cpu)
        ),
    )
    for key, measured in results.items():
        stage.row(load_row(f"open loop, {DESK_CHATS} chats at {DESK_RATE} msg/s", stage.system(key).name, measured))
    middle = {
        key: sorted(measured, key=lambda result: result.p50)[len(measured) // 2] for key, measured in results.items()
    }
    if {"a", "postgres"} <= middle.keys():
        ours, relay = middle["postgres"], middle["a"]
        stage.needed += [
            Needed("desk pace, p50 above the relay's", ours.p50 - relay.p50, 6, at_most=True, unit="ms"),
            Needed("desk pace, p99 above the relay's", ours.p99 - relay.p99, 20, at_most=True, unit="ms"),
        ]


async def take_turns(stage: Stage, rounds: int, level: int, loop: Callable[[System], Loop]) -> dict[str, list[Result]]:
    results: defaultdict[str, list[Result]] = defaultdict(list)
    for _ in range(rounds):
        for key, system in stage.all_systems().items():
            results[key].append(await run(system, level, loop(system)))
    return results


def compare_closed(stage: Stage, level: int, middle: dict[str, Result]) -> None:
    ours, textbook, stored = middle.get("postgres"), middle.get("c"), middle.get("b")
    if not ours:
        return
    if level == 64 and textbook:
        stage.needed += [
            Needed("64 chats, msg/s of (c)", ours.rate / textbook.rate, 8),
            Needed("64 chats, p99 of (c)'s", ours.p99 / textbook.p99, 0.25, at_most=True),
        ]
    if level == 64 and stored:
        stage.needed.append(Needed("64 chats, msg/s of (b)", ours.rate / stored.rate, 0.25))
    if level == 1 and textbook:
        stage.needed.append(Needed("1 chat, p50 of (c)'s", ours.p50 / textbook.p50, 0.5, at_most=True))


async def cost(stage: Stage) -> None:
    """The server's own CPU time a message at the same pace, however many chats the workspace has open."""
    ours = stage.ours()
    if not ours:
        return
    levels, rate, seconds = ((1, 64, 512), 100, 4.0) if stage.quick else ((1, 8, 64, 256, 1000), 100, 8.0)
    for level in levels:
        result = await run(
            ours,
            level,
            lambda talks, traffic: open_loop(talks, traffic, rate=rate, seconds=seconds, warm=2.0, cpu=ours.cpu),
        )
        stage.row(load_row(f"cost of a message at {rate} msg/s", f"{ours.name}, {level} chats", [result]))


async def two(stage: Stage) -> None:
    """Visitors and operators of a workspace spread over two processes behind one Redis, against one process."""
    services = stage.services("spread", 3)
    part = "two processes against one, closed loop, 64 chats"
    rates = {}
    for processes in (1, 2):
        system = stage.chatsite(f"{processes} process{'es' if processes > 1 else ''}", services, processes=processes)
        system.start()
        try:
            results = await _closed_rounds(stage, system)
        finally:
            system.stop()
        rates[processes] = median(results).rate
        stage.row(load_row(part, system.name, results))
    stage.row(Row(part, "two / one", {"msg/s": f"{rates[2] / rates[1]:.2f}"}))


async def _closed_rounds(stage: Stage, system: System) -> list[Result]:
    seconds, rounds = (3.0, 1) if stage.quick else (6.0, 3)

    def loop(talks: Sequence[Talk], traffic: Traffic) -> Awaitable[Result]:
        return closed_loop(talks, traffic, seconds=seconds, warm=1.0, cpu=system.cpu)

    return [await run(system, DESK_CHATS, loop) for _ in range(rounds)]
