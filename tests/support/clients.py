"""Visitors and operators without a browser. They do what section 6 of the live protocol asks, and record it.

async with Visitor(server, key, history, "Vera") as visitor:
    await visitor.start("Hello")
"""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.support.history import History

Frame = dict[str, Any]

SILENCE_SECONDS = 35.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
STOP_CODES = frozenset({4400, 4403, 4404, 4410, 4426})
RENEW_CODES = frozenset({4401})
TO_BE_REPEATED = frozenset({"too_fast", "unavailable", "consent_required", "consent_stale"})
PAGE = 200


class Server(Protocol):
    """Where a client connects to; `port` may change between two attempts (another process, a restart)."""

    @property
    def port(self) -> int: ...


@dataclass(frozen=True)
class At:
    """A server that is only known by its port."""

    port: int


class CallFailed(Exception):
    """An HTTP call that was answered with something else than 200."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body[:300]!r}")
        self.status = status
        self.body = body

    @property
    def frame(self) -> Frame:
        answer: Frame = json.loads(self.body)
        return answer


def call(port: int, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> Any:
    """One HTTP call to a server on loopback, as the widget's frame makes it; the JSON of a 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sent = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, None if body is None else json.dumps(body).encode(), sent)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise CallFailed(answer.status, content)
    return json.loads(content)


@dataclass
class Stream:
    """The entries of one chat, applied by number: `n = last + 1` or not at all."""

    last: int = 0
    base: int = 0
    entries: list[Frame] = field(default_factory=list)
    held: dict[int, Frame] = field(default_factory=dict)

    def apply(self, entries: list[Frame]) -> tuple[list[Frame], bool]:
        """The entries that became visible, and whether there is a hole before what is held."""
        self.held |= {entry["n"]: entry for entry in entries if entry["n"] > self.last}
        shown = []
        while self.last + 1 in self.held:
            self.last += 1
            shown.append(self.held.pop(self.last))
        self.entries += shown
        return shown, bool(self.held)

    def reset(self, after: int) -> None:
        self.last = self.base = after
        self.entries, self.held = [], {}


