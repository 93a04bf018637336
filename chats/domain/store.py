"""The statements of a batch. Written by hand because they run for every message: an ORM round trip a row is what makes
the textbook design slow (docs/decisions/0001).

On PostgreSQL a batch is two prepared statements, whatever its size: one locks and reads the chats, one writes all of
it (the rows travel as JSON, which costs the client next to nothing). SQLite runs in this process, so there one
statement a table is as good.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from django.db import connection
from django.db.models import QuerySet

from chats.models import AuthorType, Chat, Message

MESSAGE_COLUMNS = {
    "chat_id": "uuid",
    "number": "integer",
    "visitor_number": "integer",
    "kind": "text",
    "author_type": "text",
    "member_id": "bigint",
    "author_name": "text",
    "sender": "text",
    "cid": "text",
    "text": "text",
    "data": "jsonb",
    "at": "timestamptz",
}
CHANGED_COLUMNS = {
    "state": "text",
    "operator_id": "bigint",
    "head": "integer",
    "visitor_head": "integer",
    "visitor_read": "integer",
    "unread": "integer",
    "waiting_since": "timestamptz",
    "accepted_at": "timestamptz",
    "closed_at": "timestamptz",
    "last_at": "timestamptz",
    "last_kind": "text",
    "last_text": "text",
    "last_author_type": "text",
    "last_author_name": "text",
}


@dataclass(slots=True)
class VisitorName:
    name: str
    email: str


@dataclass(slots=True)
class LockedChat:
    """A chat under the batch's lock: the columns that rules and inbox rows need, and nothing else."""

    pk: uuid.UUID
    workspace_id: int
    website_id: int
    visitor_id: uuid.UUID
    department_id: int | None
    operator_id: int | None
    state: str
    head: int
    visitor_head: int
    visitor_read: int
    rev: int
    unread: int
    waiting_since: dt.datetime | None
    created_at: dt.datetime
    accepted_at: dt.datetime | None
    closed_at: dt.datetime | None
    last_at: dt.datetime
    last_kind: str
    last_text: str
    last_author_type: str
    last_author_name: str
    visitor: VisitorName

    @property
    def is_open(self) -> bool:
        return self.state != "closed"


LOCKED_COLUMNS = (
    "id",
    "workspace_id",
    "website_id",
    "visitor_id",
    "department_id",
    "operator_id",
    "state",
    "head",
    "visitor_head",
    "visitor_read",
    "rev",
    "unread",
    "waiting_since",
    "created_at",
    "accepted_at",
    "closed_at",
    "last_at",
    "last_kind",
    "last_text",
    "last_author_type",
    "last_author_name",
)

LOCKED_FIELDS = ("pk", *LOCKED_COLUMNS[1:])

_LOCK = (
    f"SELECT {', '.join(f'chat.{name}' for name in LOCKED_COLUMNS)}, visitor.name, visitor.email "  # noqa: S608
    "FROM chats_chat chat JOIN chats_visitor visitor ON visitor.id = chat.visitor_id "
    "WHERE chat.id = ANY(%s::uuid[]) ORDER BY chat.id FOR UPDATE OF chat"
)


