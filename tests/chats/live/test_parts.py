"""The small parts of the live core, each alone: cursor, feed, leases, buckets, the queue of a socket, the writer."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from hypothesis import given, settings
from hypothesis import strategies as st

from chats.domain import entries as e
from chats.domain.errors import Refused
from chats.domain.news import News
from chats.live import presence, writer
from chats.live.cursor import Cursor
from chats.live.feed import Feed
from chats.live.limits import Buckets
from chats.live.presence import Lease, MemoryLeases, RedisLeases
from chats.live.socket import Socket
from chats.live.writer import Writer

# Cursor


def wires(first: int, last: int) -> list[dict[str, Any]]:
    return [{"n": number} for number in range(first, last + 1)]


def test_a_cursor_takes_what_comes_next_and_nothing_twice() -> None:
    cursor = Cursor(2)
    following = wires(3, 4)
    assert cursor.take(following) is following
    assert cursor.take(following) == []
    assert cursor.take(wires(4, 6)) == wires(5, 6)
    assert cursor.take(wires(8, 8)) is None
    assert cursor.last == 6


def test_a_cursor_that_is_being_caught_up_only_remembers_that_there_is_more() -> None:
    cursor = Cursor(0)
    cursor.busy = True
    assert cursor.take(wires(1, 2)) == []
    assert (cursor.again, cursor.last) == (True, 0)


@settings(max_examples=100, deadline=None)
@given(spans=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 4)), max_size=20))
def test_whatever_arrives_in_whatever_order_is_shown_once_and_without_a_hole(spans: list[tuple[int, int]]) -> None:
    cursor, shown = Cursor(0), []
    for first, more in spans:
        shown += cursor.take(wires(first, first + more)) or []
    assert [entry["n"] for entry in shown] == list(range(1, cursor.last + 1))


# Feed


class Ear:
    """An operator's socket, as far as a feed knows it."""

    def __init__(self, ready: bool = True) -> None:
        self.ready = ready
        self.frames: list[dict[str, Any]] = []

    def push(self, payload: bytes) -> None:
        self.frames.append(json.loads(payload))


def row(chat: str, rev: int) -> dict[str, Any]:
    return {"id": chat, "rev": rev}


def told(story: Callable[[Feed, Ear, list[Feed]], Any]) -> None:
    """Runs a story with a feed that knows everything up to revision 10."""

    async def run() -> None:
        missing: list[Feed] = []
        feed, ear = Feed(1, asyncio.get_running_loop(), missing.append), Ear()
        feed.sockets.add(cast(Any, ear))
        feed.snapshot(10)
        try:
            await story(feed, ear, missing)
        finally:
            feed.stop()

    asyncio.run(run())


def test_a_change_of_state_goes_out_at_once_and_mere_messages_are_collected() -> None:
    async def story(feed: Feed, ear: Ear, missing: list[Feed]) -> None:
        feed.heard(11, [row("a", 11)], urgent=True)
        assert ear.frames == [{"type": "chats", "rev": 11, "rows": [row("a", 11)]}]
        feed.heard(12, [row("a", 12)], urgent=False)
        feed.heard(13, [row("a", 13), row("b", 13)], urgent=False)
        await asyncio.sleep(0.02)
        assert len(ear.frames) == 1
        await asyncio.sleep(django_settings.LIVE_ROW_INTERVAL + 0.1)
        assert ear.frames[1:] == [{"type": "chats", "rev": 13, "rows": [row("a", 13), row("b", 13)]}]

    told(story)


def test_mere_messages_go_out_at_most_four_times_a_second() -> None:
    async def story(feed: Feed, ear: Ear, missing: list[Feed]) -> None:
        for number in range(60):
            feed.heard(11 + number, [row("a", 11 + number)], urgent=False)
            await asyncio.sleep(0.01)
        assert 2 <= len(ear.frames) <= 5

    told(story)