class Client:
    """Connects, keeps the outbox, sends the heartbeat, comes back. Subclasses know the frames of their side."""

    path = ""

    def __init__(self, server: Server, history: History, name: str, *, patient: bool = True) -> None:
        self.server, self.history, self.name = server, history, name
        self.streams: dict[str, Stream] = {}
        self.outbox: dict[str, Frame] = {}
        self.refused: dict[str, str] = {}
        self.sent: dict[str, Frame] = {}
        self.frames: list[Frame] = []
        self.keeps_frames = True
        self.welcomes = 0
        self.closes: list[int] = []
        self.is_live = False
        self.is_stopped = False
        self.heartbeat = 25.0
        self.patient = patient
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._later: set[asyncio.Task[None]] = set()
        self._heard = 0.0
        self._pinged = 0.0
        self._drain: float | None = None
        self._wait = FIRST_WAIT
        self._news = asyncio.Event()
        self._wake = asyncio.Event()

    # -- life ---------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def begin(self, wait: float = 20) -> None:
        self._task = asyncio.create_task(self._live())
        await self.until(lambda: self.is_live, wait)

    async def stop(self) -> None:
        self.is_stopped = True
        for task in (self._task, *self._later):
            if task:
                task.cancel()
        if self._task:
            with suppress(asyncio.CancelledError):
                await self._task
        if self._socket:
            with suppress(Exception):
                await asyncio.wait_for(self._socket.close(), 3)
        self.is_live = False

    async def until(self, condition: Callable[[], Any], wait: float = 10) -> None:
        """Waits for something that frames bring about."""
        deadline = time.monotonic() + wait
        while not condition():
            left = deadline - time.monotonic()
            if self._task and self._task.done() and (error := self._task.exception()):
                raise error
            if left <= 0:
                raise TimeoutError(
                    f"{self.name}: waited {wait} s; last frames: {self.frames[-5:]}, closes {self.closes}"
                )
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(left, 0.25))

    def wake(self) -> None:
        """What `online` or a page that becomes visible does: no more waiting."""
        self._wake.set()

    async def _live(self) -> None:
        while not self.is_stopped:
            code = await self._one_connection()
            self.is_live = False
            self.closes.append(code)
            self.history.record(self.name, "close", code=code)
            self._news.set()
            if code in STOP_CODES:
                self.is_stopped = True
                return
            if code in RENEW_CODES and not await self.renew():
                self.is_stopped = True
                return
            await self._back_off()

    async def _back_off(self) -> None:
        if self._drain is not None:
            pause, self._drain = self._drain, None
        else:
            pause = random.uniform(0, self._wait)
            self._wait = min(self._wait * 2, LONGEST_WAIT if self.patient else 2.0)
        self._wake.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), pause)

    async def _one_connection(self) -> int:
        port = self.server.port
        try:
            hello = await self.hello()
            self._socket = await connect(
                f"ws://127.0.0.1:{port}{self.path}", origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
                additional_headers=self.headers(), compression=None, ping_interval=None, max_size=None,
                open_timeout=10, close_timeout=2,
            )  # fmt: skip
        except (OSError, TimeoutError, CallFailed, websockets.InvalidHandshake, http.client.HTTPException) as error:
            self.history.record(self.name, "unreachable", error=type(error).__name__)
            return 1006
        self.history.record(self.name, "open", port=port)
        self._heard, self._pinged = time.monotonic(), 0.0
        beat = asyncio.create_task(self._beat())
        try:
            await self._socket.send(json.dumps(hello))
            async for raw in self._socket:
                self._heard = time.monotonic()
                frame = json.loads(raw)
                if self.keeps_frames:
                    self.frames.append(frame)
                await self.on_frame(frame)
                self._news.set()
        except websockets.ConnectionClosed:
            pass
        finally:
            beat.cancel()
        code = self._socket.close_code
        return 1006 if code is None else code

    async def _beat(self) -> None:
        """A `ping` every heartbeat; 35 s of silence after one and the link counts as dead."""
        due = time.monotonic() + self.heartbeat
        while self._socket:
            await asyncio.sleep(0.25)
            now = time.monotonic()
            if now >= due:
                due = now + self.heartbeat
                self._pinged = self._pinged if self._pinged > self._heard else now
                await self.transmit(self.ping())
            if self._pinged > self._heard and now - self._pinged > SILENCE_SECONDS:
                self.history.record(self.name, "dead")
                self._socket.transport.abort()
                return

    # -- frames -------------------------------------------------------------------------------------------------

    async def transmit(self, frame: Frame | str | bytes) -> None:
        """Sends if there is a link; if there is none, the outbox and `hello` make up for it."""
        if self._socket:
            with suppress(websockets.ConnectionClosed):
                await self._socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def post(self, frame: Frame) -> str:
        """Puts a frame with a `cid` into the outbox and tries at once."""
        cid: str = frame.setdefault("cid", str(uuid.uuid4()))
        self.outbox[cid] = frame
        self.history.record(
            self.name, "send", cid=cid, text=frame.get("text"), chat=frame.get("chat"), kind=frame["type"]
        )
        if self.is_live:
            await self.transmit(frame)
        return cid

    async def post_and_wait(self, frame: Frame, wait: float = 30) -> Frame:
        cid = await self.post(frame)
        await self.until(lambda: cid in self.sent or cid in self.refused, wait)
        if cid in self.refused:
            raise AssertionError(f"{self.name}: refused as {self.refused[cid]}")
        return self.sent[cid]

    async def on_frame(self, frame: Frame) -> None:
        handler = getattr(self, f"on_{frame['type']}", None)
        if handler:
            await handler(frame)

    async def on_welcome(self, frame: Frame) -> None:
        self.history.record(self.name, "welcome")
        self.heartbeat = float(frame["heartbeat"])
        self._wait = FIRST_WAIT
        await self.welcomed(frame)
        self.welcomes += 1
        self.is_live = True
        for item in list(self.outbox.values()):
            await self.transmit(item)

    async def on_sent(self, frame: Frame) -> None:
        self.outbox.pop(frame["cid"], None)
        self.sent[frame["cid"]] = frame
        self.history.record(self.name, "sent", cid=frame["cid"], chat=frame["chat"], n=frame["n"])

    async def on_events(self, frame: Frame) -> None:
        stream = self.streams.get(frame["chat"])
        if stream is None:
            stream = self.streams[frame["chat"]] = Stream()
        shown, has_hole = stream.apply(frame["events"])
        for entry in shown:
            self.history.record(
                self.name, "shown", chat=frame["chat"], n=entry["n"], cid=entry.get("cid"), text=entry.get("text")
            )
        if has_hole:
            self.history.record(self.name, "hole", chat=frame["chat"], last=stream.last)
            await self.transmit(self.ping())

    async def on_reset(self, frame: Frame) -> None:
        self.streams.setdefault(frame["chat"], Stream()).reset(frame["after"])
        self.history.record(self.name, "reset", chat=frame["chat"], after=frame["after"])

    async def on_error(self, frame: Frame) -> None:
        cid = frame.get("cid")
        self.history.record(self.name, "error", code=frame["code"], cid=cid)
        if cid not in self.outbox:
            return
        if frame["code"] in TO_BE_REPEATED:
            self._soon(float(frame.get("retry_after") or 1), cid)
        else:
            self.refused[cid] = frame["code"]
            del self.outbox[cid]

    def _soon(self, pause: float, cid: str) -> None:
        async def repeat() -> None:
            await asyncio.sleep(pause)
            if self.is_live and cid in self.outbox:
                await self.transmit(self.outbox[cid])

        task = asyncio.create_task(repeat())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def on_drain(self, frame: Frame) -> None:
        self._drain = frame["after_ms"] / 1000

    # -- what each side fills in --------------------------------------------------------------------------------

    def headers(self) -> dict[str, str]:
        return {}

    async def renew(self) -> bool:
        return False

    async def hello(self) -> Frame:
        raise NotImplementedError

    def ping(self) -> Frame:
        raise NotImplementedError

    async def welcomed(self, frame: Frame) -> None:
        """What `welcome` brings besides the handshake."""


