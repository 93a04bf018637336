"""The web process dies: at the two worst moments, and at any."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from tests.support.desk import Desk, DeskServer


async def brought_back(server: DeskServer, wait: float = 20) -> None:
    """Waits until the process has died, then starts it again on its port, healthy."""
    deadline = time.monotonic() + wait
    while server.is_up:
        assert time.monotonic() < deadline, "the failpoint was not reached"
        await asyncio.sleep(0.05)
    assert server.process is not None
    assert server.process.returncode == -9
    server.env.pop("LIVE_FAILPOINT", None)
    await asyncio.to_thread(server.start)


@pytest.mark.parametrize("moment", ["after_commit", "after_answer"])
async def test_nothing_is_lost_or_doubled_when_the_server_dies_between_commit_answer_and_broadcast(
    desk: Desk, moment: str
) -> None:
    desk.seed(operators=2)
    server = desk.server(LIVE_FAILPOINT=f"{moment}:60").start()
    await desk.open(visitors=8, operators=2)

    await asyncio.gather(desk.talk(8), brought_back(server))

    await desk.holds()
    assert any(1006 in client.closes for client in desk.clients)


async def test_nothing_is_lost_or_doubled_when_the_server_is_killed_at_random_moments(desk: Desk) -> None:
    desk.seed(operators=3)
    server = desk.server().start()
    await desk.open(visitors=12, operators=3)

    async def killer() -> None:
        for _ in range(3):
            await asyncio.sleep(random.uniform(0.5, 2.5))
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)

    await asyncio.gather(desk.talk(14), killer())

    await desk.holds()
    assert all(client.welcomes > 1 for client in desk.clients)


async def test_a_killed_process_leaves_the_other_ones_clients_undisturbed(desk: Desk) -> None:
    desk.seed(operators=2)
    first, second = desk.server().start(), desk.server().start()
    await desk.open(visitors=8, operators=2)

    async def killer() -> None:
        await asyncio.sleep(2)
        await asyncio.to_thread(first.kill)
        await asyncio.sleep(2)
        await asyncio.to_thread(first.start)

    await asyncio.gather(desk.talk(7), killer())

    await desk.holds()
    for client in desk.clients:
        assert client.closes == [] if client.server is second else client.closes