def test_a_revision_is_not_promised_before_every_row_up_to_it_was_sent() -> None:
    async def story(feed: Feed, ear: Ear, missing: list[Feed]) -> None:
        feed.heard(12, [row("b", 12)], urgent=True)
        assert ear.frames[-1] == {"type": "chats", "rev": 10, "rows": [row("b", 12)]}
        assert missing == []
        await asyncio.sleep(0.4)
        assert missing == [feed]
        feed.heard(11, [row("a", 11)], urgent=True)
        assert ear.frames[-1] == {"type": "chats", "rev": 12, "rows": [row("a", 11)]}

    told(story)


def test_rows_that_came_in_time_ask_for_nothing() -> None:
    async def story(feed: Feed, ear: Ear, missing: list[Feed]) -> None:
        feed.heard(12, [row("b", 12)], urgent=False)
        feed.heard(11, [row("a", 11)], urgent=False)
        await asyncio.sleep(0.4)
        assert missing == []
        assert ear.frames[-1]["rev"] == 12

    told(story)


def test_an_older_row_never_replaces_a_newer_one() -> None:
    async def story(feed: Feed, ear: Ear, missing: list[Feed]) -> None:
        feed.heard(11, [], urgent=False)
        feed.heard(12, [row("a", 12)], urgent=False)
        feed.add([row("a", 11)], urgent=True)
        assert ear.frames == [{"type": "chats", "rev": 12, "rows": [row("a", 12)]}]

    told(story)


def test_a_long_list_goes_out_in_parts_of_which_only_the_last_promises_everything() -> None:
    async def story(feed: Feed, ear: Ear, missing: list[Feed]) -> None:
        feed.snapshot(500)
        feed.add([row(str(number), number) for number in range(11, 501)], urgent=True)
        assert [(frame["rev"], len(frame["rows"])) for frame in ear.frames] == [(10, 200), (210, 200), (500, 90)]

    told(story)


def test_a_socket_that_is_not_ready_is_told_nothing() -> None:
    async def story(feed: Feed, ear: Ear, missing: list[Feed]) -> None:
        ear.ready = False
        feed.heard(11, [row("a", 11)], urgent=True)
        assert ear.frames == []

    told(story)


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(list(range(11, 19))), lost=st.sets(st.integers(11, 18), max_size=3))
def test_no_promise_is_ever_broken(order: list[int], lost: set[int]) -> None:
    async def story(feed: Feed, ear: Ear, missing: list[Feed]) -> None:
        for rev in order:
            if rev not in lost:
                feed.heard(rev, [row(str(rev), rev)], urgent=True)
        sent: set[int] = set()
        for frame in ear.frames:
            sent |= {each["rev"] for each in frame["rows"]}
            assert set(range(11, frame["rev"] + 1)) <= sent

    told(story)


# Leases


@pytest.fixture(params=["memory", "redis"])
def leases(request: pytest.FixtureRequest) -> Iterator[presence.Leases]:
    if request.param == "memory":
        yield MemoryLeases()
        return
    if not django_settings.REDIS_URL:
        pytest.skip("needs REDIS_URL")
    stored = RedisLeases(django_settings.REDIS_URL)
    yield stored
    stored._redis.flushdb()


def lease(member: int, state: str = "online", *, seconds: float = 90) -> Lease:
    now = time.time()
    return Lease(member, state, now, now + seconds, "connected")


def test_a_lease_is_held_until_it_ends_or_is_dropped(leases: presence.Leases) -> None:
    kept, ended, dropped = lease(1), lease(2, seconds=-1), lease(3)
    for each in (kept, ended, dropped):
        leases.put(7, "p", each)
    leases.drop(7, "p", 3)
    assert leases.held(7) == {1: kept}
    assert leases.held(8) == {}


def test_one_process_gone_leaves_the_others_lease(leases: presence.Leases) -> None:
    here, there = lease(1, "away"), lease(1, "online")
    leases.put(7, "a", here)
    leases.put(7, "b", there)
    assert leases.held(7)[1].state == "online"
    leases.drop(7, "b", 1)
    assert leases.held(7) == {1: here}


