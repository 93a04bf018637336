"""Entries in few words: what visitors and members ask of a chat, and what became of it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from chats.domain import entries as e
from chats.domain import tokens
from chats.domain.errors import Refused
from chats.domain.messages import append_messages
from chats.models import Chat, Message, Website

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def new_cid() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Guest:
    """A visitor of one website, with the token that was signed before their first message."""

    website: Website
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    token: str = ""

    def __post_init__(self) -> None:
        if not self.token and self.website.pk:
            object.__setattr__(self, "token", tokens.issue(website_id=self.website.pk, visitor_id=self.id))

    def start(self, text: str = "Hello", *, cid: str | None = None, here: bool = True, **more: Any) -> e.Start:
        return e.Start(
            visitor_id=self.id,
            website_id=self.website.pk,
            workspace_id=self.website.workspace_id,
            cid=cid or new_cid(),
            text=text,
            somebody_here=here,
            **more,
        )

    def send(
        self,
        text: str = "And another thing",
        *,
        cid: str | None = None,
        here: bool = True,
        hint: uuid.UUID | None = None,
    ) -> e.VisitorSend:
        return e.VisitorSend(self.id, self.website.pk, cid or new_cid(), text, hint, somebody_here=here)

    def close(self) -> e.VisitorClose:
        return e.VisitorClose(self.id, self.website.pk)

    def read(self, number: int) -> e.VisitorRead:
        return e.VisitorRead(self.id, self.website.pk, number)


def reply(chat_id: uuid.UUID, member: e.Member, text: str = "Good day", *, cid: str | None = None) -> e.Reply:
    return e.Reply(chat_id, member, cid or new_cid(), text)


def note(chat_id: uuid.UUID, member: e.Member, text: str = "For us only", *, cid: str | None = None) -> e.Note:
    return e.Note(chat_id, member, cid or new_cid(), text)


def ask(entry: e.Entry, *, now: dt.datetime | None = None) -> e.Answer:
    (answer,) = append_messages([entry], now=now)
    return answer


def told(entry: e.Entry, *, now: dt.datetime | None = None) -> e.Sent:
    """The answer to an entry that must be stored."""
    answer = ask(entry, now=now)
    assert isinstance(answer, e.Sent), answer
    return answer


def done(entry: e.Entry, *, now: dt.datetime | None = None) -> e.Done:
    answer = ask(entry, now=now)
    assert isinstance(answer, e.Done), answer
    return answer


def refusal(entry: e.Entry, *, now: dt.datetime | None = None) -> str:
    """The code of an entry that must be refused."""
    answer = ask(entry, now=now)
    assert isinstance(answer, Refused), answer
    return answer.code


def open_chat(guest: Guest, text: str = "Hello", *, now: dt.datetime | None = None, here: bool = True) -> uuid.UUID:
    return told(guest.start(text, here=here), now=now).chat_id


def chat(chat_id: uuid.UUID) -> Chat:
    return Chat.objects.get(pk=chat_id)


def entries(chat_id: uuid.UUID) -> list[Message]:
    return list(Message.objects.filter(chat_id=chat_id).order_by("number"))


def kinds(chat_id: uuid.UUID) -> list[str]:
    return [message.kind for message in entries(chat_id)]


def texts(chat_id: uuid.UUID) -> list[str]:
    return [message.text for message in entries(chat_id) if message.text]
