"""References (a) and (b): a bare relay with the `websockets` library; with `--dsn` it first stores, in group commits.

A socket says which chats it is in (`{"join": [...]}`); every other frame (`{"chat", "text"}`) goes as it came to all
sockets of its chat, the sender's own too. With storage it goes only after the commit that holds it.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import Any

import orjson
import psycopg
from websockets import ConnectionClosed
from websockets.asyncio.server import ServerConnection, serve

TABLE = """CREATE TABLE IF NOT EXISTS relay_message (
    id bigserial PRIMARY KEY, chat text NOT NULL, text text NOT NULL, at timestamptz NOT NULL DEFAULT now())"""
STORE = "INSERT INTO relay_message (chat, text) SELECT * FROM unnest(%s::text[], %s::text[])"


class Relay:
    def __init__(self) -> None:
        self.rooms: defaultdict[str, set[ServerConnection]] = defaultdict(set)
        self.pending: list[tuple[dict[str, Any], str]] = []
        self.arrived = asyncio.Event()
        self.stores = False

    async def handle(self, socket: ServerConnection) -> None:
        joined: list[str] = []
        try:
            async for raw in socket:
                assert isinstance(raw, str)
                frame = orjson.loads(raw)
                if "join" in frame:
                    joined = frame["join"]
                    for chat in joined:
                        self.rooms[chat].add(socket)
                    await socket.send('{"joined":true}')
                elif self.stores:
                    self.pending.append((frame, raw))
                    self.arrived.set()
                else:
                    await self.pass_on(frame["chat"], raw)
        finally:
            for chat in joined:
                self.rooms[chat].discard(socket)

    async def pass_on(self, chat: str, raw: str) -> None:
        for socket in tuple(self.rooms[chat]):
            with suppress(ConnectionClosed):
                await socket.send(raw)

    async def store(self, dsn: str) -> None:
        """Everything that came in while one commit ran goes into the next."""
        connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
        await connection.execute(TABLE)
        self.stores = True
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            while self.pending:
                batch, self.pending = self.pending, []
                columns = [frame["chat"] for frame, _ in batch], [frame["text"] for frame, _ in batch]
                await connection.execute(STORE, columns, prepare=True)
                for frame, raw in batch:
                    await self.pass_on(frame["chat"], raw)


async def main(port: int, dsn: str) -> None:
    relay = Relay()
    async with asyncio.TaskGroup() as tasks:
        if dsn:
            tasks.create_task(relay.store(dsn))
        async with serve(relay.handle, "127.0.0.1", port, compression=None, ping_interval=None, backlog=4096):
            await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dsn", default="")
    options = parser.parse_args()
    asyncio.run(main(options.port, options.dsn))
