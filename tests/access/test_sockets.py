"""Every socket, as everybody; and that it ends when the right to it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.domain import members, users
from accounts.models import Membership, User, Workspace
from chats.live.routing import OPERATOR_PATH, VISITOR_PATH
from tests.access.matrix import ROLES, SOCKETS, Socket, user_of
from tests.access.sockets import ORIGIN, Line, elsewhere, with_core
from tests.cast import Cast, signed_in
from tests.factories import WebsiteFactory

pytestmark = pytest.mark.django_db(transaction=True)

HARBOUR = "/ws/w/harbour"


def cookie_of(client: Client) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def cookie_for(role: str, cast: Cast) -> str:
    user = user_of(role, cast)
    return cookie_of(signed_in(user)) if user else ""


def hello_for(socket: Socket, cast: Cast) -> dict[str, Any]:
    if socket.path != VISITOR_PATH:
        return {"after": {}}
    website = WebsiteFactory(workspace=cast.harbour)
    answer = Client().post(reverse("widget_session", args=[website.key]))
    return {"after": 0, "token": answer.json()["token"]}


async def outcome(path: str, cookie: str, hello: dict[str, Any], origin: str = ORIGIN) -> int | None:
    async with Line(path, cookie, origin) as line:
        return await line.hello(hello)


def test_every_socket_is_in_the_matrix() -> None:
    paths = {socket.path for socket in SOCKETS}
    assert VISITOR_PATH in paths
    assert any(OPERATOR_PATH.match(path) for path in paths)
    assert len(paths) == 2


@pytest.mark.parametrize("socket", SOCKETS, ids=lambda socket: socket.path)
def test_everybody_gets_what_the_matrix_says(socket: Socket, cast: Cast) -> None:
    cookies = {role: cookie_for(role, cast) for role in ROLES}
    hello = hello_for(socket, cast)

    async def as_everybody() -> dict[str, int | None]:
        return {role: await outcome(socket.path, cookies[role], hello) for role in ROLES}

    assert with_core(as_everybody()) == dict(socket.expect)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://testserver.evil.example"])
@pytest.mark.parametrize("socket", SOCKETS, ids=lambda socket: socket.path)
def test_a_foreign_page_opens_no_socket(socket: Socket, cast: Cast, origin: str) -> None:
    cookie, hello = cookie_for("owner", cast), hello_for(socket, cast)
    assert with_core(outcome(socket.path, cookie, hello, origin)) is not None
    assert with_core(outcome(socket.path, cookie, hello)) is None


Ending = Callable[[Cast, Client], object]

ENDINGS: dict[str, tuple[Ending, int]] = {
    "removed by the owner": (
        lambda cast, client: members.remove_member(membership=cast.member(cast.bob), actor=cast.member(cast.alice)),
        4403,
    ),
    "left": (
        lambda cast, client: members.remove_member(membership=cast.member(cast.bob), actor=cast.member(cast.bob)),
        4403,
    ),
    "logged out": (lambda cast, client: client.post("/accounts/logout/"), 4401),
    "deactivated by staff": (lambda cast, client: users.set_active(user=cast.bob, active=False, actor=cast.sam), 4401),
    "changed the password": (
        lambda cast, client: users.change_password(user=cast.bob, password="something else entirely"),
        4401,
    ),
}

# In a process that holds no socket, or one that died before it told anybody: only the rows say it.
UNTOLD_ENDINGS: dict[str, tuple[Ending, set[int]]] = {
    "membership": (
        lambda cast, client: Membership.objects.filter(user=cast.bob).update(removed_at=timezone.now()),
        {4403},
    ),
    "user": (lambda cast, client: User.objects.filter(pk=cast.bob.pk).update(is_active=False), {4401, 4403}),
    "password": (lambda cast, client: User.objects.filter(pk=cast.bob.pk).update(password="!"), {4401}),
    "session": (lambda cast, client: client.session.delete(), {4401}),
    "workspace": (
        lambda cast, client: Workspace.objects.filter(pk=cast.harbour.pk).update(state="suspended"),
        {4403, 4404},
    ),
}


@pytest.mark.parametrize("ending", UNTOLD_ENDINGS)
def test_a_socket_ends_even_if_nobody_says_so(ending: str, cast: Cast) -> None:
    act, codes = UNTOLD_ENDINGS[ending]
    client = signed_in(cast.bob)
    cookie = cookie_of(client)

    async def scene() -> int:
        async with Line(HARBOUR, cookie) as line:
            assert await line.hello({"after": {}}) is None
            await elsewhere(act, cast, client)
            return await line.close_code()

    assert with_core(scene()) in codes


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_socket_ends_within_five_seconds_of_the_right_to_it(ending: str, cast: Cast) -> None:
    act, code = ENDINGS[ending]
    client = signed_in(cast.bob)
    cookie, colleague = cookie_of(client), cookie_of(signed_in(cast.carol))

    async def scene() -> tuple[int, bool, int | None]:
        async with Line(HARBOUR, cookie) as bobs, Line(HARBOUR, colleague) as carols:
            assert await bobs.hello({"after": {}}) is None
            assert await carols.hello({"after": {}}) is None
            await elsewhere(act, cast, client)
            closed_with = await bobs.close_code()
            await asyncio.sleep(0.5)
            return closed_with, bobs.is_silent(), await outcome(HARBOUR, cookie, {"after": {}})

    closed_with, silent, again = with_core(scene())
    assert closed_with == code
    assert silent, "nothing is delivered after the end"
    assert again in {4401, 4404}, "and the door stays closed"


def test_a_session_that_ended_elsewhere_leaves_the_others_open(cast: Cast) -> None:
    here, there = signed_in(cast.bob), signed_in(cast.bob)
    cookies = cookie_of(here), cookie_of(there)

    async def scene() -> tuple[int, int | None]:
        async with Line(HARBOUR, cookies[0]) as first, Line(HARBOUR, cookies[1]) as second:
            await first.hello({"after": {}})
            await second.hello({"after": {}})
            await elsewhere(here.post, "/accounts/logout/")
            code = await first.close_code()
            await second.send({"type": "ping", "rev": 0, "after": {}})
            answer = await second.answer()
            return code, answer.get("code")

    assert with_core(scene()) == (4401, None)
