"""Sockets without a server: the ASGI application is called directly, in a loop that ends with the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

from django.db import connection

from chats.live.core import running
from chats.live.routing import socket_application

ORIGIN = "http://testserver"
PATIENCE = 5.0
T = TypeVar("T")


def with_core(work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` in a loop of its own and stops the live core that its sockets made there."""

    async def run() -> T:
        try:
            return await work
        finally:
            for core in running():
                await core.stop()

    return asyncio.run(run())


async def elsewhere(act: Callable[..., Any], *arguments: Any) -> None:
    """Does `act` in a thread, as another request would, and leaves no connection behind there."""

    def run() -> None:
        try:
            act(*arguments)
        finally:
            connection.close()

    await asyncio.to_thread(run)


class Line:
    """One socket, from the client's side."""

    def __init__(self, path: str, cookie: str, origin: str = ORIGIN) -> None:
        self._coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._going: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        headers = [(b"host", b"testserver"), (b"origin", origin.encode()), (b"cookie", cookie.encode())]
        self._scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "headers": headers,
            "client": ["203.0.113.9", 4711],
        }

    async def __aenter__(self) -> Self:
        await self._coming.put({"type": "websocket.connect"})
        self._task = asyncio.create_task(socket_application(self._scope, self._coming.get, self._going.put))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._coming.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait([self._task], timeout=PATIENCE)

    async def send(self, frame: dict[str, Any]) -> None:
        await self._coming.put({"type": "websocket.receive", "text": json.dumps(frame)})

    async def answer(self, wait: float = PATIENCE) -> dict[str, Any]:
        async with asyncio.timeout(wait):
            return await self._going.get()

    async def hello(self, fields: dict[str, Any]) -> int | None:
        """Says hello: the code the socket is closed with, or None if the server answers with a frame."""
        while True:
            answer = await self.answer()
            if answer["type"] == "websocket.close":
                return int(answer["code"])
            if answer["type"] == "websocket.send":
                return None
            await self.send({"type": "hello", "v": 1, **fields})

    async def close_code(self) -> int:
        """Waits until the server closes; frames that come before are skipped."""
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._going.get()
                if answer["type"] == "websocket.close":
                    return int(answer["code"])

    def is_silent(self) -> bool:
        return self._going.empty()
