"""Memory of a visitor's socket that is open and quiet."""

from __future__ import annotations

import gc

from tests.bench.stage import Stage
from tests.bench.table import Needed, Row

WARM_SOCKETS = 100
LIMIT_KIB = 40


async def memory(stage: Stage) -> None:
    """Growth of resident memory from 100 sockets to many more, in a fresh process; each has its chat, none talks."""
    count = 1_000 if stage.quick else 2_000
    part = f"memory of an idle visitor socket, {count:,} sockets"
    for key in stage.systems:
        system = stage.make(key)
        system.start()
        try:
            await system.open_idle(WARM_SOCKETS)
            before = system.processes[0].rss_kib()
            await system.open_idle(count)
            per_socket = (system.processes[0].rss_kib() - before) / count
            await system.close()
        finally:
            system.stop()
            gc.collect()
        stage.row(Row(part, system.name, {"KiB": f"{per_socket:.1f}", "base MiB": f"{before / 1024:.0f}"}))
        if key == "postgres":
            stage.needed.append(Needed("idle visitor socket", per_socket, LIMIT_KIB, at_most=True, unit="KiB"))