class Visitor(Client):
    path = "/ws/visitor"

    def __init__(
        self, server: Server, website_key: str, history: History, name: str, *, token: str = "", patient: bool = True,
        address: str = "",
    ) -> None:  # fmt: skip
        super().__init__(server, history, name, patient=patient)
        self.website_key, self.token, self.address = website_key, token, address
        self.chat: str | None = None
        self.state: str | None = None

    def headers(self) -> dict[str, str]:
        return {"X-Forwarded-For": self.address} if self.address else {}

    def _call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        return call(self.server.port, method, f"/widget/{self.website_key}/{path}", body, token=token, **self.headers())

    async def renew(self) -> bool:
        """The same visitor with a new token; if that answers 401, a new visitor."""
        try:
            answer = await asyncio.to_thread(self._call, "POST", "session", {}, self.token)
        except CallFailed as error:
            if error.status != 401:
                return True
            self.token = ""
            return True
        except OSError:
            return True
        self.token = answer["token"]
        return True

    async def hello(self) -> Frame:
        if not self.token:
            self.token = (await asyncio.to_thread(self._call, "POST", "session", {}))["token"]
        return {"type": "hello", "v": 1, "token": self.token, **self._position()}

    def ping(self) -> Frame:
        return {"type": "ping", **self._position()}

    def _position(self) -> Frame:
        if self.chat is None:
            return {"after": 0}
        stream = self.streams.get(self.chat)
        return {"chat": self.chat, "after": stream.last if stream else 0}

    @property
    def stream(self) -> Stream:
        """Of the current chat."""
        return self.streams.setdefault(self.chat or "", Stream())

    async def welcomed(self, frame: Frame) -> None:
        if frame.get("chat"):
            self.chat, self.state = frame["chat"]["id"], frame["chat"]["state"]

    async def on_events(self, frame: Frame) -> None:
        self.chat = frame["chat"]
        await super().on_events(frame)

    async def on_reset(self, frame: Frame) -> None:
        self.chat = frame["chat"]
        await super().on_reset(frame)

    async def on_sent(self, frame: Frame) -> None:
        self.chat = frame["chat"]
        await super().on_sent(frame)

    async def start(self, text: str, **more: Any) -> Frame:
        return await self.post_and_wait({"type": "start", "text": text, "fields": {}, "consent": [], **more})

    async def say(self, text: str) -> Frame:
        return await self.post_and_wait({"type": "send", "text": text})

    async def say_over_http(self, frame: Frame) -> Frame:
        """The fallback: the same object, the answer of the socket."""
        self.history.record(self.name, "send", cid=frame["cid"], text=frame.get("text"), chat=None, kind=frame["type"])
        answer: Frame = await asyncio.to_thread(self._call, "POST", "messages", frame, self.token)
        self.history.record(self.name, "sent", cid=answer["cid"], chat=answer["chat"], n=answer["n"])
        return answer


