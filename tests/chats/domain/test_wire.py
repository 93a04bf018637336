"""The shapes that leave the service: nothing more in them than each audience may see."""

from __future__ import annotations

import datetime as dt
import time
import uuid

import pytest

from accounts.models import User
from chats.domain import entries as e
from chats.domain import names, wire
from chats.models import Chat, Message
from tests.chats.talk import NOON, Guest, done, entries, note, open_chat, reply, told

pytestmark = pytest.mark.django_db


def test_times_are_utc_with_milliseconds() -> None:
    berlin = dt.timezone(dt.timedelta(hours=1))
    assert wire.moment(NOON) == "2026-03-02T12:00:00.000Z"
    assert wire.moment(dt.datetime(2026, 3, 2, 13, 0, 0, 999_999, tzinfo=berlin)) == "2026-03-02T12:00:00.999Z"


def test_an_unnamed_visitor_is_called_by_the_end_of_their_id() -> None:
    visitor = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert wire.visitor_name(visitor, "") == "Visitor 8057"
    assert wire.visitor_name(visitor, "Vera") == "Vera"


def shown(message: Message, name: str = "Vera") -> tuple[wire.Wire, wire.Wire]:
    return wire.operator_entry(message, name), wire.visitor_entry(message, name)


def test_an_entry_holds_exactly_what_its_audience_may_see(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera, now=NOON)
    told(note(chat_id, bob_acts), now=NOON)
    told(reply(chat_id, bob_acts, "Good day", cid="01890a5d-ac96-774b-bcce-b302099a8057"), now=NOON)
    first, remark, joined, answer = entries(chat_id)
    operators, visitors = shown(answer)
    same = {"kind": "text", "text": "Good day", "cid": answer.cid, "at": "2026-03-02T12:00:00.000Z"}
    assert operators == {
        **same,
        "n": 4,
        "author": {"type": "operator", "name": "Bob", "id": str(bob_acts.id)},
    }
    assert visitors == {**same, "n": 3, "author": {"type": "operator", "name": "Bob"}}
    assert shown(first)[1]["author"] == {"type": "visitor", "name": "Vera"}
    assert set(shown(joined)[1]) == {"n", "kind", "author", "at"}
    with pytest.raises(AssertionError):
        wire.visitor_entry(remark, "Vera")


def test_a_row_has_the_protocols_shape(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = told(vera.start("Hello " * 40, person=e.Person("Vera", "vera@shop.example")), now=NOON).chat_id
    done(e.Accept(chat_id, bob_acts), now=NOON)
    (row,) = wire.rows(Chat.objects.select_related("visitor").filter(pk=chat_id))
    assert row == {
        "id": str(chat_id),
        "rev": 2,
        "state": "active",
        "visitor": {"id": str(vera.id), "name": "Vera", "email": "vera@shop.example", "verified": False},
        "website": {"id": str(vera.website.pk), "name": "Harbour shop"},
        "department": None,
        "operator": {"id": str(bob_acts.id), "name": "Bob"},
        "waiting_since": "2026-03-02T12:00:00.000Z",
        "created_at": "2026-03-02T12:00:00.000Z",
        "head": 2,
        "unread": 1,
        "last": {
            "kind": "text",
            "text": ("Hello " * 40)[:120],
            "author": {"type": "visitor", "name": "Vera"},
            "at": "2026-03-02T12:00:00.000Z",
        },
    }


def test_a_note_is_the_last_word_for_operators_and_no_word_for_visitors(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera)
    told(note(chat_id, bob_acts, "A regular"))
    (row,) = wire.rows(Chat.objects.select_related("visitor").filter(pk=chat_id))
    assert (row["last"]["kind"], row["last"]["text"], row["unread"]) == ("note", "A regular", 1)
    assert not Message.objects.filter(chat_id=chat_id, kind="note", visitor_number__isnull=False).exists()


def test_names_are_asked_for_once_and_again_when_they_have_aged(
    vera: Guest, bob_acts: e.Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert names.names("member", [bob_acts.id]) == {bob_acts.id: "Bob"}
    User.objects.filter(name="Bob").update(name="Robert")
    assert names.names("member", [bob_acts.id]) == {bob_acts.id: "Bob"}
    now += names.SECONDS
    assert names.names("member", [bob_acts.id, -1]) == {bob_acts.id: "Robert"}
