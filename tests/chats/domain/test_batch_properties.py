"""Whatever is asked in whatever batches: the same streams as one by one, and as a small model of the protocol."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chats.domain import entries as e
from chats.domain import inbox
from chats.domain.errors import Refused
from chats.domain.messages import append_messages
from chats.models import Chat, Message, ReadMark
from tests.chats.talk import NOON, Guest

pytestmark = pytest.mark.django_db

VISITORS, MEMBERS, CIDS = 3, 2, 4
WITHIN = dt.timedelta(hours=24)
STEP = dt.timedelta(hours=9)

# One step: (what, visitor, member, cid, text or number, hours later)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["start", "send", "vclose", "vread", "accept", "reply", "note", "close", "reopen", "read", "back", "miss"]
        ),
        st.integers(0, VISITORS - 1),
        st.integers(0, MEMBERS - 1),
        st.integers(0, CIDS - 1),
        st.integers(0, 7),
        st.booleans(),
    ),
    max_size=40,
)
Step = tuple[str, int, int, int, int, bool]


@dataclass
class ModelChat:
    """A chat as protocol.md tells it: a list of entries, a state, a holder."""

    entries: list[tuple[str, str, str, str]] = field(default_factory=list)
    state: str = "queued"
    holder: int | None = None
    closed_at: dt.datetime | None = None
    waiting: bool = True
    unread: int = 0
    marks: dict[int, int] = field(default_factory=dict)
    visitor_read: int = 0

    @property
    def is_open(self) -> bool:
        return self.state != "closed"

    def add(self, kind: str, sender: str, cid: str = "", text: str = "") -> int:
        self.entries.append((kind, sender, cid, text))
        return len(self.entries)

    def seen(self) -> int:
        return sum(kind != "note" for kind, *_ in self.entries)

    def said_after(self, number: int) -> int:
        return sum(kind == "text" and sender == "visitor" for kind, sender, *_ in self.entries[number:])


class Model:
    """The protocol in plain Python, one entry at a time. Answers are codes, numbers or None."""

    def __init__(self) -> None:
        self.chats: list[list[ModelChat]] = [[] for _ in range(VISITORS)]
        self.starts: dict[tuple[int, str], tuple[str, int]] = {}

    def current(self, visitor: int) -> ModelChat | None:
        mine = self.chats[visitor]
        return next((chat for chat in mine if chat.is_open), mine[-1] if mine else None)

    def repeated(self, chat: ModelChat, sender: str, cid: str, text: str) -> Any:
        for number, (kind, said_by, said, words) in enumerate(chat.entries, 1):
            if (said_by, said) == (sender, cid) and cid:
                if words != text:
                    return "conflict"
                visible = sum(k != "note" for k, *_ in chat.entries[:number])
                return ("sent", visible if sender == "visitor" else number, kind)
        return None

    def say(self, chat: ModelChat, cid: str, text: str) -> tuple[str, int, str]:
        chat.add("text", "visitor", cid, text)
        chat.unread += 1
        chat.waiting = True
        return ("sent", chat.seen(), "text")

    def wait(self, chat: ModelChat, here: bool) -> None:
        chat.holder, chat.waiting = None, True
        chat.state = "queued" if here else "missed"

    def reopens(self, chat: ModelChat, now: dt.datetime) -> bool:
        return chat.closed_at is not None and now - chat.closed_at < WITHIN

    def start(self, visitor: int, cid: str, text: str, here: bool, now: dt.datetime) -> Any:
        known = self.starts.get((visitor, cid))
        if known:
            return ("sent", known[1], "text") if known[0] == text else "conflict"
        chat = self.current(visitor)
        if chat:
            again = self.repeated(chat, "visitor", cid, text)
            if again:
                return again
        waited = bool(chat and chat.is_open)
        if chat is None or not (chat.is_open or self.reopens(chat, now)):
            chat = ModelChat(state="queued" if here else "missed")
            self.chats[visitor].append(chat)
        elif not chat.is_open:
            chat.closed_at = None
            self.wait(chat, here)
            chat.add("reopened", "visitor")
        answer = self.say(chat, cid, text)
        self.starts[(visitor, cid)] = (text, answer[1])
        if not waited and not here:
            chat.add("missed", "")
        return answer

    def send(self, visitor: int, cid: str, text: str, here: bool, now: dt.datetime) -> Any:
        chat = self.current(visitor)
        if chat is None:
            return "not_found"
        again = self.repeated(chat, "visitor", cid, text)
        if again:
            return again
        if chat.is_open:
            return self.say(chat, cid, text)
        if not self.reopens(chat, now):
            return "closed"
        chat.closed_at = None
        self.wait(chat, here)
        chat.add("reopened", "visitor")
        answer = self.say(chat, cid, text)
        if not here:
            chat.add("missed", "")
        return answer

    def close(self, chat: ModelChat | None, sender: str, now: dt.datetime) -> Any:
        if chat is None:
            return "not_found"
        if chat.is_open:
            chat.state, chat.closed_at, chat.waiting = "closed", now, False
            chat.add("closed", sender)
        return None

    def take(self, chat: ModelChat, member: int) -> None:
        chat.state, chat.holder = "active", member
        chat.add("joined", f"member:{member}")
        if chat.unread:
            chat.unread = chat.said_after(chat.marks.get(member, 0))

    def accept(self, chat: ModelChat, member: int) -> Any:
        if not chat.is_open:
            return "closed"
        if chat.state == "active":
            return None if chat.holder == member else "taken"
        self.take(chat, member)
        return None

    def reply(self, chat: ModelChat, member: int, cid: str, text: str, kind: str) -> Any:
        again = self.repeated(chat, f"member:{member}", cid, text)
        if again:
            return again
        if kind == "text":
            if not chat.is_open:
                return "closed"
            if chat.state != "active":
                self.take(chat, member)
            chat.waiting = False
        return ("sent", chat.add(kind, f"member:{member}", cid, text), kind)

    def reopen(self, visitor: int, chat: ModelChat, member: int) -> Any:
        if chat.is_open:
            return None
        current = self.current(visitor)
        if current and current.is_open:
            return "conflict"
        chat.state, chat.holder, chat.closed_at = "active", member, None
        chat.add("reopened", f"member:{member}")
        return None

    def read(self, chat: ModelChat, member: int, number: int) -> Any:
        number = min(number, len(chat.entries))
        chat.marks[member] = max(number, chat.marks.get(member, 0))
        if chat.holder in (None, member):
            chat.unread = min(chat.unread, chat.said_after(number))
        return None


class World:
    """Three visitors of one shop, two members, and the chats that came of it."""

    def __init__(self, shop: Any, members: list[e.Member], salt: int) -> None:
        self.guests = [Guest(shop, uuid.UUID(int=salt * 100 + number)) for number in range(VISITORS)]
        self.members = members
        self.workspace_id = shop.workspace_id

    def newest(self, visitor: int) -> uuid.UUID:
        """The chat that members mean: the visitor's newest, or one that does not exist."""
        mine = Chat.objects.filter(visitor_id=self.guests[visitor].id).order_by("-created_at", "-pk")
        return mine.values_list("pk", flat=True).first() or uuid.UUID(int=1)

    def streams(self) -> list[list[tuple[Any, ...]]]:
        """Everything that can be seen of every chat, ids apart."""
        found = []
        for guest in self.guests:
            for chat in Chat.objects.filter(visitor_id=guest.id).order_by("created_at", "pk"):
                rows = Message.objects.filter(chat=chat).order_by("number")
                marks = ReadMark.objects.filter(chat=chat).order_by("member_id")
                found.append(
                    [
                        (chat.state, chat.operator_id, chat.head, chat.visitor_head, chat.unread, chat.visitor_read),
                        (chat.waiting_since, chat.closed_at, chat.last_text, chat.last_author_type),
                        *marks.values_list("member_id", "number"),
                        *rows.values_list("number", "visitor_number", "kind", "sender", "cid", "text", "at"),
                    ]
                )
        return found


