"""Sockets without a server: the ASGI application, two queues, and a client that says and hears frames."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

from django.test import Client

from chats.domain import entries as e
from chats.domain import news
from chats.domain.messages import append_messages
from chats.live.core import _cores, core
from chats.live.routing import socket_application
from tests.chats.talk import Guest, new_cid

ORIGIN = "http://testserver"
PATIENCE = 10.0
Frame = dict[str, Any]
T = TypeVar("T")


def live(story: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Tells `story` in an event loop of its own, and stops the live core that came to be there."""

    async def run() -> T:
        try:
            async with asyncio.timeout(60):
                return await story()
        finally:
            await core().stop()
            # One that was drained stays, so that a late socket is not let into a new one.
            _cores.pop(asyncio.get_running_loop(), None)

    return asyncio.run(run())


async def db(question: Callable[..., T], *args: Any, **more: Any) -> T:
    """Asks the database in a thread of the core, as a view of this process would."""
    return await core().reader.run(question, *args, **more)


async def store(*batch: e.Entry) -> list[e.Answer]:
    """What another caller of this process stores: its news are told."""
    return await db(append_messages, batch)


async def store_elsewhere(*batch: e.Entry) -> list[e.Answer]:
    """What another process stores: nobody tells."""
    listener = news.listener()
    news.listen(None)
    try:
        return await db(append_messages, batch)
    finally:
        news.listen(listener)


async def until(true: Callable[[], Any], patience: float = PATIENCE) -> None:
    async with asyncio.timeout(patience):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


class Line:
    """One socket. `frames` is everything heard; `hear` waits for the next frame of a type that was not taken yet."""

    def __init__(self, path: str, *, origin: str = ORIGIN, cookie: str = "", address: str = "203.0.113.9") -> None:
        headers = [(b"host", b"testserver"), (b"cookie", cookie.encode()), (b"user-agent", b"Firefox/1 Linux")]
        if origin:
            headers.append((b"origin", origin.encode()))
        self.scope: Frame = {"type": "websocket", "path": path, "headers": headers, "client": [address, 4711]}
        self.frames: list[Frame] = []
        self.code: int | None = None
        self.accepted = False
        self._left: list[Frame] = []
        self._news = asyncio.Event()
        self._coming: asyncio.Queue[Frame] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def _send(self, message: Frame) -> None:
        if message["type"] == "websocket.accept":
            self.accepted = True
        elif message["type"] == "websocket.close":
            self.code = message["code"]
        else:
            frame = json.loads(message["text"])
            self.frames.append(frame)
            self._left.append(frame)
        self._news.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(socket_application(self.scope, self._coming.get, self._send))
        await self._coming.put({"type": "websocket.connect"})
        await self._wait(lambda: self.accepted or self.code is not None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    async def leave(self) -> None:
        assert self._task is not None
        await self._coming.put({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([self._task])
        self._task.result()

    async def _wait(self, true: Callable[[], Any], patience: float = PATIENCE) -> None:
        async with asyncio.timeout(patience):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def say(self, kind: str, **fields: Any) -> None:
        await self.raw(json.dumps({"type": kind, **fields}))

    async def raw(self, text: str | None = None, data: bytes | None = None) -> None:
        await self._coming.put({"type": "websocket.receive", "text": text, "bytes": data})

    def _found(self, kind: str, match: Frame) -> Frame | None:
        for frame in self._left:
            if frame["type"] == kind and all(frame.get(key) == value for key, value in match.items()):
                return frame
        return None

    async def hear(self, kind: str, patience: float = PATIENCE, **match: Any) -> Frame:
        try:
            await self._wait(lambda: self._found(kind, match), patience)
        except TimeoutError:
            raise AssertionError(f"no {kind} {match} came, but {self._left}, closed with {self.code}") from None
        frame = self._found(kind, match)
        assert frame is not None
        self._left.remove(frame)
        return frame

    async def ends(self, patience: float = PATIENCE) -> int:
        """The code that the socket is closed with."""
        try:
            await self._wait(lambda: self.code is not None, patience)
        except TimeoutError:
            raise AssertionError(f"the socket stayed open; it heard {self.frames}") from None
        assert self.code is not None
        return self.code

    async def hears_nothing(self, kind: str, during: float = 0.2) -> None:
        await asyncio.sleep(during)
        assert self._found(kind, {}) is None, self._left

    async def quiet(self) -> None:
        """Everything that was said so far is answered."""
        heard = [frame for frame in self.frames if frame["type"] == "events"]
        last = max(self.numbers(heard[-1]["chat"]), default=0) if heard else 0
        await self.say("ping", after={} if self.is_operator else last, ref="quiet")
        await self.hear("pong", ref="quiet")

    @property
    def is_operator(self) -> bool:
        return bool(self.scope["path"] != "/ws/visitor")

    def numbers(self, chat: str | None = None) -> list[int]:
        """The numbers of all entries heard, in the order in which they came."""
        heard = [frame for frame in self.frames if frame["type"] == "events" and chat in (None, frame["chat"])]
        return [entry["n"] for frame in heard for entry in frame["events"]]

    def texts(self) -> list[str]:
        heard = [frame for frame in self.frames if frame["type"] == "events"]
        return [entry["text"] for frame in heard for entry in frame["events"] if "text" in entry]


class VisitorLine(Line):
    def __init__(self, guest: Guest, token: str = "", **more: Any) -> None:
        super().__init__("/ws/visitor", **more)
        self.token = token or guest.token

    async def hello(self, *, after: int = 0, **more: Any) -> Frame:
        await self.say("hello", v=1, token=self.token, after=after, **more)
        return await self.hear("welcome")

    async def start(self, text: str, **more: Any) -> Frame:
        cid = more.pop("cid", None) or new_cid()
        await self.say("start", cid=cid, text=text, fields={}, consent=[], page={}, **more)
        return await self.hear("sent", cid=cid)

    async def send(self, text: str, **more: Any) -> Frame:
        cid = more.pop("cid", None) or new_cid()
        await self.say("send", cid=cid, text=text, **more)
        return await self.hear("sent", cid=cid)


class OperatorLine(Line):
    def __init__(self, client: Client, slug: str = "harbour", **more: Any) -> None:
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        super().__init__(f"/ws/w/{slug}", cookie=cookie, **more)

    async def hello(self, *, rev: int | None = None, after: dict[str, int] | None = None, **more: Any) -> Frame:
        await self.say("hello", v=1, rev=rev, after=after or {}, **more)
        return await self.hear("welcome")

    async def watch(self, chat: str, after: int = 0) -> Frame:
        await self.say("watch", chat=chat, after=after, ref=f"watch {chat}")
        return await self.hear("events", ref=f"watch {chat}")

    async def send(self, chat: str, text: str, kind: str = "send") -> Frame:
        cid = new_cid()
        await self.say(kind, chat=chat, cid=cid, text=text)
        return await self.hear("sent", cid=cid)
