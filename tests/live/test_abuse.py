"""Clients that do what no client should: constant answers, no trace in the log, and nobody else disturbed."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from tests.live.conftest import open_desk
from tests.live.raw import CONSTANT, close_code, greeted, operating, raw, token, until
from tests.support.clients import CallFailed, call
from tests.support.desk import Desk

pytestmark = pytest.mark.usefixtures("undisturbed")


def rss_kib(desk: Desk) -> int:
    for line in Path(f"/proc/{desk.servers[0].pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no such process")


def messages(desk: Desk) -> int:
    return int(desk.database.query("SELECT count(*) AS held FROM chats_message")[0]["held"])


# -- the handshake ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ws/visitor", "operator"])
@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://127.0.0.1:1", "http://127.0.0.1.evil.example"]
)
async def test_a_foreign_or_missing_origin_is_refused_before_accept(
    strict_desk: Desk, path: str, origin: str | None
) -> None:
    workspace = strict_desk.workspaces[0]
    headers = {"Cookie": workspace["operators"][1]["cookie"]}
    if origin is not None:
        headers["Origin"] = origin
    if path == "operator":
        path = f"/ws/w/{workspace['slug']}"
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connect(f"ws://127.0.0.1:{strict_desk.servers[0].port}{path}", additional_headers=headers):
            pass
    assert refused.value.response.status_code in (400, 403)


async def test_an_unknown_path_is_refused(strict_desk: Desk) -> None:
    with pytest.raises(websockets.InvalidStatus):
        async with raw(strict_desk, "/ws/admin"):
            pass


async def test_a_plain_request_on_a_socket_path_is_an_error_of_the_client(strict_desk: Desk) -> None:
    with pytest.raises(CallFailed) as refused:
        await asyncio.to_thread(call, strict_desk.servers[0].port, "GET", "/ws/visitor")
    assert 400 <= refused.value.status < 500


async def test_who_says_no_hello_is_sent_away(strict_desk: Desk) -> None:
    async with raw(strict_desk) as socket:
        assert await close_code(socket) == 4408


async def test_who_says_something_else_first_is_not_listened_to(strict_desk: Desk) -> None:
    before = messages(strict_desk)
    async with raw(strict_desk) as socket:
        await socket.send(json.dumps({"type": "start", "cid": str(uuid.uuid4()), "text": "Hello"}))
        assert (await until(socket, "error"))["code"] == "bad_frame"
    assert messages(strict_desk) == before


@pytest.mark.parametrize("change", ["", "x", "other"])
async def test_a_token_that_was_tampered_with_opens_nothing(strict_desk: Desk, change: str) -> None:
    held = {"": "", "x": token(strict_desk)[:-1] + "!", "other": "9" + token(strict_desk)}[change]
    async with raw(strict_desk) as socket:
        await socket.send(json.dumps({"type": "hello", "v": 1, "token": held, "after": 0}))
        assert await close_code(socket) == 4401


async def test_a_workspace_is_closed_alike_to_strangers_whether_it_exists_or_not(strict_desk: Desk) -> None:
    mine, other = strict_desk.workspaces
    codes = []
    for slug in (other["slug"], "no-such-workspace"):
        async with raw(strict_desk, f"/ws/w/{slug}", Cookie=mine["operators"][1]["cookie"]) as socket:
            codes.append(await close_code(socket))
    assert codes == [4404, 4404]
    async with raw(strict_desk, f"/ws/w/{mine['slug']}") as socket:
        assert await close_code(socket) == 4401


async def test_an_old_version_of_the_protocol_is_told_so(strict_desk: Desk) -> None:
    async with raw(strict_desk) as socket:
        await socket.send(json.dumps({"type": "hello", "v": 0, "token": token(strict_desk), "after": 0}))
        assert await close_code(socket) == 4426


# -- frames that are none -----------------------------------------------------------------------------------------

CID = "2b0f7c1e-0000-4000-8000-000000000000"
NO_FRAMES: dict[str, str | bytes] = {
    "empty": "",
    "no JSON": "{",
    "array": "[]",
    "number": "1",
    "null": "null",
    "no type": "{}",
    "type is a list": '{"type": ["send"]}',
    "deep nesting": "[" * 50_000,
    "deep objects": '{"a":' * 10_000,
    "NaN": '{"type":"read","n":NaN}',
    "Infinity": '{"type":"read","n":-Infinity}',
    "huge number": '{"type":"read","n":1e400}',
    "huge integer": '{"type":"read","n":' + "9" * 400 + "}",
    "lone surrogate": f'{{"type":"send","cid":"{CID}","text":"\\ud800"}}',
    "NUL": f'{{"type":"send","cid":"{CID}","text":"a\\u0000b"}}',
    "blank text": f'{{"type":"send","cid":"{CID}","text":"  \\n\\t "}}',
    "binary": b'{"type":"ping","after":0}',
}


@pytest.mark.parametrize("name", NO_FRAMES)
async def test_what_is_no_frame_gets_a_constant_answer_and_stores_nothing(strict_desk: Desk, name: str) -> None:
    before = messages(strict_desk)
    async with greeted(strict_desk) as socket:
        await socket.send(NO_FRAMES[name])
        answer = await until(socket, "error")
        assert answer["code"] == "bad_frame"
        assert answer.keys() <= {"type", "code", "cid", "ref"}
        await socket.send('{"type":"ping","after":0}')
        await until(socket, "pong")
    assert messages(strict_desk) == before


@pytest.mark.parametrize("kind", ["file", "rate", "transfer", "__class__", "welcome", "receive", "x" * 5_000, "sweep"])
async def test_unknown_types_are_unknown_whatever_they_are_called(strict_desk: Desk, kind: str) -> None:
    async with greeted(strict_desk) as visitor, operating(strict_desk) as operator:
        for socket in (visitor, operator):
            await socket.send(json.dumps({"type": kind, "ref": "r1"}))
            assert await until(socket, "error") == {"type": "error", "code": "unknown_type", "ref": "r1"}


async def test_forged_fields_are_ignored(strict_desk: Desk) -> None:
    async with greeted(strict_desk) as socket:
        forged = {
            "n": 99, "at": "1999-01-01T00:00:00Z", "author": {"type": "operator", "name": "Boss"}, "kind": "note",
            "workspace": 1, "website": 1, "chat": str(uuid.uuid4()), "role": "owner",
        }  # fmt: skip
        await socket.send(json.dumps({"type": "start", "cid": str(uuid.uuid4()), "text": "Hi", **forged}))
        entry = (await until(socket, "events"))["events"][0]
        assert (entry["n"], entry["kind"], entry["author"]["type"]) == (1, "text", "visitor")
        assert not entry["at"].startswith("1999")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "v",
    "token",
    "chat",
    "after",
    "cid",
    "text",
    "fields",
    "consent",
    "page",
    "department",
    "on",
    "n",
    "state",
    "ref",
    "rev",
]
VISITORS = ["hello", "start", "send", "typing", "read", "close", "ping"]
OPERATORS = ["hello", "watch", "unwatch", "accept", "send", "note", "close", "typing", "read", "status", "ping"]


def wrong(kinds: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    frame = st.builds(
        lambda kind, fields: {**fields, "type": kind},
        st.sampled_from(kinds),
        st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6),
    )
    return st.lists(frame, min_size=5, max_size=25)


async def survives(desk: Desk, frames: list[dict[str, Any]], *, operator: bool) -> None:
    """Every error is a constant one, and afterwards the socket still answers."""
    async with operating(desk) if operator else greeted(desk) as socket:
        for frame in frames:
            await socket.send(json.dumps(frame))
        await socket.send(json.dumps({"type": "ping", "ref": "the end", "after": {} if operator else 0}))
        async with asyncio.timeout(20):
            while True:
                answer = json.loads(await socket.recv())
                if answer["type"] == "error":
                    assert answer["code"] in CONSTANT
                    assert answer.keys() <= {"type", "code", "cid", "chat", "ref", "retry_after"}
                elif answer["type"] == "pong" and answer.get("ref") == "the end":
                    return


EXAMPLES = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@EXAMPLES
@given(frames=wrong(VISITORS))
async def test_a_visitors_fields_of_any_type_do_no_harm(strict_desk: Desk, frames: list[dict[str, Any]]) -> None:
    await survives(strict_desk, frames, operator=False)


@EXAMPLES
@given(frames=wrong(OPERATORS))
async def test_an_operators_fields_of_any_type_do_no_harm(strict_desk: Desk, frames: list[dict[str, Any]]) -> None:
    await survives(strict_desk, frames, operator=True)


@EXAMPLES
@given(body=JSON)
def test_a_body_of_any_shape_gets_a_constant_answer_over_http(strict_desk: Desk, body: Any) -> None:
    key = strict_desk.workspaces[0]["website_key"]
    with pytest.raises(CallFailed) as refused:
        call(strict_desk.servers[0].port, "POST", f"/widget/{key}/messages", body, token=token(strict_desk))
    assert refused.value.status in (400, 429)
    assert refused.value.frame["code"] in {"bad_frame", "unknown_type", "too_fast"}


# -- size ---------------------------------------------------------------------------------------------------------


async def test_the_third_frame_that_is_too_large_ends_it(strict_desk: Desk) -> None:
    large = json.dumps({"type": "send", "cid": str(uuid.uuid4()), "text": "x" * 70_000})
    async with greeted(strict_desk) as socket:
        for _ in range(2):
            await socket.send(large)
            assert (await until(socket, "error"))["code"] == "too_large"
        await socket.send(large)
        assert await close_code(socket) == 4400


async def test_a_text_of_ten_thousand_characters_is_taken_and_one_more_is_not(strict_desk: Desk) -> None:
    async with greeted(strict_desk) as socket:
        await socket.send(
            json.dumps({"type": "start", "cid": str(uuid.uuid4()), "text": "ä" * 10_000}, ensure_ascii=False)
        )
        assert (await until(socket, "sent"))["n"] == 1
        await socket.send(json.dumps({"type": "send", "cid": str(uuid.uuid4()), "text": "x" * 10_001}))
        assert (await until(socket, "error"))["code"] == "too_large"


async def test_a_frame_beyond_the_servers_own_limit_ends_it_and_costs_no_memory(strict_desk: Desk) -> None:
    before = rss_kib(strict_desk)
    async with greeted(strict_desk) as socket:
        try:
            await socket.send("x" * 20_000_000)
            code = await close_code(socket)
        except websockets.ConnectionClosed:
            code = socket.close_code
        assert code in (1009, 1006)
    assert rss_kib(strict_desk) - before < 8 * 1024


async def test_a_message_in_pieces_is_one_message(strict_desk: Desk) -> None:
    frame = json.dumps({"type": "start", "cid": str(uuid.uuid4()), "text": "In pieces"})
    async with greeted(strict_desk) as socket:
        await socket.send([frame[:5], frame[5:20], frame[20:]])
        assert (await until(socket, "sent"))["n"] == 1


async def test_pieces_without_end_are_cut_off(strict_desk: Desk) -> None:
    before = rss_kib(strict_desk)

    async def pieces() -> Any:
        for _ in range(10_000):
            yield "x" * 100

    async with greeted(strict_desk) as socket:
        try:
            await socket.send(pieces())
            code = await close_code(socket)
        except websockets.ConnectionClosed:
            code = socket.close_code
        assert code in (1009, 1006, 4400)
    assert rss_kib(strict_desk) - before < 8 * 1024


@pytest.mark.parametrize(
    "head",
    [
        bytes((0x81, 0xFF)) + (2**62).to_bytes(8, "big") + b"\0\0\0\0",
        bytes((0x81, 0x7D)) + b"x" * 125,
        bytes((0xF1, 0x81)) + b"\0\0\0\0x",
        bytes((0x83, 0x81)) + b"\0\0\0\0x",
        bytes((0x09, 0x80)) + b"\0\0\0\0",
        bytes((0x81, 0x82)) + b"\0\0\0\0\xff\xfe",
    ],
    ids=["announces too much", "unmasked", "reserved bits", "reserved opcode", "fragmented ping", "no UTF-8"],
)
async def test_frames_against_the_websocket_protocol_end_the_connection(strict_desk: Desk, head: bytes) -> None:
    port = strict_desk.servers[0].port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [
        "GET /ws/visitor HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
    ]  # fmt: skip
    writer.write("\r\n".join(lines).encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.write(head)
    async with asyncio.timeout(10):
        try:
            last = await reader.read(1_000)
        except ConnectionResetError:
            last = b""
        assert last[:1] in (b"\x88", b"")
        if last:
            assert int.from_bytes(last[2:4], "big") in (1002, 1007, 1009)
    writer.close()


# -- floods -------------------------------------------------------------------------------------------------------


async def test_a_flood_of_messages_is_slowed_and_then_ended(strict_desk: Desk) -> None:
    before = messages(strict_desk)
    async with greeted(strict_desk) as socket:
        await socket.send(json.dumps({"type": "start", "cid": str(uuid.uuid4()), "text": "Hello"}))
        await until(socket, "sent")
        try:
            for number in range(3_000):
                await socket.send(json.dumps({"type": "send", "cid": str(uuid.uuid4()), "text": f"{number}"}))
            code = await close_code(socket)
        except websockets.ConnectionClosed:
            code = socket.close_code
        assert code == 4429
    assert messages(strict_desk) - before < 100


@pytest.mark.parametrize(
    "frame", [{"type": "ping", "after": 0}, {"type": "typing", "on": True}, {"type": "read", "n": 1}]
)
async def test_a_flood_of_small_frames_is_ended(strict_desk: Desk, frame: dict[str, Any]) -> None:
    text = json.dumps(frame)
    async with greeted(strict_desk) as socket:
        try:
            for _ in range(5_000):
                await socket.send(text)
            code = await close_code(socket)
        except websockets.ConnectionClosed:
            code = socket.close_code
        assert code == 4429


async def test_a_visitor_has_at_most_ten_sockets(strict_desk: Desk) -> None:
    known = await asyncio.to_thread(token, strict_desk)
    hello = json.dumps({"type": "hello", "v": 1, "token": known, "after": 0})
    async with asyncio.TaskGroup() as tasks, greeted(strict_desk, known=known):
        done = asyncio.Event()

        async def hold() -> None:
            async with greeted(strict_desk, known=known):
                await done.wait()

        for _ in range(9):
            tasks.create_task(hold())
        await asyncio.sleep(1)
        async with raw(strict_desk) as eleventh:
            await eleventh.send(hello)
            assert (await until(eleventh, "error"))["code"] == "limit_reached"
            assert await close_code(eleventh) == 4429
        done.set()


# -- ids of others ------------------------------------------------------------------------------------------------


@pytest.fixture
def foreign_chat(strict_desk: Desk) -> Iterator[str]:
    """A chat of the other workspace that really exists."""
    other, port = strict_desk.workspaces[1], strict_desk.servers[0].port
    frame = {"type": "start", "cid": str(uuid.uuid4()), "text": "A secret of the other workspace", "fields": {}}
    path = f"/widget/{other['website_key']}/messages"
    yield call(port, "POST", path, frame, token=token(strict_desk, 1))["chat"]


@pytest.mark.parametrize("kind", ["watch", "accept", "send", "note", "close", "read", "typing"])
async def test_a_foreign_id_is_answered_like_one_that_does_not_exist(
    strict_desk: Desk, foreign_chat: str, kind: str
) -> None:
    needed: dict[str, dict[str, Any]] = {"watch": {"after": 0}, "read": {"n": 1}, "typing": {"on": True}}
    more = needed.get(kind, {})
    if kind in ("send", "note"):
        more = {"cid": CID, "text": "Let me in"}
    answers = set()
    async with operating(strict_desk) as socket:
        for chat in (foreign_chat, str(uuid.uuid4()), str(uuid.uuid1()), "no-id-at-all"):
            await socket.send(json.dumps({"type": kind, "chat": chat, **more}))
            await asyncio.sleep(0.5)
            await socket.send(json.dumps({"type": "ping", "ref": chat, "after": {}}))
            errors = []
            async with asyncio.timeout(10):
                while json.loads(message := await socket.recv())["type"] != "pong":
                    assert "secret" not in str(message)
                    if '"error"' in str(message):
                        errors.append(message)
            answers.add(tuple(errors))
    assert len(answers) == 1
    held = strict_desk.database.query("SELECT text FROM chats_message WHERE cid = %s", CID)
    assert held == []


async def test_a_token_opens_no_other_website(strict_desk: Desk) -> None:
    other = strict_desk.workspaces[1]["website_key"]
    with pytest.raises(CallFailed) as refused:
        await asyncio.to_thread(
            call, strict_desk.servers[0].port, "GET", f"/widget/{other}/messages", token=token(strict_desk)
        )
    assert refused.value.status == 401


# -- sessions and new chats ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def miser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Few sessions and chats a network and website; one proxy is trusted to say who asks."""
    environment = {
        "TRUSTED_PROXIES": "1", "LIVE_SESSIONS_PER_IP": "4", "LIVE_CHATS_PER_IP": "2",
        "LIVE_SESSIONS_PER_WEBSITE": "12", "LIVE_CHATS_PER_WEBSITE": "100",
    }  # fmt: skip
    desk = open_desk(tmp_path_factory.mktemp("miser"), environment, operators=1)
    yield desk
    desk.stop()


