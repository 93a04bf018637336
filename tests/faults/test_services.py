"""Redis or PostgreSQL is away, or the layer forgets: chat goes on as far as it can, and all of it afterwards."""

from __future__ import annotations

import asyncio

from tests.support.desk import Desk
from tests.support.services import Postgres, Redis


async def test_sockets_spread_over_two_processes_see_the_same(desk: Desk) -> None:
    desk.seed(operators=3)
    desk.server().start()
    desk.server().start()
    await desk.open(visitors=10, operators=3)

    await desk.talk(4)

    await desk.holds()
    assert all(client.closes == [] for client in desk.clients)


async def test_chat_goes_on_while_redis_is_away(desk: Desk, redis: Redis) -> None:
    desk.seed(operators=2)
    desk.server().start()
    desk.server().start()
    await desk.open(visitors=6, operators=2)

    async def outage() -> None:
        await asyncio.sleep(1)
        await asyncio.to_thread(redis.kill)
        try:
            await asyncio.sleep(10)
            # Not only afterwards: without the layer the sweep finds what the other process stored.
            said = await desk.visitors[0].say("Is anybody still there?")
            other = next(operator for operator in desk.operators if operator.server is not desk.visitors[0].server)
            await other.until(
                lambda: said["cid"] in {entry.get("cid") for entry in other.streams[said["chat"]].entries}
            )
            await asyncio.sleep(8)
        finally:
            await asyncio.to_thread(redis.start)

    await asyncio.gather(desk.talk(22, pause=0.4), outage())

    await desk.holds()
    assert all(client.closes == [] for client in desk.clients)


async def test_a_layer_that_loses_every_second_broadcast_hides_nothing(desk: Desk) -> None:
    desk.seed(operators=2)
    desk.server(LIVE_FAILPOINT="lose_broadcast:2").start()
    desk.server(LIVE_FAILPOINT="lose_broadcast:2").start()
    await desk.open(visitors=8, operators=2)

    await desk.talk(6)

    await desk.holds()
    assert all(client.closes == [] for client in desk.clients)


async def test_nothing_is_lost_when_postgresql_is_restarted(desk: Desk, postgres: Postgres) -> None:
    desk.seed(operators=2)
    desk.server().start()
    await desk.open(visitors=8, operators=2)

    async def outage() -> None:
        await asyncio.sleep(1.5)
        await asyncio.to_thread(postgres.stop)
        await asyncio.sleep(5)
        await asyncio.to_thread(postgres.start)

    await asyncio.gather(desk.talk(9), outage())

    await desk.holds(within=20)
    assert all(client.closes == [] for client in desk.clients)


async def test_nothing_is_lost_when_postgresql_dies_without_a_word(desk: Desk, postgres: Postgres) -> None:
    desk.seed(operators=1)
    desk.server().start()
    await desk.open(visitors=5, operators=1)

    async def outage() -> None:
        await asyncio.sleep(1.5)
        await asyncio.to_thread(postgres.kill)
        await asyncio.to_thread(postgres.start)

    await asyncio.gather(desk.talk(5), outage())

    await desk.holds(within=20)
