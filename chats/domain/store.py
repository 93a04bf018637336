"""The statements of a batch. Written by hand because they run for every message: an ORM round trip a row is what makes
the textbook design slow (docs/decisions/0001). One statement a table, whatever the size of the batch."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

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
CHAT_COLUMNS = {
    "state": "text",
    "operator_id": "bigint",
    "head": "integer",
    "visitor_head": "integer",
    "visitor_read": "integer",
    "rev": "bigint",
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


def _prepared(value: Any) -> Any:
    """`value` as the connected database's driver wants it."""
    if isinstance(value, uuid.UUID):
        return value if connection.vendor == "postgresql" else value.hex
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, str):
        return str(value)  # an enum member is a string to Python, but not to every driver
    return value


def _columns(objects: Sequence[Any], names: Iterable[str]) -> list[list[Any]]:
    return [[_prepared(getattr(item, name)) for item in objects] for name in names]


def insert_messages(messages: Sequence[Message]) -> None:
    names = ", ".join(MESSAGE_COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{kind}[]" for kind in MESSAGE_COLUMNS.values())
            cursor.execute(
                f"INSERT INTO chats_message ({names}) SELECT * FROM unnest({arrays})",  # noqa: S608 - constants only
                _columns(messages, MESSAGE_COLUMNS),
            )
            return
        marks = ", ".join(["%s"] * len(MESSAGE_COLUMNS))
        cursor.executemany(
            f"INSERT INTO chats_message ({names}) VALUES ({marks})",  # noqa: S608 - constants only
            list(zip(*_columns(messages, MESSAGE_COLUMNS), strict=True)),
        )


def update_chats(chats: Sequence[Chat]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            names = ["id", *CHAT_COLUMNS]
            changes = ", ".join(f"{name} = new.{name}" for name in CHAT_COLUMNS)
            arrays = ", ".join(f"%s::{kind}[]" for kind in ["uuid", *CHAT_COLUMNS.values()])
            cursor.execute(
                f"UPDATE chats_chat AS old SET {changes} "  # noqa: S608 - constants only
                f"FROM unnest({arrays}) AS new ({', '.join(names)}) WHERE old.id = new.id",
                _columns(chats, names),
            )
            return
        changes = ", ".join(f"{name} = %s" for name in CHAT_COLUMNS)
        cursor.executemany(
            f"UPDATE chats_chat SET {changes} WHERE id = %s",  # noqa: S608 - constants only
            list(zip(*_columns(chats, [*CHAT_COLUMNS, "id"]), strict=True)),
        )


def next_revs(workspace_ids: Iterable[int]) -> dict[int, int]:
    """Allocates one inbox revision for each workspace. Called last in a transaction, so that its lock is held only for
    the commit and the revisions' order is the commits' order."""
    ordered = sorted(set(workspace_ids))
    values = ", ".join(["(%s, 1)"] * len(ordered))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO chats_inbox (workspace_id, rev) VALUES {values} "  # noqa: S608 - placeholders only
            "ON CONFLICT (workspace_id) DO UPDATE SET rev = chats_inbox.rev + 1 RETURNING workspace_id, rev",
            ordered,
        )
        return dict(cursor.fetchall())


def raise_read_marks(marks: dict[tuple[uuid.UUID, int], int]) -> None:
    """Moves read positions forward; a position never moves back."""
    greatest = "GREATEST" if connection.vendor == "postgresql" else "MAX"
    values = ", ".join(["(%s, %s, %s)"] * len(marks))
    flat: list[Any] = []
    for (chat_id, member_id), number in sorted(marks.items()):
        flat += [_prepared(chat_id), member_id, number]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO chats_readmark (chat_id, member_id, number) VALUES {values} "  # noqa: S608 - placeholders only
            f"ON CONFLICT (chat_id, member_id) DO UPDATE SET number = {greatest}(chats_readmark.number, excluded.number)",
            flat,
        )


def first_answers(keys: Sequence[tuple[uuid.UUID, str]]) -> list[Message]:
    """The stored messages with these (chat, cid), whoever sent them."""
    uuid_type = "::uuid" if connection.vendor == "postgresql" else ""
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
