"""Clients that do not read, servers that leave, and crowds: nobody else notices, and what was taken is given back."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from contextlib import suppress

import redis as redis_library
from websockets import ConnectionClosedError
from websockets.asyncio.client import connect

from tests.support.clients import Visitor
from tests.support.desk import Desk
from tests.support.invariants import Resources, came_back, resources, winners
from tests.support.services import Redis

CROWD = 500


def held(desk: Desk, redis: Redis) -> Resources:
    with redis_library.Redis.from_url(redis.url) as client:
        return resources(desk.servers[0].pid, desk.database, int(client.dbsize()))


async def comes_back(desk: Desk, redis: Redis, before: Resources, wait: float) -> None:
    """I10, with much less patience than the 120 s it allows."""
    deadline = time.monotonic() + wait
    while missing := came_back(before, await asyncio.to_thread(held, desk, redis)):
        assert time.monotonic() < deadline, f"I10: {'; '.join(missing)}"
        await asyncio.sleep(1)


async def test_a_reader_that_does_not_read_is_dropped_and_disturbs_nobody(desk: Desk, redis: Redis) -> None:
    """It watches a busy chat without reading a byte: closed with 4409 while memory stays bounded."""
    workspace = desk.seed(operators=3)
    server = desk.server().start()
    await desk.open(visitors=2, operators=2)
    busy = desk.visitors[0]
    before = await asyncio.to_thread(held, desk, redis)

    async with connect(
        f"ws://127.0.0.1:{server.port}/ws/w/{workspace['slug']}", origin=f"http://127.0.0.1:{server.port}",  # type: ignore[arg-type]
        additional_headers={"Cookie": workspace["operators"][2]["cookie"]}, compression=None, ping_interval=None,
        max_queue=1, max_size=None, close_timeout=1,
    ) as slow:  # fmt: skip
        await slow.send(json.dumps({"type": "hello", "v": 1, "after": {busy.chat: 0}}))
        await slow.recv()
        slow.transport.pause_reading()
        long = "x" * 9_000
        times = []
        for number in range(700):
            started = time.monotonic()
            await desk.visitors[0].say(f"{number} {long}")
            times.append(time.monotonic() - started)
        during = await asyncio.to_thread(held, desk, redis)
        slow.transport.resume_reading()
        async with asyncio.timeout(20):
            with suppress(ConnectionClosedError):
                async for _ in slow:
                    pass

    assert slow.close_code in (4409, 1006)
    assert during.rss_kib - before.rss_kib < 40 * 1024
    assert sorted(times)[int(len(times) * 0.99)] < 1.0
    await desk.holds()
    assert all(client.closes == [] for client in desk.clients)


async def test_five_hundred_clients_return_after_a_graceful_stop_and_nothing_is_lost(desk: Desk) -> None:
    desk.seed(operators=2)
    server = desk.server(LIVE_DRAIN_MS="3000").start()
    await desk.open(visitors=CROWD, operators=2)
    for operator in desk.operators:
        operator.keeps_frames = False

    async def restart() -> float:
        await asyncio.sleep(2)
        started = time.monotonic()
        await asyncio.to_thread(server.stop)
        ended = time.monotonic() - started
        await asyncio.to_thread(server.start)
        return ended

    ended, _ = await asyncio.gather(restart(), desk.talk(6, pause=6))

    await desk.back(40)
    await desk.holds(within=20)
    assert ended < 15
    codes = [code for client in desk.clients for code in client.closes[:1]]
    assert codes.count(1012) == len(desk.clients)


async def test_what_a_busy_hour_took_is_given_back(desk: Desk, redis: Redis) -> None:
    """I10: 200 visitors come, talk and leave, some without a word."""
    desk.seed(operators=2)
    desk.server().start()
    await desk.open(visitors=20, operators=2)
    await desk.talk(2)
    before = await asyncio.to_thread(held, desk, redis)
    kept = list(desk.visitors)

    key = desk.workspaces[0]["website_key"]
    crowd = [Visitor(desk.servers[0], key, desk.history, f"passer-by {number}") for number in range(200)]
    for first in range(0, len(crowd), 25):
        await asyncio.gather(*(visitor.begin(40) for visitor in crowd[first : first + 25]))
    await asyncio.gather(*(visitor.start("Just a question") for visitor in crowd))
    for number, visitor in enumerate(crowd):
        assert visitor._socket is not None
        if number % 2:
            visitor.is_stopped = True
            visitor._socket.transport.abort()
    await asyncio.gather(*(visitor.stop() for visitor in crowd))

    assert desk.visitors == kept
    await desk.holds()
    await comes_back(desk, redis, before, 40)


async def test_twenty_operators_on_two_processes_accept_at_once_and_one_of_them_wins(desk: Desk) -> None:
    desk.seed(operators=20)
    desk.server().start()
    desk.server().start()
    await desk.open(visitors=3, operators=20)

    for visitor in desk.visitors:
        assert visitor.chat
        chat = visitor.chat
        answers = await asyncio.gather(*(operator.accept(chat) for operator in desk.operators))
        won = [answer for answer in answers if answer["type"] == "chats"]
        lost = [answer for answer in answers if answer["type"] == "error"]
        assert len(won) == 1
        assert {answer["code"] for answer in lost} == {"taken"}
        assert list(winners(desk.database, chat).values()) == [1]
    await desk.holds()


async def test_one_cid_over_two_processes_is_one_message(desk: Desk) -> None:
    desk.seed(operators=1)
    first, second = desk.server().start(), desk.server().start()
    await desk.open(visitors=1, operators=1)
    visitor = desk.visitors[0]
    twin = Visitor(second if visitor.server is first else first, visitor.website_key, desk.history, "twin",
                   token=visitor.token)  # fmt: skip
    desk.visitors.append(twin)
    await twin.begin()
    for _ in range(10):
        frame = {"type": "send", "cid": str(uuid.uuid4()), "text": "Said once"}
        answers = await asyncio.gather(
            *(each.post_and_wait(dict(frame)) for each in (visitor, twin) for _ in range(5)),
            *(twin.say_over_http(dict(frame)) for _ in range(5)),
        )
        assert len({answer["n"] for answer in answers}) == 1
    await desk.holds()
