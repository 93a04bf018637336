"""What must hold after every fault, checked from the clients' histories and screens against the database.

I1 an acknowledged message is stored exactly once · I2 numbers without hole or repeat, the same order on every screen ·
I3 every screen shows what is stored and nothing else · I4 that within 10 s · I5 what may exist only once does ·
I10 the server's resources come back · I11 a client never shows "sent" for what was not acknowledged
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from tests.support.clients import Client, Operator, Visitor
from tests.support.history import History

Row = dict[str, Any]

SETTLE_SECONDS = 10.0
POOL = 12
CONTENT_KINDS = frozenset({"text", "note"})


@dataclass(frozen=True)
class Database:
    """The server's own database, read past the server."""

    url: str

    def query(self, statement: str, *values: Any) -> list[Row]:
        """`url` is PostgreSQL's, or the path of a SQLite file."""
        if "://" in self.url:
            with psycopg.connect(self.url, row_factory=dict_row) as connection:
                return connection.execute(statement, values).fetchall()
        with closing(sqlite3.connect(self.url, timeout=20)) as file:
            file.row_factory = sqlite3.Row
            plain = [value.hex if isinstance(value, UUID) else value for value in values]
            return [dict(row) for row in file.execute(statement.replace("%s", "?"), plain)]

    def messages(self) -> dict[str, list[Row]]:
        """The entries of every chat, in the operators' order."""
        streams: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.query("SELECT * FROM chats_message ORDER BY chat_id, number"):
            streams[_id(row["chat_id"])].append(row)
        return dict(streams)

    def chats(self) -> dict[str, Row]:
        return {_id(row["id"]): row for row in self.query("SELECT * FROM chats_chat")}


def _id(value: UUID | str) -> str:
    """SQLite keeps a UUID as 32 digits."""
    return str(value if isinstance(value, UUID) else UUID(value))


def check(database: Database, history: History, clients: Sequence[Client]) -> None:
    """I1, I2, I3, I5 and I11, once the clients have settled."""
    streams, chats = database.messages(), database.chats()
    acknowledged_once(history, streams)
    numbered_without_holes(streams, chats)
    shown_in_order(history)
    for client in clients:
        screen_equals_database(client, streams)
    nothing_unasked(history, streams)
    unique(database)


def acknowledged_once(history: History, streams: dict[str, list[Row]]) -> None:
    """I1 and I11."""
    stored: defaultdict[str, list[tuple[str, Row]]] = defaultdict(list)
    for chat, rows in streams.items():
        for row in rows:
            if row["cid"]:
                stored[row["cid"]].append((chat, row))
    texts = {happening.facts["cid"]: happening.facts["text"] for happening in history.of("send")}
    answers: dict[str, tuple[str, int]] = {}
    for happening in history.of("sent"):
        cid, chat, number = happening.facts["cid"], happening.facts["chat"], happening.facts["n"]
        found = stored.get(cid, [])
        assert len(found) == 1, f"I1: {cid} was acknowledged and is stored {len(found)} times"
        place, row = found[0]
        assert place == chat, f"I1: {cid} was acknowledged in {chat} and is stored in {place}"
        own = row["visitor_number"] if row["author_type"] == "visitor" else row["number"]
        assert own == number, f"I1: {cid} was acknowledged as {number} and is stored as {own}"
        assert row["text"] == texts[cid], f"I1: {cid} is stored with another text"
        assert answers.setdefault(cid, (chat, number)) == (chat, number), f"I1: two different answers to {cid}"


def numbered_without_holes(streams: dict[str, list[Row]], chats: dict[str, Row]) -> None:
    """I2, of what is stored."""
    for chat, row in chats.items():
        rows = streams.get(chat, [])
        numbers = [each["number"] for each in rows]
        visible = [each["visitor_number"] for each in rows if each["visitor_number"] is not None]
        assert numbers == list(range(1, len(rows) + 1)), f"I2: {chat} is numbered {numbers}"
        assert visible == list(range(1, len(visible) + 1)), f"I2: {chat} is numbered {visible} for its visitor"
        assert row["head"] == len(rows), f"I2: {chat} has head {row['head']} and {len(rows)} entries"
        assert row["visitor_head"] == len(visible), f"I2: {chat} has another head for its visitor"


def shown_in_order(history: History) -> None:
    """I2, of what every screen showed: one number after the other, but for a `reset` in between."""
    last: dict[tuple[str, str], int] = {}
    for happening in history.happenings:
        if happening.what not in ("shown", "reset"):
            continue
        key = (happening.client, happening.facts["chat"])
        if happening.what == "reset":
            last[key] = happening.facts["after"]
            continue
        number = happening.facts["n"]
        assert number == last.get(key, 0) + 1, f"I2: {happening.client} showed {number} after {last.get(key, 0)}"
        last[key] = number


def screen_equals_database(client: Client, streams: dict[str, list[Row]]) -> None:
    """I3: the screen is the stored stream as this side may see it, and nothing waits in the outbox unsaid."""
    assert not client.outbox, f"I3: {client.name} still waits for {list(client.outbox)}"
    is_visitor = isinstance(client, Visitor)
    own = [client.chat] if isinstance(client, Visitor) and client.chat else []
    shown = own if is_visitor else list(client.streams)
    for chat in shown:
        stream = client.streams[chat]
        rows = [row for row in streams.get(chat, []) if not is_visitor or row["visitor_number"] is not None]
        expected = [_essence(row, is_visitor) for row in rows][stream.base :]
        screen = [
            (entry["n"], entry["kind"], entry.get("text") or "", entry.get("cid"), entry["author"]["type"])
            for entry in stream.entries
        ]
        assert screen == expected, f"I3: {client.name} shows something else of {chat} than is stored"


