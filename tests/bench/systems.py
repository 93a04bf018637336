"""What is measured: the relays, the textbook and Chatsite, each opening chats for the same traffic."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from tests.bench.processes import ServerProcess, run_python
from tests.bench.traffic import OPERATOR, VISITOR, Talk, Traffic
from tests.bench.wire import Connector, Wire

CHATS_PER_OPERATOR = 8
CONNECT_AT_ONCE = 20
UNLIMITED = {
    "LIVE_VISITOR_PER_S": "100000",
    "LIVE_VISITOR_BURST": "100000",
    "LIVE_OPERATOR_PER_S": "100000",
    "LIVE_OPERATOR_BURST": "100000",
    "LIVE_SESSIONS_PER_IP": "1000000",
    "LIVE_CHATS_PER_IP": "1000000",
    "LIVE_SESSIONS_PER_WEBSITE": "1000000",
    "LIVE_CHATS_PER_WEBSITE": "1000000",
}


def _ignore(_raw: bytes) -> None:
    """What an idle socket is sent."""


class System:
    """One row of the table."""

    name = ""
    connect = Connector(light=False)

    def __init__(self, processes: list[ServerProcess]) -> None:
        self.processes = processes
        self.wires: list[Wire] = []
        self.errors: list[str] = []

    def start(self) -> None:
        for process in self.processes:
            process.start()

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()

    def cpu(self) -> float:
        return sum(process.cpu_seconds() for process in self.processes)

    async def open(self, count: int, traffic: Traffic) -> list[Talk]:
        """Both sides of so many chats, ready to talk."""
        raise NotImplementedError

    async def open_idle(self, count: int) -> None:
        """Only the visitors' sockets."""
        raise NotImplementedError

    async def close(self) -> None:
        for wire in self.wires:
            wire.close()
        self.wires = []
        await asyncio.sleep(0.3)


class _FramedTalk:
    """A chat whose frames differ by their text only."""

    __slots__ = ("frames", "wires")

    def __init__(self, wires: dict[int, Wire], frames: dict[int, str]) -> None:
        self.wires = wires
        self.frames = frames

    def send(self, side: int, text: str) -> None:
        self.wires[side].send(self.frames[side] + text + '"}')


class Relay(System):
    def __init__(self, *, port: int, folder: Path, dsn: str = "") -> None:
        self.name = "(b) relay + group commit" if dsn else "(a) bare relay"
        arguments = ["-m", "tests.bench.relay", "--port", str(port), "--dsn", dsn]
        super().__init__([ServerProcess(arguments, port=port, environment={}, log=folder / f"relay-{port}.log")])

    async def open(self, count: int, traffic: Traffic) -> list[Talk]:
        port, saw = self.processes[0].port, traffic.saw

        def reader(side: int) -> Any:
            def read(raw: bytes) -> None:
                frame = orjson.loads(raw)
                if "text" in frame:
                    saw(side, frame["text"])

            return read

        talks: list[Talk] = []
        for number in range(count):
            wires = {side: await self.connect(port, "/", reader(side)) for side in (VISITOR, OPERATOR)}
            for wire in wires.values():
                wire.send(json.dumps({"join": [str(number)]}))
            self.wires += wires.values()
            frame = f'{{"chat":"{number}","text":"'
            talks.append(_FramedTalk(wires, {VISITOR: frame, OPERATOR: frame}))
        await asyncio.sleep(0.3)
        return talks

    async def open_idle(self, count: int) -> None:
        for number in range(count):
            wire = await self.connect(self.processes[0].port, "/", _ignore)
            wire.send(json.dumps({"join": [f"idle-{len(self.wires)}-{number}"]}))
            self.wires.append(wire)