class Operator(Client):
    """Watches the chats it is told to; with `watches_all` every chat of the inbox."""

    def __init__(
        self, server: Server, workspace: Frame, number: int, history: History, name: str, *, watches_all: bool = True,
        patient: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(server, history, name, patient=patient)
        self.path = f"/ws/w/{workspace['slug']}"
        self.cookie = workspace["operators"][number]["cookie"]
        self.member = workspace["operators"][number]["member"]
        self.watches_all = watches_all
        self.rev: int | None = None
        self.rows: dict[str, Frame] = {}

    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie}

    def _positions(self) -> dict[str, int]:
        return {chat: stream.last for chat, stream in self.streams.items()}

    async def hello(self) -> Frame:
        return {"type": "hello", "v": 1, "rev": self.rev, "after": self._positions()}

    def ping(self) -> Frame:
        return {"type": "ping", "rev": self.rev or 0, "after": self._positions()}

    async def welcomed(self, frame: Frame) -> None:
        if self.rev is None:
            self.rows = {}
        await self._take_rows(frame["rev"], frame["chats"])

    async def on_chats(self, frame: Frame) -> None:
        await self._take_rows(frame["rev"], frame["rows"])

    async def _take_rows(self, rev: int, rows: list[Frame]) -> None:
        self.rev = max(self.rev or 0, rev)
        for row in rows:
            held = self.rows.get(row["id"])
            if held is None or held["rev"] <= row["rev"]:
                self.rows[row["id"]] = row
            if self.watches_all and row["id"] not in self.streams:
                await self.watch(row["id"])

    async def watch(self, chat: str) -> None:
        stream = self.streams.setdefault(chat, Stream())
        await self.transmit({"type": "watch", "chat": chat, "after": stream.last})

    async def accept(self, chat: str, wait: float = 10) -> Frame:
        """The direct answer: a `chats` frame with the row, or an error frame."""
        ref = uuid.uuid4().hex
        await self.transmit({"type": "accept", "chat": chat, "ref": ref})
        return await self.answer(ref, wait)

    async def close_chat(self, chat: str, wait: float = 10) -> Frame:
        ref = uuid.uuid4().hex
        await self.transmit({"type": "close", "chat": chat, "ref": ref})
        return await self.answer(ref, wait)

    async def answer(self, ref: str, wait: float = 10) -> Frame:
        """The frame that carries this `ref`."""

        def found() -> Frame | None:
            return next((frame for frame in reversed(self.frames) if frame.get("ref") == ref), None)

        await self.until(found, wait)
        answer = found()
        assert answer is not None
        return answer

    async def say(self, chat: str, text: str) -> Frame:
        return await self.post_and_wait({"type": "send", "chat": chat, "text": text})

    async def note(self, chat: str, text: str) -> Frame:
        return await self.post_and_wait({"type": "note", "chat": chat, "text": text})