def test_sessions_and_chats_are_limited_by_shortened_address_and_by_website(miser: Desk) -> None:
    key, port = miser.workspaces[0]["website_key"], miser.servers[0].port

    def ask(address: str) -> int:
        try:
            call(port, "POST", f"/widget/{key}/session", {}, X_Forwarded_For=address)
        except CallFailed as refused:
            assert refused.frame["code"] == "too_fast"
            return refused.status
        return 200

    def start(held: str, address: str) -> int:
        frame = {"type": "start", "cid": str(uuid.uuid4()), "text": "Hello", "fields": {}}
        try:
            call(port, "POST", f"/widget/{key}/messages", frame, token=held, X_Forwarded_For=address)
        except CallFailed as refused:
            return refused.status
        return 200

    # Four of one /24, whichever last octet they say, and whatever they claim to stand behind.
    held = [token(miser, X_Forwarded_For=f"192.0.2.{number}") for number in range(1, 5)]
    assert ask("192.0.2.99") == 429
    assert ask("198.51.100.1, 192.0.2.200") == 429
    assert ask("198.51.100.1") == 200
    # One /48 of IPv6 is one address too.
    assert [ask(f"2001:db8:1:{number}::1") for number in range(5)] == [200, 200, 200, 200, 429]
    assert [start(each, "192.0.2.7") for each in held] == [200, 200, 429, 429]
    # The website's own limit, from addresses that are all new.
    statuses = [ask(f"203.0.{number}.1") for number in range(8)]
    assert statuses[:2] == [200, 200]
    assert statuses[-1] == 429


def test_random_bytes_at_the_door_do_no_harm(strict_desk: Desk) -> None:
    import socket

    for _ in range(20):
        with socket.create_connection(("127.0.0.1", strict_desk.servers[0].port), timeout=5) as plain:
            plain.sendall(os.urandom(2_000))