class Textbook(System):
    name = "(c) textbook Channels"

    def __init__(self, *, port: int, folder: Path, services: Mapping[str, str]) -> None:
        self.environment = {**services, "DJANGO_SETTINGS_MODULE": "tests.bench.textbook.settings"}
        arguments = ["-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "--verbosity", "0",
                     "tests.bench.textbook.asgi:application"]  # fmt: skip
        log = folder / f"textbook-{port}.log"
        super().__init__([ServerProcess(arguments, port=port, environment=self.environment, log=log)])

    def start(self) -> None:
        run_python(["-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"], self.environment)
        super().start()

    async def open(self, count: int, traffic: Traffic) -> list[Talk]:
        port, saw, run = self.processes[0].port, traffic.saw, uuid.uuid4().hex[:8]

        async def side(number: int, side: int) -> Wire:
            def read(raw: bytes) -> None:
                saw(side, orjson.loads(raw)["text"])

            wire = await self.connect(port, f"/ws/{run}-{number}/{'visitor' if side == VISITOR else 'operator'}/", read)
            self.wires.append(wire)
            return wire

        talks: list[Talk] = []
        for number in range(count):
            visitor, operator = await asyncio.gather(side(number, VISITOR), side(number, OPERATOR))
            frame = '{"text":"'
            talks.append(_FramedTalk({VISITOR: visitor, OPERATOR: operator}, {VISITOR: frame, OPERATOR: frame}))
        await asyncio.sleep(0.3)
        return talks

    async def open_idle(self, count: int) -> None:
        for number in range(count):
            path = f"/ws/idle-{len(self.wires)}-{number}/visitor/"
            self.wires.append(await self.connect(self.processes[0].port, path, _ignore))


class _ChatsiteTalk:
    __slots__ = ("_head", "_next", "_prefix", "operator", "visitor")

    def __init__(self, visitor: Wire, operator: Wire, chat: str) -> None:
        self.visitor, self.operator = visitor, operator
        self._next, self._prefix = 0, uuid.uuid4().hex
        self._head = f'{{"type":"send","chat":"{chat}","cid":"'

    def send(self, side: int, text: str) -> None:
        self._next += 1
        cid = f"{self._next:08x}-{self._prefix[:4]}-4{self._prefix[4:7]}-8{self._prefix[7:10]}-{self._prefix[10:22]}"
        if side == VISITOR:
            self.visitor.send(f'{{"type":"send","cid":"{cid}","text":"{text}"}}')
        else:
            self.operator.send(f'{self._head}{cid}","text":"{text}"}}')


