"""The visitor's socket: hello, start, send, read, close, ping, and everything that may interrupt them."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chats.domain import entries as e
from chats.domain import tokens
from chats.live import presence, sweeper
from chats.live.core import core
from chats.models import Chat, ChatState, Message, Visitor, Website
from tests.chats.live.lines import Line, OperatorLine, VisitorLine, db, live, store, store_elsewhere, until
from tests.chats.talk import Guest, new_cid, note, open_chat, reply, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def somebody_is_here(shop: Website) -> None:
    """A colleague is connected to another process, so that no chat begins as missed."""
    now = time.time()
    presence.store().put(shop.workspace_id, "another process", presence.Lease(0, "online", now, now + 90))


# Coming in


@pytest.mark.parametrize(
    "origin",
    ["", "null", "https://evil.example", "http://testserver:81", "http://testserver.evil.example", "testserver"],
)
def test_a_foreign_origin_is_refused_before_accept(origin: str, vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera, origin=origin) as line:
            assert (line.accepted, line.code) == (False, 4403)

    live(story)


def test_an_unknown_path_is_refused_and_the_own_origin_is_let_in(vera: Guest) -> None:
    async def story() -> None:
        async with Line("/ws/nothing") as line:
            assert (line.accepted, line.code) == (False, 4403)
        async with VisitorLine(vera) as line:
            assert line.accepted
            await line.hello()

    live(story)


def test_a_visitor_who_says_no_hello_is_closed_in_time(vera: Guest, settings: Any) -> None:
    settings.LIVE_HELLO_SECONDS = 0.05

    async def story() -> None:
        async with VisitorLine(vera) as silent, VisitorLine(vera) as greeting:
            await greeting.hello()
            await asyncio.sleep(0.1)
            await core().sweeper.sweep()
            assert await silent.ends() == 4408
            await greeting.quiet()
            assert greeting.code is None

    live(story)


def test_frames_before_hello_and_a_second_hello_are_bad(vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            cid = new_cid()
            await line.say("start", cid=cid, text="Hello", ref="r")
            assert await line.hear("error") == {"type": "error", "code": "bad_frame", "cid": cid, "ref": "r"}
            await line.hello()
            await line.say("hello", v=1, token=line.token)
            assert (await line.hear("error"))["code"] == "bad_frame"
        assert not await db(Chat.objects.exists)

    live(story)


def test_the_first_welcome_writes_no_row(vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            welcome = await line.hello(ref="h")
            assert welcome["chat"] is None
            assert welcome["online"] is True
            assert welcome["ref"] == "h"
            assert welcome["limits"] == {"text": 10_000, "frame": 65_536, "rate": {"per_s": 5, "burst": 20}}
            assert welcome["heartbeat"] == 25
            assert dt.datetime.fromisoformat(welcome["server_time"]).tzinfo is not None
        assert not await db(Visitor.objects.exists)

    live(story)


@pytest.mark.parametrize("token", ["", "nonsense", "1.2.3.4:5"])
def test_a_token_that_opens_nothing_is_closed_with_4401(token: str, vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.say("hello", v=1, token=token)
            assert await line.ends() == 4401

    live(story)


def test_a_token_that_has_expired_is_closed_with_4401_also_while_connected(vera: Guest, settings: Any) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            settings.VISITOR_TOKEN_SECONDS = 0
            await core().sweeper.sweep()
            assert await line.ends() == 4401
        async with VisitorLine(vera, token=line.token) as again:
            await again.say("hello", v=1, token=line.token)
            assert await again.ends() == 4401

    live(story)


def test_another_version_is_closed_as_too_old(vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.say("hello", v=2, token=line.token)
            assert await line.ends() == 4426

    live(story)


def test_a_website_that_is_switched_off_is_gone_for_those_who_come_and_those_who_are_there(
    vera: Guest, victor: Guest, hugo: Guest
) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line, VisitorLine(hugo) as far:
            await line.hello()
            await far.hello()
            await db(Website.objects.filter(pk=vera.website.pk).update, is_active=False)
            await core().sweeper.sweep()
            assert await line.ends() == 4404
            await far.quiet()
            async with VisitorLine(victor) as late:
                await late.say("hello", v=1, token=late.token)
                assert await late.ends() == 4404

    live(story)


def test_the_eleventh_socket_of_a_visitor_is_refused(vera: Guest, victor: Guest, settings: Any) -> None:
    settings.LIVE_VISITOR_SOCKETS = 2

    async def story() -> None:
        async with VisitorLine(vera) as one, VisitorLine(vera) as two, VisitorLine(vera) as three:
            await one.hello()
            await two.hello()
            await three.say("hello", v=1, token=three.token)
            assert (await three.hear("error"))["code"] == "limit_reached"
            assert await three.ends() == 4429
            async with VisitorLine(victor) as other:
                await other.hello()
            await one.leave()
            async with VisitorLine(vera) as fourth:
                await fourth.hello()

    live(story)


# Talking


def test_a_conversation_reaches_both_sides_once_and_in_order(vera: Guest, bob_client: Client) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as visitor, OperatorLine(bob_client) as operator:
            await operator.hello()
            assert (await visitor.hello())["online"] is True
            started = await visitor.start("Hello", ref="s")
            chat = started["chat"]
            assert (started["n"], started["ref"]) == (1, "s")
            row = (await operator.hear("chats"))["rows"][0]
            assert (row["id"], row["state"], row["unread"]) == (chat, "queued", 1)
            await operator.watch(chat)
            await operator.send(chat, "For us", "note")
            assert (await operator.send(chat, "Good day"))["n"] == 4
            assert (await visitor.send("Thanks"))["n"] == 4
            await visitor.quiet()
            await operator.quiet()
            assert visitor.numbers() == [1, 2, 3, 4]
            assert visitor.texts() == ["Hello", "Good day", "Thanks"]
            assert operator.numbers() == [1, 2, 3, 4, 5]
            assert operator.texts() == ["Hello", "For us", "Good day", "Thanks"]
            assert "For us" not in json.dumps(visitor.frames)

    live(story)


def test_a_repeated_cid_is_answered_twice_and_shown_once(vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            cid, start = new_cid(), new_cid()
            assert await line.start("Hello", cid=start) == await line.start("Hello", cid=start)
            first = await line.send("Once", cid=cid)
            assert await line.send("Once", cid=cid) == first
            await line.say("send", cid=cid, text="Twice")
            assert await line.hear("error") == {"type": "error", "code": "conflict", "cid": cid}
            await line.quiet()
            assert line.numbers() == [1, 2]

    live(story)


def test_a_send_without_a_chat_is_not_found(vera: Guest, hugo: Guest, hill_chat: uuid.UUID) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello(chat=str(hill_chat), after=1)
            assert await line.hear("reset") == {"type": "reset", "chat": str(hill_chat), "after": 0}
            await line.say("send", cid=new_cid(), text="Hello?", chat=str(hill_chat))
            assert (await line.hear("error"))["code"] == "not_found"
            await line.quiet()
            assert "secret" not in json.dumps(line.frames)

    live(story)


def test_what_was_missed_while_away_comes_with_hello(vera: Guest, bob_acts: e.Member) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            chat = (await line.start("Hello"))["chat"]
            await line.quiet()
        await store(reply(uuid.UUID(chat), bob_acts, "Where are you?"))
        async with VisitorLine(vera) as back:
            welcome = await back.hello(chat=chat, after=1)
            assert welcome["chat"] == {"id": chat, "state": "active", "head": 3, "read": 0}
            await back.hear("events")
            assert back.numbers() == [2, 3]
        async with VisitorLine(vera) as up_to_date:
            await up_to_date.hello(chat=chat, after=3)
            await up_to_date.quiet()
            assert up_to_date.numbers() == []

    live(story)


def test_a_second_tab_sees_the_chat_that_the_first_one_starts(vera: Guest, victor: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as one, VisitorLine(vera) as two, VisitorLine(victor) as stranger:
            for line in (one, two, stranger):
                await line.hello()
            chat = (await one.start("Hello"))["chat"]
            assert (await two.hear("events"))["chat"] == chat
            sent = await two.send("From the second tab")
            assert (sent["chat"], sent["n"]) == (chat, 2)
            await one.quiet()
            assert one.numbers() == two.numbers() == [1, 2]
            await stranger.quiet()
            assert stranger.numbers() == []

    live(story)


def test_a_new_chat_of_the_visitor_replaces_the_closed_one_on_every_tab(vera: Guest) -> None:
    Website.objects.filter(pk=vera.website.pk).update(reopen_within=0)

    async def story() -> None:
        async with VisitorLine(vera) as one, VisitorLine(vera) as two:
            await one.hello()
            await two.hello()
            old = (await one.start("Hello"))["chat"]
            await one.say("close")
            await until(lambda: 2 in two.numbers(old))
            new = (await one.start("Another matter"))["chat"]
            assert new != old
            for line in (one, two):
                await line.hear("reset", chat=new, after=0)
                await line.hear("events", chat=new)
                assert line.numbers(new) == [1]
            assert (await two.send("Here"))["chat"] == new

    live(story)


def test_a_chat_that_was_started_and_closed_in_one_batch_is_shown(vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            await store(vera.start("Hello"), vera.close())
            await line.hear("events")
            assert line.numbers() == [1, 2]

    live(story)


def test_reading_is_shown_to_the_operator_in_the_operators_number(
    vera: Guest, bob_client: Client, bob_acts: e.Member
) -> None:
    chat_id = open_chat(vera)
    told(note(chat_id, bob_acts))
    told(reply(chat_id, bob_acts))

    async def story() -> None:
        async with VisitorLine(vera) as visitor, OperatorLine(bob_client) as operator:
            await visitor.hello()
            await operator.hello(after={str(chat_id): 0})
            await visitor.say("read", n=3)
            assert (await operator.hear("read"))["n"] == 4
            await operator.say("read", chat=str(chat_id), n=2)
            shown = await visitor.hear("read", author={"type": "operator", "name": bob_acts.name})
            assert shown["n"] == 1

    live(story)


def test_closing_and_going_on_is_seen_by_both(vera: Guest, bob_client: Client) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as visitor, OperatorLine(bob_client) as operator:
            await visitor.hello()
            await operator.hello()
            chat = (await visitor.start("Hello"))["chat"]
            await operator.watch(chat)
            await visitor.say("close")
            await until(lambda: 2 in operator.numbers())
            row = (await operator.hear("chats", patience=5))["rows"][0]
            while row["state"] != "closed":
                row = (await operator.hear("chats"))["rows"][0]
            await visitor.send("One more thing")
            await visitor.quiet()
            assert visitor.numbers() == [1, 2, 3, 4]
        found = await db(Chat.objects.get, pk=chat)
        assert found.state == ChatState.QUEUED

    live(story)


# What the numbers heal


def test_the_sweep_finds_what_another_process_stored(vera: Guest, bob_acts: e.Member) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            await store_elsewhere(vera.start("From another process"))
            await line.hears_nothing("events")
            await core().sweeper.sweep()
            chat = (await line.hear("events"))["chat"]
            await store_elsewhere(reply(uuid.UUID(chat), bob_acts, "One"))
            await store(reply(uuid.UUID(chat), bob_acts, "Two"))
            await until(lambda: len(line.numbers()) == 4)
            assert line.numbers() == [1, 2, 3, 4]

    live(story)


def test_a_ping_that_is_behind_gets_the_missing_entries_again(vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            chat = (await line.start("1"))["chat"]
            await line.send("2")
            await line.send("3")
            await line.quiet()
            await line.say("ping", chat=chat, after=1, ref="p")
            assert (await line.hear("pong", ref="p"))["heads"] == {chat: 3}
            await until(lambda: line.numbers()[-2:] == [2, 3] and len(line.numbers()) > 4)
            await line.say("ping", chat=chat, after=3, ref="q")
            assert (await line.hear("pong", ref="q"))["heads"] == {}

    live(story)


def test_a_ping_that_names_another_chat_begins_anew(vera: Guest, hill_chat: uuid.UUID) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            chat = (await line.start("Hello"))["chat"]
            await line.quiet()
            await line.say("ping", chat=str(hill_chat), after=1)
            assert await line.hear("reset") == {"type": "reset", "chat": chat, "after": 0}
            await line.hear("pong", heads={chat: 1})
            await until(lambda: line.numbers() == [1, 1])
            assert "secret" not in json.dumps(line.frames)

    live(story)


def test_a_client_ahead_of_the_stream_begins_anew(vera: Guest) -> None:
    chat_id = open_chat(vera)

    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello(chat=str(chat_id), after=7)
            assert await line.hear("reset") == {"type": "reset", "chat": str(chat_id), "after": 0}
            await line.hear("events")
            assert line.numbers() == [1]

    live(story)


def test_a_client_too_far_behind_begins_near_the_end(vera: Guest, settings: Any) -> None:
    settings.LIVE_CATCH_UP_LIMIT, settings.LIVE_PAGE = 20, 6
    chat_id = open_chat(vera)
    for number in range(30):
        told(vera.send(str(number)))

    async def story() -> None:
        async with VisitorLine(vera) as far, VisitorLine(vera) as near:
            await far.hello(chat=str(chat_id), after=5)
            assert (await far.hear("reset"))["after"] == 25
            await until(lambda: far.numbers() == list(range(26, 32)))
            await near.hello(chat=str(chat_id), after=11)
            await until(lambda: len(near.numbers()) == 20)
            assert near.numbers() == list(range(12, 32))
            assert max(len(frame["events"]) for frame in near.frames if frame["type"] == "events") == 6
            assert "reset" not in {frame["type"] for frame in near.frames}

    live(story)


def test_nothing_is_lost_or_shown_twice_while_hello_and_messages_cross(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera)

    async def talk() -> None:
        for number in range(40):
            await store(reply(chat_id, bob_acts, str(number)))

    async def story() -> None:
        talking = asyncio.create_task(talk())
        lines = []
        for _ in range(6):
            line = VisitorLine(vera)
            await line.__aenter__()
            lines.append(line)
            await line.hello()
            await asyncio.sleep(0.02)
        await talking
        for line in lines:
            await until(lambda line=line: line.numbers() and line.numbers()[-1] == 42)  # type: ignore[misc]
            assert line.numbers() == list(range(1, 43))
            await line.leave()

    live(story)


def test_broadcasts_that_are_doubled_or_come_late_show_nothing_twice(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera)

    async def story() -> None:
        hub = core().hub
        kept: list[Any] = []
        real = hub.publish
        async with VisitorLine(vera) as line:
            await line.hello()
            await line.hear("events")
            core().hub.publish = kept.append  # type: ignore[method-assign, assignment]
            for number in range(4):
                await store(reply(chat_id, bob_acts, str(number)))
            await asyncio.sleep(0)
            core().hub.publish = real  # type: ignore[method-assign]
            assert len(kept) == 4
            for news in (kept[2], kept[0], kept[2], kept[3], kept[1], kept[3]):
                real(news)
            await until(lambda: line.numbers()[-1] == 6)
            assert line.numbers() == [1, 2, 3, 4, 5, 6]

    live(story)


# Ending


def test_a_visitor_whose_first_message_is_stored_during_a_sweep_stays(
    vera: Guest, victor: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_chat(victor)
    real = sweeper.look

    async def story() -> None:
        async with VisitorLine(vera) as new, VisitorLine(victor) as old:
            await new.hello()
            await old.hello()
            loop = asyncio.get_running_loop()

            def slow(*asked: Any) -> sweeper.Truth:
                truth = real(*asked)
                asyncio.run_coroutine_threadsafe(new.start("Hello"), loop).result(5)
                return truth

            monkeypatch.setattr(sweeper, "look", slow)
            await core().sweeper.sweep()
            monkeypatch.setattr(sweeper, "look", real)
            await new.quiet()
            assert new.code is None
            await core().sweeper.sweep()
            await new.quiet()
            # Now that it is known, an erasure is noticed; the second tab's as well.
            await db(Visitor.objects.filter(pk=vera.id).delete)
            await core().sweeper.sweep()
            assert await new.ends() == 4410
            await old.quiet()

    live(story)


def test_a_second_tab_is_closed_too_when_its_visitor_is_erased_or_its_token_ended(vera: Guest, victor: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as one, VisitorLine(vera) as two, VisitorLine(victor) as other:
            for line in (one, two, other):
                await line.hello()
            await one.start("Hello")
            await two.hear("events")
            await other.start("Hello")
            await db(Visitor.objects.filter(pk=vera.id).delete)
            moved = timezone.now() + dt.timedelta(minutes=1)
            await db(Visitor.objects.filter(pk=victor.id).update, tokens_from=moved)
            await core().sweeper.sweep()
            assert (await one.ends(), await two.ends(), await other.ends()) == (4410, 4410, 4403)

    live(story)


def test_a_silent_visitor_is_closed_and_one_who_pings_is_not(vera: Guest, settings: Any) -> None:
    settings.LIVE_SILENCE_SECONDS = 0.15

    async def story() -> None:
        async with VisitorLine(vera) as silent, VisitorLine(vera) as alive:
            await silent.hello()
            await alive.hello()
            await asyncio.sleep(0.2)
            await alive.quiet()
            await core().sweeper.sweep()
            assert await silent.ends() == 1001
            await alive.quiet()

    live(story)


def test_a_drain_says_when_to_come_back_stores_what_was_sent_and_closes_with_1012(vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            cid = new_cid()
            await line.say("start", cid=cid, text="Just in time", fields={}, page={})
            await asyncio.sleep(0.1)
            running = core()
            draining = asyncio.create_task(running.drain())
            assert await line.ends() == 1012
            assert (await line.hear("drain"))["after_ms"] >= 100
            await line.hear("sent", cid=cid)
            await line.leave()
            await draining

    live(story)
    assert Message.objects.get().text == "Just in time"


# Limits


def test_a_visitor_who_writes_too_fast_is_told_when_to_go_on(vera: Guest, victor: Guest, settings: Any) -> None:
    settings.LIVE_VISITOR_RATE = (0.5, 3)

    async def story() -> None:
        async with VisitorLine(vera) as line, VisitorLine(vera) as tab, VisitorLine(victor) as other:
            for each in (line, tab, other):
                await each.hello()
            await line.start("1")
            await line.send("2")
            await tab.send("3")
            cid = new_cid()
            await line.say("send", cid=cid, text="4")
            refused = await line.hear("error")
            assert (refused["code"], refused["cid"]) == ("too_fast", cid)
            assert 0 < refused["retry_after"] <= 2
            await other.start("Mine is counted apart")
        assert await db(Message.objects.count) == 4

    live(story)


def test_a_flood_is_closed_with_4429_and_disturbs_nobody(vera: Guest, victor: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as flood, VisitorLine(victor) as other:
            await flood.hello()
            await other.hello()
            for _ in range(400):
                await flood.say("send", cid=new_cid(), text="x")
            assert await flood.ends() == 4429
            await other.start("Undisturbed")

    live(story)


def test_three_frames_that_are_too_large_end_the_socket(vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            for _ in range(3):
                assert line.code is None
                await line.raw('{"type": "ping", "x": "' + "x" * 70_000 + '"}')
                assert (await line.hear("error"))["code"] == "too_large"
            assert await line.ends() == 4400

    live(story)


@pytest.mark.parametrize("bad", ["[]", "{", '{"type": "rate", "score": 5}', None])
def test_a_bad_frame_is_answered_with_a_constant_and_the_chat_goes_on(bad: str | None, vera: Guest) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as line:
            await line.hello()
            await line.raw(bad, None if bad else b"\x00\xff")
            error = await line.hear("error")
            assert error["code"] == ("unknown_type" if bad and "rate" in bad else "bad_frame")
            assert set(error) == {"type", "code"}
            await line.start("Still here")

    live(story)


def test_new_chats_are_limited_per_shortened_address_and_website(
    vera: Guest, victor: Guest, hugo: Guest, settings: Any
) -> None:
    settings.LIVE_CHATS_PER_IP = (1, 3600)

    async def story() -> None:
        async with (
            VisitorLine(vera, address="198.51.100.7") as one,
            VisitorLine(victor, address="198.51.100.201") as neighbour,
            VisitorLine(hugo, address="198.51.100.7") as elsewhere,
        ):
            for line in (one, neighbour, elsewhere):
                await line.hello()
            await one.start("Hello")
            await one.start("An open chat needs no new one")
            cid = new_cid()
            await neighbour.say("start", cid=cid, text="Hello", fields={}, page={})
            refused = await neighbour.hear("error", cid=cid)
            assert refused["code"] == "too_fast"
            assert refused["retry_after"] > 1
            await elsewhere.start("Another website")
        assert await db(Visitor.objects.get, pk=vera.id) is not None
        stored = await db(lambda: Visitor.objects.get(pk=vera.id).ip)
        assert stored == "198.51.100.0"

    live(story)


def test_a_token_opens_only_its_own_visitor(vera: Guest, hugo: Guest, hill_chat: uuid.UUID) -> None:
    """Hugo's id with a token that was made later than his row is not among his tokens."""
    time.sleep(0.01)
    forged = tokens.issue(website_id=hugo.website.pk, visitor_id=hugo.id)
    astray = tokens.issue(website_id=vera.website.pk, visitor_id=hugo.id)

    async def story() -> None:
        for token in (forged, astray):
            async with VisitorLine(hugo, token=token) as line:
                await line.say("hello", v=1, token=token)
                assert await line.ends() == 4401
                assert line.frames == []

    live(story)
