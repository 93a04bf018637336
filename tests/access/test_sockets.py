"""Every socket, as everybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from django.test import Client
from django.urls import reverse

from chats.live.core import running
from chats.live.routing import OPERATOR_PATH, VISITOR_PATH, socket_application
from tests.access.matrix import ROLES, SOCKETS, Socket, user_of
from tests.cast import Cast, signed_in
from tests.factories import WebsiteFactory

ORIGIN = "http://testserver"
T = TypeVar("T")

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_socket_is_in_the_matrix() -> None:
    paths = {socket.path for socket in SOCKETS}
    assert VISITOR_PATH in paths
    assert any(OPERATOR_PATH.match(path) for path in paths)
    assert len(paths) == 2


def with_core(work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` in a loop of its own and stops the live core that its sockets made there."""

    async def run() -> T:
        try:
            return await work
        finally:
            for core in running():
                await core.stop()

    return asyncio.run(run())


async def answer_to_hello(path: str, cookie: str, hello: dict[str, Any], origin: str = ORIGIN) -> int | None:
    """The code the socket is closed with, or None if the server answers `hello` with a frame."""
    coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    going: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    headers = [(b"host", b"testserver"), (b"origin", origin.encode()), (b"cookie", cookie.encode())]
    scope: dict[str, Any] = {"type": "websocket", "path": path, "headers": headers, "client": ["203.0.113.9", 4711]}
    await coming.put({"type": "websocket.connect"})
    task = asyncio.create_task(socket_application(scope, coming.get, going.put))
    try:
        while True:
            async with asyncio.timeout(5):
                answer = await going.get()
            if answer["type"] == "websocket.close":
                return int(answer["code"])
            if answer["type"] == "websocket.send":
                return None
            await coming.put({"type": "websocket.receive", "text": json.dumps({"type": "hello", "v": 1, **hello})})
    finally:
        await coming.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait([task], timeout=5)


def hello_for(socket: Socket, cast: Cast) -> dict[str, Any]:
    if socket.path != VISITOR_PATH:
        return {"after": {}}
    website = WebsiteFactory(workspace=cast.harbour)
    answer = Client().post(reverse("widget_session", args=[website.key]))
    return {"after": 0, "token": answer.json()["token"]}


def cookie_of(role: str, cast: Cast) -> str:
    user = user_of(role, cast)
    cookies = signed_in(user).cookies if user else {}
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())


@pytest.mark.parametrize("socket", SOCKETS, ids=lambda socket: socket.path)
def test_everybody_gets_what_the_matrix_says(socket: Socket, cast: Cast) -> None:
    cookies = {role: cookie_of(role, cast) for role in ROLES}
    hello = hello_for(socket, cast)

    async def as_everybody() -> dict[str, int | None]:
        return {role: await answer_to_hello(socket.path, cookies[role], hello) for role in ROLES}

    assert with_core(as_everybody()) == dict(socket.expect)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://testserver.evil.example"])
@pytest.mark.parametrize("socket", SOCKETS, ids=lambda socket: socket.path)
def test_a_foreign_page_opens_no_socket(socket: Socket, cast: Cast, origin: str) -> None:
    cookie, hello = cookie_of("owner", cast), hello_for(socket, cast)
    assert with_core(answer_to_hello(socket.path, cookie, hello, origin)) is not None
    assert with_core(answer_to_hello(socket.path, cookie, hello)) is None