def cid_of(number: int) -> str:
    return str(uuid.UUID(int=number + 1))


def entry_of(world: World, step: Step, now: dt.datetime) -> e.Entry:
    what, visitor, member, cid, number, here = step
    guest, acting, chat_id = world.guests[visitor], world.members[member], world.newest(visitor)
    text = f"text {number % 2}"
    made: dict[str, e.Entry] = {
        "start": guest.start(text, cid=cid_of(cid), here=here),
        "send": guest.send(text, cid=cid_of(cid), here=here),
        "vclose": guest.close(),
        "vread": guest.read(number),
        "accept": e.Accept(chat_id, acting),
        "reply": e.Reply(chat_id, acting, cid_of(cid), text),
        "note": e.Note(chat_id, acting, cid_of(cid), text),
        "close": e.Close(chat_id, acting),
        "reopen": e.Reopen(chat_id, acting),
        "read": e.Read(chat_id, acting, number),
        "back": e.GiveBack(chat_id, world.workspace_id, acting.id),
        "miss": e.Miss(chat_id, world.workspace_id, now),
    }
    return made[what]


def ask_model(model: Model, step: Step, now: dt.datetime) -> Any:
    what, visitor, member, cid_number, number, here = step
    text, cid = f"text {number % 2}", cid_of(cid_number)
    mine = model.chats[visitor]
    if what == "start":
        return model.start(visitor, cid, text, here, now)
    if what == "send":
        return model.send(visitor, cid, text, here, now)
    if what == "vclose":
        return model.close(model.current(visitor), "visitor", now)
    if what == "vread":
        chat = model.current(visitor)
        if chat is None:
            return "not_found"
        chat.visitor_read = max(chat.visitor_read, min(number, chat.seen()))
        return None
    if not mine:
        return "not_found"
    chat = mine[-1]
    if what == "accept":
        return model.accept(chat, member)
    if what in ("reply", "note"):
        return model.reply(chat, member, cid, text, "text" if what == "reply" else "note")
    if what == "close":
        return model.close(chat, f"member:{member}", now)
    if what == "reopen":
        return model.reopen(visitor, chat, member)
    if what == "read":
        return model.read(chat, member, number)
    if what == "back" and chat.state == "active" and chat.holder == member:
        model.wait(chat, True)
        chat.add("transferred", "")
    if what == "miss" and chat.state == "queued":
        chat.state = "missed"
        chat.add("missed", "")
    return None


