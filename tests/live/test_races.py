"""What may happen only once, asked for by many at the same moment."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from tests.support.clients import CallFailed, Operator, Visitor
from tests.support.desk import Desk
from tests.support.history import History
from tests.support.invariants import settle, unique, winners

Tabs = list[Visitor]


@pytest.fixture
async def tabs(roomy_desk: Desk) -> AsyncIterator[Tabs]:
    """Ten tabs of one visitor who has not said anything yet."""
    server, key = roomy_desk.servers[0], roomy_desk.workspaces[0]["website_key"]
    first = Visitor(server, key, History(), "tab 0")
    await first.begin()
    others = [Visitor(server, key, first.history, f"tab {number}", token=first.token) for number in range(1, 10)]
    await asyncio.gather(*(tab.begin() for tab in others))
    yield [first, *others]
    await asyncio.gather(*(tab.stop() for tab in (first, *others)))


def stored(desk: Desk, cid: str) -> list[dict[str, object]]:
    return desk.database.query("SELECT chat_id, number, text FROM chats_message WHERE cid = %s", cid)


async def test_of_twenty_operators_who_accept_at_once_one_wins(roomy_desk: Desk) -> None:
    workspace, server = roomy_desk.workspaces[0], roomy_desk.servers[0]
    history = History()
    operators = [
        Operator(server, workspace, number, history, f"operator {number}", watches_all=False) for number in range(20)
    ]
    await asyncio.gather(*(operator.begin() for operator in operators))
    async with Visitor(server, workspace["website_key"], history, "Vera") as vera:
        chat = (await vera.start("Who takes me?"))["chat"]
        answers = await asyncio.gather(*(operator.accept(chat) for operator in operators))
    await asyncio.gather(*(operator.stop() for operator in operators))

    won = [answer for answer in answers if answer["type"] == "chats"]
    assert len(won) == 1
    assert [answer["code"] for answer in answers if answer["type"] == "error"] == ["taken"] * 19
    assert winners(roomy_desk.database, chat) == {int(won[0]["rows"][0]["operator"]["id"]): 1}


async def test_one_cid_sent_fifty_times_over_sockets_and_http_is_one_message(roomy_desk: Desk, tabs: Tabs) -> None:
    await tabs[0].start("Hello")
    frame = {"type": "send", "cid": str(uuid.uuid4()), "text": "Said fifty times"}

    answers = await asyncio.gather(
        *(tab.post_and_wait(dict(frame)) for tab in tabs for _ in range(3)),
        *(tab.say_over_http(dict(frame)) for tab in tabs for _ in range(2)),
    )

    assert len({(answer["chat"], answer["n"]) for answer in answers}) == 1
    assert len(stored(roomy_desk, frame["cid"])) == 1


async def test_a_cid_that_comes_back_with_another_text_is_a_conflict(tabs: Tabs) -> None:
    await tabs[0].start("Hello")
    frame = {"type": "send", "cid": str(uuid.uuid4()), "text": "The first text"}
    await tabs[0].post_and_wait(dict(frame))

    with pytest.raises(AssertionError, match="conflict"):
        await tabs[1].post_and_wait({**frame, "text": "Another text"})
    with pytest.raises(CallFailed) as refused:
        await tabs[2].say_over_http({**frame, "text": "Another text"})
    assert refused.value.status == 409
    assert refused.value.frame["code"] == "conflict"


async def test_the_same_cid_of_another_visitor_is_another_message(roomy_desk: Desk, tabs: Tabs) -> None:
    frame = {"type": "send", "cid": str(uuid.uuid4()), "text": "A shared cid"}
    await tabs[0].start("Hello")
    key = roomy_desk.workspaces[0]["website_key"]
    async with Visitor(roomy_desk.servers[0], key, History(), "Walter") as walter:
        await walter.start("Hello too")
        mine, his = await asyncio.gather(tabs[0].post_and_wait(dict(frame)), walter.post_and_wait(dict(frame)))
    assert mine["chat"] != his["chat"]
    assert len(stored(roomy_desk, frame["cid"])) == 2


async def test_twenty_starts_of_one_visitor_at_once_open_one_chat(roomy_desk: Desk, tabs: Tabs) -> None:
    def frame(number: int) -> dict[str, object]:
        return {"type": "start", "cid": str(uuid.uuid4()), "text": f"Start {number}", "fields": {}, "consent": []}

    answers = await asyncio.gather(
        *(tab.post_and_wait(frame(number)) for number, tab in enumerate(tabs)),
        *(tab.say_over_http(frame(number + 10)) for number, tab in enumerate(tabs)),
    )

    assert len({answer["chat"] for answer in answers}) == 1
    assert sorted({answer["n"] for answer in answers})[-1] >= 20
    await settle(roomy_desk.database, tabs)
    texts = [entry["text"] for entry in tabs[0].stream.entries if entry["kind"] == "text"]
    assert sorted(texts) == sorted(f"Start {number}" for number in range(20))
    unique(roomy_desk.database)


async def test_closing_while_the_visitor_writes_loses_nothing(roomy_desk: Desk, tabs: Tabs) -> None:
    vera = tabs[0]
    chat = (await vera.start("Hello"))["chat"]
    workspace = roomy_desk.workspaces[0]
    async with Operator(roomy_desk.servers[0], workspace, 1, History(), "Bob", watches_all=False) as bob:
        await bob.accept(chat)
        await asyncio.gather(
            *(vera.post_and_wait({"type": "send", "text": f"Line {number}"}) for number in range(30)),
            *(bob.close_chat(chat) for _ in range(3)),
        )

    await settle(roomy_desk.database, tabs)
    lines = [entry["text"] for entry in vera.stream.entries if entry["kind"] == "text"]
    assert lines == ["Hello", *(f"Line {number}" for number in range(30))]
    unique(roomy_desk.database)
