"""The generator's sockets, of two weights.

The default is the `websockets` library, as a client would use it; it costs about as much as the bare relay that it
talks to, so beside that one it is half of what is measured. `--light` takes the lightest client that is still one
(RFC 6455, masked with a zero key: legal, and the server unmasks all the same), which leaves the machine to the server.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

import websockets
from websockets.asyncio import client
from websockets.asyncio.connection import broadcast

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
NO_MASK = b"\0\0\0\0"


class Wire(Protocol):
    """An open socket."""

    def send(self, text: str) -> None: ...

    def close(self) -> None: ...


OnText = Callable[[bytes], None]


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65536:
        head = bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8, "big")
    return head + NO_MASK + payload


class LightWire(asyncio.Protocol):
    """`on_text` is called with every text frame."""

    def __init__(self, request: bytes, on_text: OnText) -> None:
        self._request = request
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_text = on_text

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the connection ended before the handshake did"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self.opened.done() and not self._handshake(buffer):
            return
        while True:
            size = len(buffer)
            if size < 2:
                return
            length, start = buffer[1] & 0x7F, 2
            if length == 126:
                if size < 4:
                    return
                length, start = int.from_bytes(buffer[2:4], "big"), 4
            elif length == 127:
                if size < 10:
                    return
                length, start = int.from_bytes(buffer[2:10], "big"), 10
            if size < start + length:
                return
            first, payload = buffer[0], bytes(buffer[start : start + length])
            del buffer[: start + length]
            self._handle(first & 0x0F, bool(first & 0x80), payload)

    def _handshake(self, buffer: bytearray) -> bool:
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(buffer[: buffer.find(b"\r\n")])
        del buffer[: end + 4]
        if b" 101 " not in status:
            self.opened.set_exception(ConnectionError(status.decode("latin-1")))
            if self._transport:
                self._transport.abort()
            return False
        self.opened.set_result(None)
        return True

    def _handle(self, opcode: int, is_last: bool, payload: bytes) -> None:
        if opcode == TEXT and is_last:
            self.on_text(payload)
        elif opcode in (0, TEXT):
            self._parts.append(payload)
            if is_last:
                whole, self._parts = b"".join(self._parts), []
                self.on_text(whole)
        elif opcode == PING:
            self._write(_frame(PONG, payload))
        elif opcode == CLOSE:
            self._write(_frame(CLOSE, payload[:2]))
            if self._transport:
                self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def send(self, text: str) -> None:
        self._write(_frame(TEXT, text.encode()))

    def close(self) -> None:
        self._write(_frame(CLOSE, b"\x03\xe8"))
        if self._transport:
            self._transport.close()


class LibraryWire:
    """The `websockets` library; frames leave through its `broadcast`, the one call of it that needs no task."""

    def __init__(self, socket: client.ClientConnection, on_text: OnText) -> None:
        self._socket = socket
        self._reading = asyncio.create_task(self._read(on_text))

    async def _read(self, on_text: OnText) -> None:
        with suppress(websockets.ConnectionClosed):
            while True:
                on_text(await self._socket.recv(decode=False))

    def send(self, text: str) -> None:
        broadcast([self._socket], text)

    def close(self) -> None:
        self._closing = asyncio.create_task(self._socket.close())


class Connector:
    """Opens sockets of one weight to servers on loopback; the `Origin` is the service's own."""

    def __init__(self, *, light: bool) -> None:
        self.light = light

    async def __call__(
        self, port: int, path: str, on_text: OnText, *, headers: Mapping[str, str] | None = None, wait: float = 30
    ) -> Wire:
        origin = {"Origin": f"http://127.0.0.1:{port}", **(headers or {})}
        if self.light:
            return await _light(port, path, on_text, origin, wait)
        socket = await client.connect(
            f"ws://127.0.0.1:{port}{path}", additional_headers=origin, compression=None, ping_interval=None,
            max_size=None, open_timeout=wait, proxy=None,
        )  # fmt: skip
        return LibraryWire(socket, on_text)


async def _light(port: int, path: str, on_text: OnText, headers: Mapping[str, str], wait: float) -> Wire:
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        **headers,
    }
    request = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: LightWire(request.encode(), on_text), "127.0.0.1", port)
    await asyncio.wait_for(wire.opened, wait)
    return wire
