"""Where a WebSocket goes, and who may open one. Plain ASGI callables: a consumer class costs a third more memory a
socket and a hop to a shared thread a frame."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host

from accounts.access import SocketMember, member_of_session, signed_in
from accounts.domain.peers import peer_address
from chats.live import protocol
from chats.live.core import core
from chats.live.operator import OperatorSocket
from chats.live.socket import Scope, Send
from chats.live.visitor import VisitorSocket

Receive = Callable[[], Awaitable[dict[str, Any]]]

VISITOR_PATH = "/ws/visitor"
OPERATOR_PATH = re.compile(r"/ws/w/([-a-zA-Z0-9_]{1,50})\Z")


def header(scope: Scope, name: bytes) -> str:
    """The header's value; of one that came several times all values, as HTTP joins them. The first alone would be the
    client's own `X-Forwarded-For` where a proxy adds its hop as a line of its own."""
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)


def own_origin(scope: Scope) -> bool:
    """Whether the page that opens the socket was served by this service (protocol section 3)."""
    origin = header(scope, b"origin")
    if origin in {settings.SITE_URL, settings.WIDGET_ORIGIN}:
        return True
    try:
        parts = urlsplit(origin)
        host = header(scope, b"host")
        domain, _port = split_domain_port(host)
        same = parts.netloc == host and validate_host(domain, settings.ALLOWED_HOSTS)
    except ValueError:
        return False
    return bool(host) and same and parts.scheme in ({"http", "https"} if settings.INSECURE_HTTP else {"https"})


async def socket_application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of all WebSockets."""
    await receive()
    path = scope["path"]
    operator = OPERATOR_PATH.match(path)
    if not own_origin(scope) or (operator is None and path != VISITOR_PATH):
        await send({"type": "websocket.close", "code": 4403})
        return
    await send({"type": "websocket.accept"})
    if core().draining:
        await send({"type": "websocket.close", "code": protocol.CLOSE_RESTART})
        return
    socket: VisitorSocket | OperatorSocket
    if operator is None:
        forwarded = header(scope, b"x-forwarded-for")
        address = peer_address(remote=(scope.get("client") or [None])[0], forwarded=forwarded)
        socket = VisitorSocket(core(), scope, send, address=address, agent=header(scope, b"user-agent"))
    else:
        admitted = await core().reader.run(_admit, _cookies(scope), operator.group(1))
        if isinstance(admitted, int):
            await send({"type": "websocket.close", "code": admitted})
            return
        socket = OperatorSocket(core(), scope, send, admitted)
    await _serve(socket, receive)


async def _serve(socket: VisitorSocket | OperatorSocket, receive: Receive) -> None:
    loop_time = socket.core.loop.time
    socket.core.sockets.add(socket)
    try:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            if not socket.closed:
                socket.heard_at = loop_time()
                await socket.receive(message.get("text"))
    finally:
        socket.core.sockets.discard(socket)
        socket.gone()


def _cookies(scope: Scope) -> dict[str, str]:
    """Read as Django reads them for pages: `http.cookies` gives up at the first cookie that it does not like, and other
    services on the same host may set any."""
    return parse_cookie(header(scope, b"cookie"))


def _admit(cookies: dict[str, str], slug: str) -> SocketMember | int:
    """The member, or the close code: 4401 without a session, 4404 for a workspace not theirs or not there."""
    admitted = member_of_session(cookies, slug)
    if admitted is not None:
        return admitted
    return protocol.CLOSE_WORKSPACE_GONE if signed_in(cookies) else protocol.CLOSE_TOKEN
