"""Sixty bytes of ping may ask for megabytes: whoever asks over and over for what was shown already waits."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from django.test import Client

from chats.live import reads, socket
from tests.chats.live.lines import Line, OperatorLine, VisitorLine, live, until
from tests.chats.talk import Guest, open_chat

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = 25


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """Every reading of a chat. Each is paid for with a fifth of a second."""
    monkeypatch.setattr(socket, "REREAD_BURST", 0)
    monkeypatch.setattr(socket, "REREAD_PER_SECOND", 5 * socket.QUERY_COSTS)
    found: list[uuid.UUID] = []
    real = reads.entries_after

    def counted(chat_id: uuid.UUID, *args: Any, **kwargs: Any) -> reads.Piece | None:
        found.append(chat_id)
        return real(chat_id, *args, **kwargs)

    monkeypatch.setattr(reads, "entries_after", counted)
    return found


async def asked_in_vain(line: Line, readings: list[uuid.UUID], after: Any) -> None:
    readings.clear()
    for number in range(ASKED):
        await line.say("ping", after=after, ref=str(number))
        await line.hear("pong", ref=str(number))
        await asyncio.sleep(0.01)
    assert len(readings) < ASKED / 2
    already = len(line.numbers())
    await line.say("ping", after=after, ref="the last")
    await until(lambda: len(line.numbers()) > already)


def test_a_visitor_who_rewinds_all_the_time_is_read_to_now_and_then(vera: Guest, readings: list[uuid.UUID]) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            await line.start("Hello")
            await line.quiet()
            await asked_in_vain(line, readings, 0)

    live(story)


def test_an_operator_who_rewinds_all_the_time_is_read_to_now_and_then(
    vera: Guest, readings: list[uuid.UUID], bob_client: Client
) -> None:
    chat = str(open_chat(vera))

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            await line.hello()
            await line.watch(chat)
            await asked_in_vain(line, readings, {chat: 0})

    live(story)


def test_whoever_is_far_behind_is_live_again_soon() -> None:
    async def story() -> float:
        far = socket.Socket({}, lambda _message: asyncio.sleep(0))
        assert far.reread_wait() == 0
        far.was_read([{"text": "x" * 10_000}] * 10_000)
        return far.reread_wait()

    assert 0 < asyncio.run(story()) <= socket.REREAD_LONGEST_WAIT
