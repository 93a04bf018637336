"""500 visitors are connected, the server gets SIGTERM and is started again: how long until the last one is back."""

from __future__ import annotations

import asyncio
import json
import statistics
import time

from tests.bench.stage import Stage
from tests.bench.table import Row
from tests.support.clients import At, Visitor
from tests.support.history import History

CLIENTS = 500


async def restart(stage: Stage) -> None:
    count = 200 if stage.quick else CLIENTS
    system = stage.chatsite("PostgreSQL + Redis", stage.services("restart", 4))
    system.start()
    history = History()
    try:
        key = system.seed(workspaces=1, operators=1)[0]["website_key"]
        at = At(system.processes[0].port)
        visitors = [Visitor(at, key, history, f"visitor {number}") for number in range(count)]
        for first in range(0, count, 20):
            await asyncio.gather(*(visitor.begin(60) for visitor in visitors[first : first + 20]))
        await asyncio.gather(*(visitor.start(json.dumps(number)) for number, visitor in enumerate(visitors)))
        started = time.monotonic()
        ended_after = await asyncio.to_thread(system.processes[0].terminate)
        await asyncio.to_thread(system.processes[0].start)
        up_after = time.monotonic() - started
        back = await asyncio.gather(*(_back(visitor, started) for visitor in visitors))
        codes = {code for visitor in visitors for code in visitor.closes}
        await asyncio.gather(*(visitor.stop() for visitor in visitors))
    finally:
        system.stop()
    stage.row(
        Row(
            f"{count} clients back after SIGTERM",
            system.name,
            {
                "process ended s": f"{ended_after:.1f}",
                "next one up s": f"{up_after:.1f}",
                "half back s": f"{statistics.median(back):.1f}",
                "all back s": f"{max(back):.1f}",
                "close codes": ",".join(str(code) for code in sorted(codes)),
            },
        )
    )


async def _back(visitor: Visitor, since: float) -> float:
    await visitor.until(lambda: visitor.welcomes > 1, 90)
    return time.monotonic() - since