class Chatsite(System):
    """Visitors are spread over the processes, operators too; each operator holds up to 8 chats on one socket."""

    def __init__(
        self,
        name: str,
        *,
        ports: list[int],
        folder: Path,
        services: Mapping[str, str],
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        data = folder / f"data-{ports[0]}"
        data.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "MODE": "demo", "DATA_DIR": str(data), "PORT": str(ports[0]), "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "chatsite.settings", "DATABASE_URL": "", "REDIS_URL": "",
            **UNLIMITED, **services, **(extra or {}),
        }  # fmt: skip
        super().__init__(
            [
                ServerProcess(
                    ["manage.py", "serve", "--port", str(port)],
                    port=port,
                    environment={**self.environment, "PORT": str(port)},
                    log=folder / f"chatsite-{port}.log",
                )
                for port in ports
            ]
        )
        self.workspaces: list[dict[str, Any]] = []
        self.is_migrated = False

    def start(self) -> None:
        self.migrate()
        super().start()

    def migrate(self) -> None:
        if not self.is_migrated:
            run_python(["manage.py", "migrate", "--verbosity", "0"], self.environment)
            self.is_migrated = True

    def seed(self, *, workspaces: int, operators: int) -> list[dict[str, Any]]:
        arguments = ["-m", "tests.support.seed", "--workspaces", str(workspaces), "--operators", str(operators)]
        rows: list[dict[str, Any]] = json.loads(
            run_python([*arguments, "--prefix", f"bench-{os.urandom(3).hex()}"], self.environment)
        )
        return rows

    def workspace(self, operators: int) -> dict[str, Any]:
        """A fresh workspace with at least so many operators; some are seeded at once, as Django takes a second."""
        for number, workspace in enumerate(self.workspaces):
            if len(workspace["operators"]) >= operators:
                return self.workspaces.pop(number)
        self.workspaces += self.seed(workspaces=4 if operators <= 32 else 1, operators=max(operators, 32))
        return self.workspaces.pop(-1)

    def token(self, key: str, port: int) -> str:
        """`POST session`, as the frame does it."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(
            "POST", f"/widget/{key}/session", b"{}",
            {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}"},
        )  # fmt: skip
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"session answered {answer.status}: {body[:200]!r}")
        token: str = orjson.loads(body)["token"]
        return token

    def port_of(self, number: int) -> int:
        return self.processes[number % len(self.processes)].port

    async def open(self, count: int, traffic: Traffic) -> list[Talk]:
        workspace = self.workspace((count + CHATS_PER_OPERATOR - 1) // CHATS_PER_OPERATOR)
        visitors = await self._visitors(workspace["website_key"], count, traffic)
        talks: list[Talk] = []
        for first in range(0, count, CHATS_PER_OPERATOR):
            mine = visitors[first : first + CHATS_PER_OPERATOR]
            number = first // CHATS_PER_OPERATOR
            # The operator sits on another process than the first of these visitors, when there is another.
            operator = await self._operator(
                self.port_of(number + 1), workspace, number, [chat for _, chat in mine], traffic
            )
            talks += [_ChatsiteTalk(wire, operator, chat) for wire, chat in mine]
        await asyncio.sleep(0.5)
        return talks

    async def open_idle(self, count: int) -> None:
        if not self.workspaces:
            self.workspaces += self.seed(workspaces=1, operators=1)
        await self._visitors(self.workspaces[-1]["website_key"], count, Traffic())

    async def _visitors(self, key: str, count: int, traffic: Traffic) -> list[tuple[Wire, str]]:
        """So many visitors, each with a chat that has just begun."""
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)

        async def visit(number: int) -> tuple[Wire, str]:
            async with gate:
                port = self.port_of(number)
                token = await asyncio.to_thread(self.token, key, port)
                return await self._visitor(port, token, traffic)

        return await asyncio.gather(*(visit(number) for number in range(count)))

    async def _visitor(self, port: int, token: str, traffic: Traffic) -> tuple[Wire, str]:
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        saw = traffic.saw

        def read(raw: bytes) -> None:
            frame = orjson.loads(raw)
            kind = frame["type"]
            if kind == "events":
                for entry in frame["events"]:
                    if entry["kind"] == "text":
                        saw(VISITOR, entry["text"])
            elif kind == "sent":
                if not started.done():
                    started.set_result(frame["chat"])
            elif kind == "welcome":
                first = {"type": "start", "cid": str(uuid.uuid4()), "text": "Hello", "fields": {}, "consent": []}
                wire.send(json.dumps(first))
            elif kind == "error":
                self._failed(frame, started)

        wire = await self.connect(port, "/ws/visitor", read)
        self.wires.append(wire)
        wire.send(json.dumps({"type": "hello", "v": 1, "token": token, "after": 0}))
        return wire, await asyncio.wait_for(started, 60)

    async def _operator(
        self, port: int, workspace: dict[str, Any], number: int, chats: list[str], traffic: Traffic
    ) -> Wire:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        saw, waiting = traffic.saw, set(chats)

        def read(raw: bytes) -> None:
            frame = orjson.loads(raw)
            kind = frame["type"]
            if kind == "events":
                for entry in frame["events"]:
                    if entry["kind"] == "text":
                        saw(OPERATOR, entry["text"])
                    elif entry["kind"] == "joined":
                        waiting.discard(frame["chat"])
                        if not waiting and not ready.done():
                            ready.set_result("")
            elif kind == "welcome":
                for chat in chats:
                    wire.send(json.dumps({"type": "watch", "chat": chat, "after": 0}))
                    wire.send(json.dumps({"type": "accept", "chat": chat}))
            elif kind == "error":
                self._failed(frame, ready)

        cookie = workspace["operators"][number]["cookie"]
        wire = await self.connect(port, f"/ws/w/{workspace['slug']}", read, headers={"Cookie": cookie})
        self.wires.append(wire)
        wire.send(json.dumps({"type": "hello", "v": 1, "after": {}}))
        await asyncio.wait_for(ready, 60)
        return wire

    def _failed(self, frame: dict[str, Any], future: asyncio.Future[str]) -> None:
        self.errors.append(frame["code"])
        if not future.done():
            future.set_exception(RuntimeError(f"refused: {frame}"))
