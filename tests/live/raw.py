"""Sockets that do not keep to the protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.support.clients import call
from tests.support.desk import Desk

CONSTANT = frozenset(
    {
        "too_fast", "unavailable", "bad_frame", "unknown_type", "too_large", "not_found", "forbidden", "closed",
        "taken", "conflict", "limit_reached",
    }
)  # fmt: skip


def token(desk: Desk, number: int = 0, **headers: str) -> str:
    """A new visitor's."""
    key = desk.workspaces[number]["website_key"]
    found: str = call(desk.servers[0].port, "POST", f"/widget/{key}/session", {}, **headers)["token"]
    return found


@asynccontextmanager
async def raw(desk: Desk, path: str = "/ws/visitor", **headers: str) -> AsyncIterator[ClientConnection]:
    """An open socket with the right Origin; nothing is said for it."""
    port = desk.servers[0].port
    wanted = {"Origin": f"http://127.0.0.1:{port}", **headers}
    async with connect(
        f"ws://127.0.0.1:{port}{path}", additional_headers=wanted, compression=None, ping_interval=None,
        max_size=None, close_timeout=2,
    ) as socket:  # fmt: skip
        yield socket


@asynccontextmanager
async def greeted(desk: Desk, *, known: str = "") -> AsyncIterator[ClientConnection]:
    """A visitor's socket after its welcome."""
    held = known or await asyncio.to_thread(token, desk)
    async with raw(desk) as socket:
        await socket.send(json.dumps({"type": "hello", "v": 1, "token": held, "after": 0}))
        await until(socket, "welcome")
        yield socket


@asynccontextmanager
async def operating(desk: Desk, number: int = 1) -> AsyncIterator[ClientConnection]:
    """An operator's socket after its welcome."""
    workspace = desk.workspaces[0]
    async with raw(desk, f"/ws/w/{workspace['slug']}", Cookie=workspace["operators"][number]["cookie"]) as socket:
        await socket.send(json.dumps({"type": "hello", "v": 1, "after": {}}))
        await until(socket, "welcome")
        yield socket


async def until(socket: ClientConnection, kind: str, wait: float = 10) -> dict[str, Any]:
    """The next frame of this type."""
    async with asyncio.timeout(wait):
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            if frame["type"] == kind:
                return frame


async def close_code(socket: ClientConnection, wait: float = 10) -> int | None:
    """How the server ends it."""
    async with asyncio.timeout(wait):
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed:
            return socket.close_code
