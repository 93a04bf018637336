"""One server for the abuse tests of a worker, roomier ones where a test needs them; on the suite's own services."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from tests.support.clients import Operator, Visitor
from tests.support.desk import ROOMY, Desk

# Everybody comes from one address here; the other limits are the protocol's.
LIMITS_OF_THE_PROTOCOL = {
    "LIVE_VISITOR_PER_S": "5",
    "LIVE_VISITOR_BURST": "20",
    "LIVE_OPERATOR_PER_S": "20",
    "LIVE_OPERATOR_BURST": "60",
}
IMPATIENT = {"LIVE_HELLO_SECONDS": "1", "LIVE_SWEEP_SECONDS": "0.5"}


def services() -> dict[str, str]:
    """A database of its own on the PostgreSQL that the suite runs on, else none: SQLite and memory."""
    url = os.environ.get("DATABASE_URL", "")
    if "://" not in url or url.startswith("sqlite"):
        return {}
    name = f"live_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}", "REDIS_URL": os.environ.get("REDIS_URL", "")}


def open_desk(folder: Path, environment: Mapping[str, str], *, operators: int) -> Desk:
    """A migrated, seeded and running desk with two workspaces."""
    desk = Desk(folder, services(), environment)
    desk.migrate()
    desk.seed(operators=operators, workspaces=2)
    desk.server().start()
    return desk


@pytest.fixture(scope="session")
def strict_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """With the protocol's own rates, and less patience with the silent."""
    desk = open_desk(tmp_path_factory.mktemp("strict"), {**LIMITS_OF_THE_PROTOCOL, **IMPATIENT}, operators=22)
    yield desk
    desk.stop()


@pytest.fixture(scope="session")
def roomy_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """With rates that twenty clients at once do not reach."""
    desk = open_desk(tmp_path_factory.mktemp("roomy"), ROOMY, operators=20)
    yield desk
    desk.stop()


@pytest.fixture
async def undisturbed(strict_desk: Desk) -> AsyncIterator[tuple[Visitor, Operator]]:
    """A visitor and an operator in a chat, who must still be talking when the test is over; and a clean log."""
    workspace, server = strict_desk.workspaces[0], strict_desk.servers[0]
    logged = len(server.output())
    vera = Visitor(server, workspace["website_key"], strict_desk.history, "Vera")
    bob = Operator(server, workspace, 0, strict_desk.history, "Bob", watches_all=False)
    async with bob, vera:
        chat = (await vera.start("Hello"))["chat"]
        await bob.watch(chat)
        await bob.accept(chat)
        yield vera, bob
        asked = await vera.say("Are you still there?")
        await bob.until(lambda: asked["cid"] in {entry.get("cid") for entry in bob.streams[chat].entries}, 15)
        answered = await bob.say(chat, "I am")
        await vera.until(lambda: answered["cid"] in {entry.get("cid") for entry in vera.stream.entries}, 15)
        assert vera.closes == bob.closes == []
    assert "Traceback" not in server.output()[logged:]
