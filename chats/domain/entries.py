"""What may be asked of a chat, and what is answered. Plain values: they cross threads and are built without a query."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from chats.domain.errors import Refused


@dataclass(frozen=True, slots=True)
class Member:
    """The operator who acts, and the name that is shown with it."""

    id: int
    workspace_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """What a visitor said of themselves before the chat; every part may be empty."""

    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a first message came from: the page, the shortened address, the families of browser and system."""

    url: str = ""
    title: str = ""
    referrer: str = ""
    ip: str = ""
    browser: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    visitor_id: uuid.UUID
    website_id: int
    workspace_id: int
    cid: str
    text: str
    token_digest: str = ""
    token_expires_at: dt.datetime | None = None
    person: Person = field(default_factory=Person)
    origin: Origin = field(default_factory=Origin)
    department_id: int | None = None
    somebody_here: bool = True


@dataclass(frozen=True, slots=True)
class VisitorSend:
    """`chat_id` is only a hint that saves a look-up; the visitor's current chat decides."""

    visitor_id: uuid.UUID
    website_id: int
    cid: str
    text: str
    chat_id: uuid.UUID | None = None
    somebody_here: bool = True


@dataclass(frozen=True, slots=True)
class VisitorClose:
    visitor_id: uuid.UUID
    website_id: int
    chat_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class VisitorRead:
    """`number` counts in the visitor's numbering."""

    visitor_id: uuid.UUID
    website_id: int
    number: int
    chat_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    chat_id: uuid.UUID
    member: Member
    cid: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    chat_id: uuid.UUID
    member: Member
    cid: str
    text: str


@dataclass(frozen=True, slots=True)
class Accept:
    chat_id: uuid.UUID
    member: Member


@dataclass(frozen=True, slots=True)
class Close:
    chat_id: uuid.UUID
    member: Member


@dataclass(frozen=True, slots=True)
class Reopen:
    chat_id: uuid.UUID
    member: Member


@dataclass(frozen=True, slots=True)
class Read:
    chat_id: uuid.UUID
    member: Member
    number: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The holder has gone: the chat waits again, unless somebody else holds it by now."""

    chat_id: uuid.UUID
    workspace_id: int
    holder_id: int


@dataclass(frozen=True, slots=True)
class Miss:
    """Nobody took the chat within the website's wait."""

    chat_id: uuid.UUID
    workspace_id: int
    waiting_before: dt.datetime


@dataclass(frozen=True, slots=True)
class IdleClose:
    """Nothing was said for the website's idle time."""

    chat_id: uuid.UUID
    workspace_id: int
    silent_since: dt.datetime


VisitorEntry = Start | VisitorSend | VisitorClose | VisitorRead
MemberEntry = Reply | Note | Accept | Close | Reopen | Read
ClockEntry = GiveBack | Miss | IdleClose
Entry = VisitorEntry | MemberEntry | ClockEntry


@dataclass(frozen=True, slots=True)
class Sent:
    """`number` is in the sender's own numbering."""

    cid: str
    chat_id: uuid.UUID
    number: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing was numbered for the asker, or nothing had to change."""

    chat_id: uuid.UUID


Answer = Sent | Done | Refused