@pytest.mark.parametrize(("state", "here"), [("online", True), ("away", False), ("invisible", False)])
def test_somebody_is_here_only_when_online(state: str, here: bool) -> None:
    presence.forget()
    presence.store().put(7, "p", lease(1, state))
    assert presence.someone_is_here(7) is here
    assert presence.someone_is_here(8) is False
    presence.store().drop(7, "p", 1)


def test_without_redis_a_process_still_knows_its_own() -> None:
    stored = RedisLeases("redis://127.0.0.1:1/0")
    mine = lease(1)
    stored.put(7, "p", mine)
    assert stored.held(7) == {1: mine}
    stored.drop(7, "p", 1)
    assert stored.held(7) == {}


# Buckets


def test_a_bucket_gives_its_burst_and_then_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    buckets = Buckets(2, 3)
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.wait("a") == pytest.approx(0.5)
    assert buckets.wait("b") == 0
    now += 0.5
    assert (buckets.wait("a"), buckets.wait("a") > 0) == (0, True)


def test_a_bucket_that_is_full_again_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    buckets = Buckets(1, 5)
    for number in range(100):
        buckets.wait(number)
    now += 61
    buckets.wait("last")
    assert len(buckets._levels) == 1


# A socket's queue


class Slow:
    """A transport whose client reads only while it is told to."""

    def __init__(self) -> None:
        self.paused = True
        self.on_resume: Callable[[], None] | None = None
        self.written: list[bytes] = []

    def write_texts(self, payloads: Any) -> None:
        self.written.extend(payloads)


def with_socket(story: Callable[[Socket, Slow, list[dict[str, Any]]], Any]) -> None:
    async def run() -> None:
        transport, sent = Slow(), []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await story(Socket({"extensions": {"chatsite.transport": transport}}, send), transport, sent)

    asyncio.run(run())


def test_a_slow_reader_is_closed_by_frames_or_by_bytes_and_a_patient_one_is_not() -> None:
    async def by_frames(socket: Socket, transport: Slow, sent: list[dict[str, Any]]) -> None:
        for _ in range(django_settings.LIVE_UNSENT_FRAMES):
            socket.push(b"x")
        await asyncio.sleep(0)
        assert not socket.closed
        socket.push(b"x")
        await asyncio.sleep(0.01)
        assert sent == [{"type": "websocket.close", "code": 4409}]
        assert transport.written == []

    async def by_bytes(socket: Socket, transport: Slow, sent: list[dict[str, Any]]) -> None:
        socket.push(b"x" * django_settings.LIVE_UNSENT_BYTES)
        assert not socket.closed
        socket.push(b"x")
        assert socket.closed

    async def reading(socket: Socket, transport: Slow, sent: list[dict[str, Any]]) -> None:
        transport.paused = False
        for number in range(5 * django_settings.LIVE_UNSENT_FRAMES):
            socket.push(str(number).encode())
        await asyncio.sleep(0)
        assert not socket.closed
        assert transport.written == [str(number).encode() for number in range(5 * django_settings.LIVE_UNSENT_FRAMES)]

    async def resuming(socket: Socket, transport: Slow, sent: list[dict[str, Any]]) -> None:
        for number in range(9):
            socket.push(str(number).encode())
        await asyncio.sleep(0)
        assert transport.written == []
        transport.paused = False
        assert transport.on_resume is not None
        transport.on_resume()
        assert transport.written == [str(number).encode() for number in range(9)]

    for story in (by_frames, by_bytes, reading, resuming):
        with_socket(story)


def test_what_was_queued_leaves_before_the_close_and_nothing_after_it() -> None:
    async def story(socket: Socket, transport: Slow, sent: list[dict[str, Any]]) -> None:
        transport.paused = False
        socket.push(b"last words")
        socket.close(4403)
        socket.push(b"too late")
        socket.close(1000)
        await asyncio.sleep(0.01)
        assert (transport.written, sent) == ([b"last words"], [{"type": "websocket.close", "code": 4403}])

    with_socket(story)