def plain(answer: e.Answer) -> Any:
    if isinstance(answer, Refused):
        return answer.code
    return ("sent", answer.number) if isinstance(answer, e.Sent) else None


@pytest.fixture
def members(bob_acts: e.Member, carol_acts: e.Member) -> list[e.Member]:
    return [bob_acts, carol_acts]


class Undone(Exception):
    """Ends an example: what it stored is taken back."""


quiet = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@quiet
@given(asked=steps)
def test_every_answer_and_every_stream_is_the_models(asked: list[Step], shop: Any, members: list[e.Member]) -> None:
    with pytest.raises(Undone), transaction.atomic():
        world, model = World(shop, members, 1), Model()
        for hours, step in enumerate(asked):
            now = NOON + hours * STEP
            (answer,) = append_messages([entry_of(world, step, now)], now=now)
            expected = ask_model(model, step, now)
            wanted = expected[:2] if isinstance(expected, tuple) else expected
            assert plain(answer) == wanted, (step, answer, expected)
        compare(world, model)
        raise Undone


def compare(world: World, model: Model) -> None:
    known = {f"member:{number}": f"member:{member.id}" for number, member in enumerate(world.members)}
    for guest, modelled in zip(world.guests, model.chats, strict=True):
        stored = list(Chat.objects.filter(visitor_id=guest.id).order_by("created_at", "pk"))
        assert len(stored) == len(modelled)
        assert sum(chat.is_open for chat in stored) <= 1
        for chat, wanted in zip(stored, modelled, strict=True):
            rows = list(Message.objects.filter(chat=chat).order_by("number"))
            assert [(m.kind, m.sender, m.cid or "", m.text) for m in rows] == [
                (kind, known.get(sender, sender), cid, text) for kind, sender, cid, text in wanted.entries
            ]
            assert [m.number for m in rows] == list(range(1, chat.head + 1))
            seen = [m.visitor_number for m in rows if m.kind != "note"]
            assert seen == list(range(1, chat.visitor_head + 1))
            holder = None if wanted.holder is None else world.members[wanted.holder].id
            assert (chat.state, chat.operator_id, chat.unread) == (wanted.state, holder, wanted.unread)
            assert (chat.waiting_since is not None) == wanted.waiting
            assert chat.visitor_read == wanted.visitor_read
            marks = dict(ReadMark.objects.filter(chat=chat).values_list("member_id", "number"))
            assert marks == {world.members[member].id: number for member, number in wanted.marks.items()}


@quiet
@given(asked=steps, cuts=st.lists(st.integers(1, 9), max_size=20))
def test_a_batch_is_the_same_as_its_entries_one_by_one(
    asked: list[Step], cuts: list[int], shop: Any, members: list[e.Member]
) -> None:
    # All at one moment, because a batch has one; chats that exist before the batches are what members can name.
    before, after = asked[: len(asked) // 3], asked[len(asked) // 3 :]
    outcomes = []
    for together in (False, True):
        with pytest.raises(Undone), transaction.atomic():
            world = World(shop, members, 1)
            for step in before:
                append_messages([entry_of(world, step, NOON)], now=NOON)
            batch = [entry_of(world, step, NOON) for step in after]
            sizes, answers = (list(cuts) if together else []), []
            while batch:
                size = sizes.pop(0) if sizes else (len(batch) if together else 1)
                rev = inbox.rev(world.workspace_id)
                answers += append_messages(batch[:size], now=NOON)
                assert inbox.rev(world.workspace_id) - rev in (0, 1)
                batch = batch[size:]
            outcomes.append(([plain(answer) for answer in answers], world.streams()))
            raise Undone
    apart, together_ = outcomes
    assert together_ == apart