def _typed(columns: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


_WRITE = f"""
WITH inbox AS (
    INSERT INTO chats_inbox (workspace_id, rev)
    SELECT workspace_id, 1 FROM json_to_recordset(%s::json) AS shown (workspace_id bigint) ORDER BY workspace_id
    ON CONFLICT (workspace_id) DO UPDATE SET rev = chats_inbox.rev + 1
    RETURNING workspace_id, rev
), message AS (
    INSERT INTO chats_message ({", ".join(MESSAGE_COLUMNS)})
    SELECT {", ".join(MESSAGE_COLUMNS)} FROM json_to_recordset(%s::json) AS new ({_typed(MESSAGE_COLUMNS)})
), chat AS (
    UPDATE chats_chat AS old
    SET {", ".join(f"{name} = new.{name}" for name in CHANGED_COLUMNS)},
        rev = CASE WHEN new.shown THEN inbox.rev ELSE old.rev END
    FROM json_to_recordset(%s::json) AS new (pk uuid, workspace_id bigint, shown boolean, {_typed(CHANGED_COLUMNS)})
    LEFT JOIN inbox ON inbox.workspace_id = new.workspace_id
    WHERE old.id = new.pk
)
SELECT workspace_id, rev FROM inbox
"""  # noqa: S608 - made of the constants above


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _fetch(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Runs a prepared statement with the driver's own cursor, which Django's interpolating one is not."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, parameters, prepare=True, binary=True)
        return cursor.fetchall()


def lock_chats(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, LockedChat]:
    """The chats with these ids, locked in the order of their ids."""
    if _on_postgresql():
        rows: Iterable[tuple[Any, ...]] = _fetch(_LOCK, ["{" + ",".join(map(str, ids)) + "}"])
    else:
        rows = _columns_of(Chat.objects.filter(pk__in=ids).order_by("pk"))
    return {row[0]: _locked(row) for row in rows}


def lock_first(chats: QuerySet[Chat]) -> LockedChat | None:
    """The first chat of a query, locked."""
    row = _columns_of(chats.select_for_update(of=("self",)))[:1]
    return next(map(_locked, row), None)


def _columns_of(chats: QuerySet[Chat]) -> Any:
    return chats.values_list(*LOCKED_COLUMNS, "visitor__name", "visitor__email")


def _locked(row: tuple[Any, ...]) -> LockedChat:
    *columns, name, email = row
    return LockedChat(**dict(zip(LOCKED_FIELDS, columns, strict=True)), visitor=VisitorName(name, email))


def new_chat(chat: Chat, visitor: VisitorName) -> LockedChat:
    """The working form of a chat that this batch creates."""
    return LockedChat(**{name: getattr(chat, name) for name in LOCKED_FIELDS}, visitor=visitor)


def write(messages: Sequence[Message], chats: Sequence[LockedChat], shown: set[uuid.UUID]) -> dict[int, int]:
    """Stores new messages and changed chats. The workspaces of the chats that are `shown` get their next inbox revision
    (one each, written into those chats), which is returned."""
    workspaces = sorted({chat.workspace_id for chat in chats if chat.pk in shown})
    if _on_postgresql():
        wanted = [{"workspace_id": pk} for pk in workspaces]
        rows = [_values(message, MESSAGE_COLUMNS) for message in messages]
        changed = [
            {
                "pk": chat.pk,
                "workspace_id": chat.workspace_id,
                "shown": chat.pk in shown,
                **_values(chat, CHANGED_COLUMNS),
            }
            for chat in chats
        ]
        revs = dict(_fetch(_WRITE, [orjson.dumps(part).decode() for part in (wanted, rows, changed)]))
    else:
        revs = _write_to_sqlite(messages, chats, shown, workspaces)
    for chat in chats:
        if chat.pk in shown:
            chat.rev = revs[chat.workspace_id]
    return revs


def _values(item: Any, columns: dict[str, str]) -> dict[str, Any]:
    return {name: getattr(item, name) for name in columns}


def _write_to_sqlite(
    messages: Sequence[Message], chats: Sequence[LockedChat], shown: set[uuid.UUID], workspaces: list[int]
) -> dict[int, int]:
    revs: dict[int, int] = {}
    with connection.cursor() as cursor:
        if messages:
            cursor.executemany(
                f"INSERT INTO chats_message ({', '.join(MESSAGE_COLUMNS)}) "  # noqa: S608 - constants only
                f"VALUES ({', '.join(['%s'] * len(MESSAGE_COLUMNS))})",
                [[_prepared(getattr(message, name)) for name in MESSAGE_COLUMNS] for message in messages],
            )
        if workspaces:
            cursor.execute(
                f"INSERT INTO chats_inbox (workspace_id, rev) VALUES {', '.join(['(%s, 1)'] * len(workspaces))} "  # noqa: S608
                "ON CONFLICT (workspace_id) DO UPDATE SET rev = chats_inbox.rev + 1 RETURNING workspace_id, rev",
                workspaces,
            )
            revs = dict(cursor.fetchall())
        columns = [*CHANGED_COLUMNS, "rev"]
        cursor.executemany(
            f"UPDATE chats_chat SET {', '.join(f'{name} = %s' for name in columns)} WHERE id = %s",  # noqa: S608
            [
                [
                    *(_prepared(getattr(chat, name)) for name in CHANGED_COLUMNS),
                    revs[chat.workspace_id] if chat.pk in shown else chat.rev,
                    _prepared(chat.pk),
                ]
                for chat in chats
            ],
        )
    return revs


def _prepared(value: Any) -> Any:
    """`value` as the connected database's driver wants it."""
    if isinstance(value, uuid.UUID):
        return value if _on_postgresql() else value.hex
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, str):
        return str(value)  # an enum member is a string to Python, but not to every driver
    return value


def raise_read_marks(marks: dict[tuple[uuid.UUID, int], int]) -> None:
    """Moves read positions forward; a position never moves back."""
    greatest = "GREATEST" if _on_postgresql() else "MAX"
    values = ", ".join(["(%s, %s, %s)"] * len(marks))
    flat: list[Any] = []
    for (chat_id, member_id), number in sorted(marks.items()):
        flat += [_prepared(chat_id), member_id, number]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO chats_readmark (chat_id, member_id, number) VALUES {values} "  # noqa: S608 - placeholders
            "ON CONFLICT (chat_id, member_id) "
            f"DO UPDATE SET number = {greatest}(chats_readmark.number, excluded.number)",
            flat,
        )


def first_answers(keys: Sequence[tuple[uuid.UUID, str]]) -> list[Message]:
    """The stored messages with these (chat, cid), whoever sent them."""
    uuid_type = "::uuid" if _on_postgresql() else ""
    values = ", ".join([f"(%s{uuid_type}, %s)"] * len(keys))
    flat = [_prepared(part) for key in keys for part in key]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT chat_id, number FROM chats_message WHERE (chat_id, cid) IN (VALUES {values})",  # noqa: S608
            flat,
        )
        found = cursor.fetchall()
    if not found:
        return []
    ids = [(chat_id if isinstance(chat_id, uuid.UUID) else uuid.UUID(chat_id), number) for chat_id, number in found]
    return list(Message.objects.filter(pk__in=ids))


def count_unread(chat_id: uuid.UUID, after: int) -> int:
    """Visitor's messages after `after` in the operators' numbering."""
    return Message.objects.filter(
        chat_id=chat_id, number__gt=after, author_type=AuthorType.VISITOR, kind__in=["text", "file"]
    ).count()
