"""A desk under test: one database, server processes of our own, a workspace, and its visitors and operators."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

from tests.support.clients import Client, Operator, Visitor
from tests.support.history import History
from tests.support.invariants import Database, check, settle
from tests.support.server import ROOT, LiveServer

# Clients of the suite all come from one address, and talk faster than people do.
ROOMY = {
    "LIVE_VISITOR_PER_S": "200",
    "LIVE_VISITOR_BURST": "1000",
    "LIVE_OPERATOR_PER_S": "500",
    "LIVE_OPERATOR_BURST": "2000",
    "LIVE_SESSIONS_PER_IP": "100000",
    "LIVE_CHATS_PER_IP": "100000",
    "LIVE_SESSIONS_PER_WEBSITE": "100000",
    "LIVE_CHATS_PER_WEBSITE": "100000",
    "LOG_LEVEL": "WARNING",
}


class DeskServer(LiveServer):
    """Serves a database that was prepared before, without demo data."""

    def prepare(self) -> None:
        """Nothing is made: `Desk.migrate` and `Desk.seed` did."""
        self.data_dir.mkdir(parents=True, exist_ok=True)

    def start(self) -> Self:
        super().start()
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def is_up(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Desk:
    """Servers, clients and their history. `services` is empty for SQLite and the in-memory layer."""

    def __init__(self, folder: Path, services: Mapping[str, str], environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = {**ROOMY, **services, **(environment or {})}
        self.database = Database(services.get("DATABASE_URL") or str(folder / "chatsite.sqlite3"))
        self.history = History()
        self.servers: list[DeskServer] = []
        self.visitors: list[Visitor] = []
        self.operators: list[Operator] = []
        self.workspaces: list[dict[str, Any]] = []

    # -- servers --------------------------------------------------------------------------------------------------

    def server(self, **environment: str) -> DeskServer:
        """One more process; it is started by the caller."""
        server = DeskServer(self.folder, env={**self.environment, **environment})
        self.servers.append(server)
        return server

    def migrate(self) -> None:
        DeskServer(self.folder, env=self.environment).manage("migrate", "--verbosity", "0")

    def seed(self, *, operators: int, workspaces: int = 1) -> dict[str, Any]:
        """Workspaces whose operators are signed in; returns the first."""
        done = subprocess.run(
            [
                sys.executable, "-m", "tests.support.seed", "--workspaces", str(workspaces),
                "--operators", str(operators), "--prefix", f"desk-{uuid.uuid4().hex[:6]}",
            ],
            cwd=ROOT, env=DeskServer(self.folder, env=self.environment).env, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"seeding failed:\n{done.stderr}")
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        self.workspaces += rows
        return rows[0]

    def stop(self) -> None:
        for server in self.servers:
            with suppress(RuntimeError):
                server.kill()

    # -- clients --------------------------------------------------------------------------------------------------

    @property
    def clients(self) -> list[Client]:
        return [*self.visitors, *self.operators]

    async def open(self, *, visitors: int, operators: int, on: Sequence[DeskServer] | None = None) -> None:
        """Operators first, then visitors who begin their chats; spread over the servers in turn."""
        servers = on or self.servers
        workspace = self.workspaces[0]
        for number in range(operators):
            operator = Operator(servers[number % len(servers)], workspace, number, self.history, f"operator {number}")
            self.operators.append(operator)
        await asyncio.gather(*(operator.begin() for operator in self.operators))
        for number in range(visitors):
            key = workspace["website_key"]
            self.visitors.append(Visitor(servers[number % len(servers)], key, self.history, f"visitor {number}"))
        for first in range(0, visitors, 25):
            group = self.visitors[first : first + 25]
            await asyncio.gather(*(visitor.begin(40) for visitor in group))
            await asyncio.gather(*(visitor.start(f"Hello from {visitor.name}") for visitor in group))

    async def close(self) -> None:
        await asyncio.gather(*(client.stop() for client in self.clients))

    async def talk(self, seconds: float, *, pause: float = 0.15) -> None:
        """Everybody says something now and then, whether the link is there or not."""
        until = time.monotonic() + seconds
        await asyncio.gather(
            *(self._chatter(visitor, until, pause) for visitor in self.visitors),
            *(self._answer(operator, until, pause) for operator in self.operators),
        )

    async def _chatter(self, visitor: Visitor, until: float, pause: float) -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            await visitor.post({"type": "send", "text": f"{visitor.name} says {number} {os.urandom(4).hex()}"})
            await asyncio.sleep(random.uniform(0, 2 * pause))

    async def _answer(self, operator: Operator, until: float, pause: float) -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            chats = list(operator.streams)
            if chats:
                kind = "note" if number % 5 == 0 else "send"
                text = f"{operator.name} says {number} {os.urandom(4).hex()}"
                await operator.post({"type": kind, "chat": random.choice(chats), "text": text})
            await asyncio.sleep(random.uniform(0, 2 * pause))

    async def back(self, wait: float = 30) -> float:
        """Waits until every client is connected; how long that took."""
        started = time.monotonic()
        await asyncio.gather(*(client.until(partial(attrgetter("is_live"), client), wait) for client in self.clients))
        return time.monotonic() - started

    async def holds(self, *, within: float = 10) -> None:
        """All clients come back, catch up, and the invariants hold."""
        await self.back()
        try:
            await settle(self.database, self.clients, within)
            check(self.database, self.history, self.clients)
        except AssertionError:
            self.history.write(self.folder / "history.jsonl")
            raise