# The writer


def an_entry() -> e.Accept:
    return e.Accept(uuid.uuid4(), e.Member(1, 1, "Bob"))


def with_writer(
    append: Callable[..., Any], story: Callable[[Writer], Any], monkeypatch: pytest.MonkeyPatch
) -> list[News]:
    published: list[News] = []
    monkeypatch.setattr(writer, "append_messages", append)
    monkeypatch.setattr(writer, "PAUSE", 0.01)

    async def run() -> None:
        made = Writer(asyncio.get_running_loop(), published.append)
        try:
            await story(made)
        finally:
            await made.stop()

    asyncio.run(run())
    return published


@pytest.mark.django_db(transaction=True)
def test_what_waits_during_a_commit_goes_into_the_next_batch_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    def slow(entries: list[e.Entry]) -> list[e.Answer]:
        batches.append(len(entries))
        time.sleep(0.05)
        return [e.Done(cast(e.Accept, entry).chat_id) for entry in entries]

    async def story(made: Writer) -> None:
        asked = [an_entry() for _ in range(30)]
        answers = await asyncio.gather(*(made.store(entry) for entry in asked))
        assert [cast(e.Done, answer).chat_id for answer in answers] == [entry.chat_id for entry in asked]

    with_writer(slow, story, monkeypatch)
    assert sum(batches) == 30
    assert len(batches) <= 3


@pytest.mark.django_db(transaction=True)
def test_a_database_that_comes_back_soon_loses_nothing_and_one_that_stays_away_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures = 2

    def failing(entries: list[e.Entry]) -> list[e.Answer]:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise OperationalError("gone")
        return [e.Done(cast(e.Accept, entry).chat_id) for entry in entries]

    async def story(made: Writer) -> None:
        nonlocal failures
        assert isinstance(await made.store(an_entry()), e.Done)
        failures = 10_000
        monkeypatch.setattr(writer, "PATIENCE", 0.05)
        answer = await made.store(an_entry())
        assert isinstance(answer, Refused)
        assert (answer.code, answer.retry_after) == ("unavailable", 2)

    with_writer(failing, story, monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_fails_in_an_unforeseen_way_takes_no_neighbour_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    poison = an_entry()

    def failing(entries: list[e.Entry]) -> list[e.Answer]:
        if poison in entries:
            raise KeyError("a mistake of ours")
        return [e.Done(cast(e.Accept, entry).chat_id) for entry in entries]

    async def story(made: Writer) -> None:
        first, last = an_entry(), an_entry()
        answers = await asyncio.gather(*(made.store(entry) for entry in (first, poison, last)))
        assert [getattr(answer, "code", "") for answer in answers] == ["", "unavailable", ""]

    with_writer(failing, story, monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_a_caller_that_fails_takes_neither_answers_nor_news_away(monkeypatch: pytest.MonkeyPatch) -> None:
    made_news = News(changes=[], revs={})
    heard: list[e.Answer] = []
    its: list[Writer] = []

    def storing(entries: list[e.Entry]) -> list[e.Answer]:
        its[0].hear(made_news)
        return [e.Done(cast(e.Accept, entry).chat_id) for entry in entries]

    def fails(_answer: e.Answer) -> None:
        raise RuntimeError("the socket is gone")

    async def story(made: Writer) -> None:
        its.append(made)
        made.submit(an_entry(), fails)
        made.submit(an_entry(), heard.append)
        await asyncio.sleep(0.1)

    assert with_writer(storing, story, monkeypatch)
    assert len(heard) == 1


def test_a_dear_frame_is_paid_for_by_those_behind_it() -> None:
    buckets = Buckets(per_second=10, burst=20)
    assert buckets.wait("bob") == 0
    buckets.charge("bob", 40)

    assert buckets.wait("bob") > 2
    assert buckets.wait("alice") == 0