def _essence(row: Row, for_visitor: bool) -> tuple[int, str, str, str | None, str]:
    number = row["visitor_number"] if for_visitor else row["number"]
    return (number, row["kind"], row["text"], row["cid"], row["author_type"])


def nothing_unasked(history: History, streams: dict[str, list[Row]]) -> None:
    """I3: every stored text was sent by a client of this run, and sent by it as it is stored."""
    sends = {happening.facts["cid"]: happening.facts["text"] for happening in history.of("send")}
    for rows in streams.values():
        for row in rows:
            if row["kind"] in CONTENT_KINDS:
                assert row["cid"] in sends, f"I3: {row['cid']} was sent by nobody"
                assert sends[row["cid"]] == row["text"], f"I3: {row['cid']} was changed on the way"


def unique(database: Database) -> None:
    """I5."""
    doubled = database.query(
        "SELECT chat_id, sender, cid FROM chats_message WHERE cid IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1"
    )
    assert not doubled, f"I5: the same cid twice: {doubled}"
    open_twice = database.query(
        "SELECT visitor_id FROM chats_chat WHERE state <> 'closed' GROUP BY visitor_id, website_id HAVING count(*) > 1"
    )
    assert not open_twice, f"I5: two open chats of a visitor: {open_twice}"
    holderless = database.query("SELECT id FROM chats_chat WHERE state = 'active' AND operator_id IS NULL")
    assert not holderless, f"I5: active without a holder: {holderless}"


def inbox_is_current(operator: Operator, database: Database) -> bool:
    """Whether the operator's rows are the stored ones: newest revision, state and holder of every open chat."""
    for chat, stored in database.chats().items():
        row = operator.rows.get(chat)
        if stored["state"] == "closed" and row is None:
            continue
        if row is None or row["rev"] != stored["rev"] or row["state"] != stored["state"]:
            return False
        holder = row["operator"]["id"] if row["operator"] else None
        if holder != (str(stored["operator_id"]) if stored["operator_id"] else None):
            return False
    return True


async def settle(database: Database, clients: Sequence[Client], wait: float = SETTLE_SECONDS) -> float:
    """I4: waits until every connected client is at the head of what it shows; fails after `wait`. Returns the time."""
    started = time.monotonic()
    while True:
        behind = await asyncio.to_thread(_behind, database, clients)
        if not behind:
            return time.monotonic() - started
        if time.monotonic() - started > wait:
            raise AssertionError(f"I4: after {wait} s behind: {'; '.join(behind[:5])} ({len(behind)} in all)")
        await asyncio.sleep(0.2)


def _behind(database: Database, clients: Sequence[Client]) -> list[str]:
    chats = database.chats()
    behind = []
    for client in clients:
        if not client.is_live:
            behind.append(f"{client.name} is not connected (closes: {client.closes[-3:]})")
            continue
        if client.outbox:
            behind.append(f"{client.name} waits for {len(client.outbox)} answers")
        head = "visitor_head" if isinstance(client, Visitor) else "head"
        shown = [client.chat] if isinstance(client, Visitor) else list(client.streams)
        behind += [
            f"{client.name} has {client.streams[chat].last} of {chats[chat][head]}"
            for chat in shown
            if chat and chat in chats and client.streams[chat].last != chats[chat][head]
        ]
        if isinstance(client, Operator) and not inbox_is_current(client, database):
            behind.append(f"{client.name} has an old inbox")
    return behind


@dataclass(frozen=True)
class Resources:
    """I10: what a process holds."""

    rss_kib: int
    files: int
    connections: int
    redis_keys: int


def resources(pid: int, database: Database, redis_keys: int) -> Resources:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    name = database.url.rpartition("/")[2]
    rows = database.query("SELECT count(*) AS held FROM pg_stat_activity WHERE datname = %s", name)
    return Resources(rss, len(list(Path(f"/proc/{pid}/fd").iterdir())), rows[0]["held"] - 1, redis_keys)


def came_back(before: Resources, after: Resources) -> list[str]:
    """What is more than 10 % above its base. Memory has 20 MiB of grace, as an interpreter keeps what it asked for;
    connections may stay in the pool (DATABASE_POOL, 12, and the writer's own) for its idle time."""
    found = []
    if after.rss_kib > before.rss_kib * 1.1 + 20 * 1024:
        found.append(f"memory {before.rss_kib} -> {after.rss_kib} KiB")
    if after.files > before.files * 1.1 + 5:
        found.append(f"open files {before.files} -> {after.files}")
    if after.connections > max(before.connections * 1.1, POOL + 1):
        found.append(f"database connections {before.connections} -> {after.connections}")
    if after.redis_keys > before.redis_keys * 1.1 + 5:
        found.append(f"Redis keys {before.redis_keys} -> {after.redis_keys}")
    return found


def winners(database: Database, chat: str) -> Counter[int]:
    """Who joined a chat, and how often."""
    rows = database.query("SELECT member_id FROM chats_message WHERE chat_id = %s AND kind = 'joined'", UUID(chat))
    return Counter(row["member_id"] for row in rows)
