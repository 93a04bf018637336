"""States (protocol section 4): who may do what to a chat when, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest

from accounts.models import Membership
from chats.domain import chats
from chats.domain import entries as e
from chats.domain.errors import Refused
from chats.domain.messages import append_messages
from chats.models import Chat, ChatState, Visitor, VisitorToken
from tests.chats.talk import (
    NOON,
    Guest,
    ask,
    chat,
    done,
    entries,
    kinds,
    new_cid,
    note,
    open_chat,
    refusal,
    reply,
    texts,
    told,
)

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
Member = e.Member


# Beginning


def test_the_first_message_makes_the_visitor_and_a_chat_that_waits(vera: Guest) -> None:
    assert not Visitor.objects.filter(pk=vera.id).exists()
    chat_id = open_chat(vera, "Hello", now=NOON)
    found = chat(chat_id)
    assert (found.state, found.operator, found.waiting_since, found.unread) == (ChatState.QUEUED, None, NOON, 1)
    assert (found.workspace_id, found.website_id, found.visitor_id) == (
        vera.website.workspace_id,
        vera.website.pk,
        vera.id,
    )
    assert kinds(chat_id) == ["text"]


def test_a_chat_begun_while_nobody_is_here_is_missed_and_says_so_behind_the_message(vera: Guest) -> None:
    chat_id = open_chat(vera, here=False)
    assert chat(chat_id).state == ChatState.MISSED
    assert kinds(chat_id) == ["text", "missed"]
    assert entries(chat_id)[1].data == {"reason": "nobody_here"}
    told(vera.send(here=False))
    assert kinds(chat_id) == ["text", "missed", "text"]


def test_a_chat_begun_while_somebody_is_here_is_not_missed(vera: Guest) -> None:
    chat_id = open_chat(vera, here=True)
    told(vera.send(here=False))
    assert chat(chat_id).state == ChatState.QUEUED
    assert "missed" not in kinds(chat_id)


def test_a_start_in_an_open_chat_goes_on_with_it(vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera)
    assert told(vera.start("More")).chat_id == chat_id
    done(e.Accept(chat_id, bob_acts))
    assert told(vera.start("Still more", here=False)).chat_id == chat_id
    assert kinds(chat_id) == ["text", "text", "joined", "text"]


def test_a_send_before_any_start_finds_no_chat(vera: Guest) -> None:
    assert refusal(vera.send()) == "not_found"
    assert refusal(vera.close()) == "not_found"
    assert refusal(vera.read(1)) == "not_found"
    assert not Visitor.objects.filter(pk=vera.id).exists()


def test_a_visitor_of_another_website_is_not_found_there(vera: Guest, hugo: Guest, hill_chat: uuid.UUID) -> None:
    astray = Guest(vera.website, hugo.id)
    assert refusal(astray.start()) == "not_found"
    assert refusal(astray.send()) == "not_found"
    assert refusal(astray.close()) == "not_found"
    assert texts(hill_chat) == ["The secret of the hill"]


def test_a_hint_opens_nobody_elses_chat(vera: Guest, victor: Guest, hill_chat: uuid.UUID) -> None:
    mine, theirs = open_chat(vera), open_chat(victor)
    assert told(vera.send("With the wrong hint", hint=theirs)).chat_id == mine
    assert told(vera.send("With a foreign hint", hint=hill_chat)).chat_id == mine
    assert texts(theirs) == ["Hello"]
    assert texts(hill_chat) == ["The secret of the hill"]


def test_what_a_visitor_says_of_themselves_later_is_kept_and_nothing_is_emptied(vera: Guest) -> None:
    open_chat(vera)
    told(vera.start(person=e.Person(name="Vera", email="vera@shop.example")))
    told(vera.start(person=e.Person(phone="+49 30 1234")))
    visitor = Visitor.objects.get(pk=vera.id)
    assert (visitor.name, visitor.email, visitor.phone) == ("Vera", "vera@shop.example", "+49 30 1234")


def test_the_first_message_stores_the_hash_of_its_token(vera: Guest) -> None:
    told(vera.start(token_digest="d" * 64, token_expires_at=NOON))
    told(vera.start(token_digest="f" * 64, token_expires_at=NOON))
    assert list(VisitorToken.objects.values_list("digest", flat=True)) == ["d" * 64]


# Accepting


@pytest.mark.parametrize("here", [True, False], ids=["queued", "missed"])
def test_accepting_a_chat_that_waits_makes_it_active(here: bool, vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera, here=here)
    done(e.Accept(chat_id, bob_acts), now=NOON)
    found = chat(chat_id)
    assert (found.state, found.operator_id, found.accepted_at) == (ChatState.ACTIVE, bob_acts.id, NOON)
    assert kinds(chat_id)[-1] == "joined"
    assert found.waiting_since is not None


def test_accepting_again_changes_nothing_and_a_colleague_is_told_taken(
    vera: Guest, bob_acts: Member, carol_acts: Member
) -> None:
    chat_id = open_chat(vera)
    done(e.Accept(chat_id, bob_acts))
    before = chat(chat_id)
    done(e.Accept(chat_id, bob_acts))
    assert refusal(e.Accept(chat_id, carol_acts)) == "taken"
    after = chat(chat_id)
    assert (after.head, after.rev, after.operator_id) == (before.head, before.rev, bob_acts.id)


def test_a_closed_chat_cannot_be_accepted(vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera)
    done(vera.close())
    assert refusal(e.Accept(chat_id, bob_acts)) == "closed"
    assert chat(chat_id).operator is None


@pytest.mark.parametrize("here", [True, False], ids=["queued", "missed"])
def test_an_answer_to_a_chat_that_waits_accepts_it(here: bool, vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera, here=here)
    told(reply(chat_id, bob_acts))
    found = chat(chat_id)
    assert (found.state, found.operator_id) == (ChatState.ACTIVE, bob_acts.id)
    assert kinds(chat_id)[-2:] == ["joined", "text"]


def test_an_answer_in_a_colleagues_chat_does_not_move_it(vera: Guest, bob_acts: Member, carol_acts: Member) -> None:
    chat_id = open_chat(vera)
    done(e.Accept(chat_id, bob_acts))
    told(reply(chat_id, carol_acts, "From Carol"))
    assert chat(chat_id).operator_id == bob_acts.id
    assert kinds(chat_id) == ["text", "joined", "text"]
    assert entries(chat_id)[-1].member_id == carol_acts.id


def test_a_note_accepts_nothing_and_may_be_left_on_a_closed_chat(vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera)
    told(note(chat_id, bob_acts))
    assert chat(chat_id).state == ChatState.QUEUED
    done(vera.close())
    told(note(chat_id, bob_acts, "Afterwards"))
    found = chat(chat_id)
    assert (found.state, found.operator, found.visitor_head) == (ChatState.CLOSED, None, 2)


# Waiting


def test_a_chat_waits_from_the_first_unanswered_message_until_the_answer(vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera, now=NOON)
    told(vera.send(), now=NOON + HOUR)
    assert chat(chat_id).waiting_since == NOON
    done(e.Accept(chat_id, bob_acts), now=NOON + HOUR)
    told(note(chat_id, bob_acts), now=NOON + HOUR)
    assert chat(chat_id).waiting_since == NOON
    told(reply(chat_id, bob_acts), now=NOON + 2 * HOUR)
    assert chat(chat_id).waiting_since is None
    told(vera.send(), now=NOON + 3 * HOUR)
    assert chat(chat_id).waiting_since == NOON + 3 * HOUR
    done(e.Close(chat_id, bob_acts), now=NOON + 4 * HOUR)
    assert chat(chat_id).waiting_since is None


# Closing and reopening


def test_either_side_closes_once(vera: Guest, victor: Guest, bob_acts: Member) -> None:
    by_visitor, by_operator = open_chat(vera), open_chat(victor)
    done(vera.close(), now=NOON)
    done(vera.close(), now=NOON + HOUR)
    done(e.Close(by_operator, bob_acts), now=NOON)
    done(e.Close(by_operator, bob_acts), now=NOON + HOUR)
    for chat_id, author in ((by_visitor, "visitor"), (by_operator, "operator")):
        assert kinds(chat_id) == ["text", "closed"]
        assert entries(chat_id)[-1].author_type == author
        assert (chat(chat_id).state, chat(chat_id).closed_at) == (ChatState.CLOSED, NOON)


@pytest.mark.parametrize("again", ["start", "send"])
def test_a_message_within_the_reopening_time_goes_on_with_the_chat(again: str, vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera, now=NOON)
    told(reply(chat_id, bob_acts), now=NOON)
    done(e.Close(chat_id, bob_acts), now=NOON)
    entry = vera.start("Again") if again == "start" else vera.send("Again")
    assert told(entry, now=NOON + 24 * HOUR - dt.timedelta(seconds=1)).chat_id == chat_id
    found = chat(chat_id)
    assert kinds(chat_id)[-2:] == ["reopened", "text"]
    assert (found.state, found.operator, found.closed_at) == (ChatState.QUEUED, None, None)
    assert found.waiting_since == NOON + 24 * HOUR - dt.timedelta(seconds=1)


def test_a_send_after_the_reopening_time_is_closed_and_a_start_opens_a_new_chat(vera: Guest) -> None:
    chat_id = open_chat(vera, now=NOON)
    done(vera.close(), now=NOON)
    late = NOON + 24 * HOUR
    assert refusal(vera.send(), now=late) == "closed"
    assert kinds(chat_id) == ["text", "closed"]
    fresh = told(vera.start("A new matter"), now=late)
    assert fresh.chat_id != chat_id
    assert fresh.number == 1
    assert told(vera.send(), now=late).chat_id == fresh.chat_id


def test_a_chat_that_is_reopened_while_nobody_is_here_is_missed(vera: Guest) -> None:
    chat_id = open_chat(vera)
    done(vera.close())
    told(vera.send("Anybody?", here=False))
    assert chat(chat_id).state == ChatState.MISSED
    assert kinds(chat_id) == ["text", "closed", "reopened", "text", "missed"]


def test_an_operator_who_reopens_holds_the_chat(vera: Guest, bob_acts: Member, carol_acts: Member) -> None:
    chat_id = open_chat(vera)
    done(e.Accept(chat_id, bob_acts))
    done(e.Close(chat_id, bob_acts))
    done(e.Reopen(chat_id, carol_acts))
    found = chat(chat_id)
    assert (found.state, found.operator_id, found.closed_at) == (ChatState.ACTIVE, carol_acts.id, None)
    assert kinds(chat_id)[-1] == "reopened"
    done(e.Reopen(chat_id, bob_acts))
    assert chat(chat_id).operator_id == carol_acts.id


def test_a_chat_is_not_reopened_beside_another_open_one(vera: Guest, bob_acts: Member) -> None:
    old = open_chat(vera, now=NOON)
    done(vera.close(), now=NOON)
    fresh = told(vera.start(), now=NOON + 48 * HOUR).chat_id
    assert refusal(e.Reopen(old, bob_acts)) == "conflict"
    assert chat(old).state == ChatState.CLOSED
    done(vera.close(), now=NOON + 48 * HOUR)
    done(e.Reopen(old, bob_acts), now=NOON + 48 * HOUR)
    assert told(vera.send(), now=NOON + 48 * HOUR).chat_id == old
    assert chat(fresh).state == ChatState.CLOSED


def test_an_old_chat_taken_up_again_is_the_current_one_in_the_same_batch(vera: Guest, bob_acts: Member) -> None:
    old = open_chat(vera, now=NOON)
    done(vera.close(), now=NOON)
    told(vera.start(), now=NOON + 48 * HOUR)
    done(vera.close(), now=NOON + 48 * HOUR)
    batch: list[e.Entry] = [vera.close(), e.Reopen(old, bob_acts), vera.send("Here?")]
    *_, answer = append_messages(batch, now=NOON + 48 * HOUR)
    assert isinstance(answer, e.Sent)
    assert answer.chat_id == old


# Reading


def unread_of(chat_id: uuid.UUID) -> int:
    return chat(chat_id).unread


def test_unread_counts_what_the_visitor_said_and_nothing_else(vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera)
    told(vera.send())
    assert unread_of(chat_id) == 2
    told(note(chat_id, bob_acts))
    told(reply(chat_id, bob_acts))
    assert unread_of(chat_id) == 2
    told(vera.send())
    assert unread_of(chat_id) == 3


def test_unread_follows_the_holders_position(vera: Guest, bob_acts: Member, carol_acts: Member) -> None:
    chat_id = open_chat(vera)
    for _ in range(3):
        told(vera.send())
    done(e.Accept(chat_id, bob_acts))
    done(e.Read(chat_id, carol_acts, 5))
    assert unread_of(chat_id) == 4
    done(e.Read(chat_id, bob_acts, 3))
    assert unread_of(chat_id) == 1
    done(e.Read(chat_id, bob_acts, 1))
    assert unread_of(chat_id) == 1
    done(e.Read(chat_id, bob_acts, 99))
    assert unread_of(chat_id) == 0
    told(vera.send())
    assert unread_of(chat_id) == 1


def test_while_nobody_holds_the_chat_anybodys_reading_counts(vera: Guest, bob_acts: Member, carol_acts: Member) -> None:
    chat_id = open_chat(vera)
    told(vera.send())
    done(e.Read(chat_id, carol_acts, 1))
    assert unread_of(chat_id) == 1
    done(e.Accept(chat_id, bob_acts))
    assert unread_of(chat_id) == 2


def test_reading_in_one_batch_counts_like_reading_one_after_the_other(
    vera: Guest, victor: Guest, bob_acts: Member, carol_acts: Member
) -> None:
    def asked(guest: Guest, chat_id: uuid.UUID) -> list[e.Entry]:
        return [
            guest.send(),
            e.Read(chat_id, bob_acts, 2),
            guest.send(),
            e.Read(chat_id, carol_acts, 1),
            e.Accept(chat_id, bob_acts),
            e.Read(chat_id, bob_acts, 1),
        ]

    together, apart = open_chat(vera), open_chat(victor)
    append_messages(asked(vera, together))
    for entry in asked(victor, apart):
        append_messages([entry])
    assert unread_of(together) == unread_of(apart) == 1


def test_a_visitor_who_has_read_is_shown_in_both_numberings(vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera)
    told(note(chat_id, bob_acts))
    told(reply(chat_id, bob_acts))
    done(vera.read(2))
    assert chat(chat_id).visitor_read == 2
    done(vera.read(1))
    assert chat(chat_id).visitor_read == 2
    done(vera.read(1_000))
    assert chat(chat_id).visitor_read == 3


# Foreign ids


def member_entries(chat_id: uuid.UUID, member: Member) -> list[e.Entry]:
    return [
        e.Accept(chat_id, member),
        e.Close(chat_id, member),
        e.Reopen(chat_id, member),
        e.Read(chat_id, member, 1),
        reply(chat_id, member),
        note(chat_id, member),
    ]


def test_a_foreign_chat_is_refused_exactly_like_one_that_does_not_exist(bob_acts: Member, hill_chat: uuid.UUID) -> None:
    def refused(chat_id: uuid.UUID) -> list[tuple[str, float | None]]:
        answers = [ask(entry) for entry in member_entries(chat_id, bob_acts)]
        return [(answer.code, answer.retry_after) for answer in answers if isinstance(answer, Refused)]

    before = Chat.objects.filter(pk=hill_chat).values().get()
    assert refused(hill_chat) == refused(uuid.uuid4()) == [("not_found", None)] * 6
    assert Chat.objects.filter(pk=hill_chat).values().get() == before


def test_a_member_of_the_workspace_is_not_refused_there(mallory_acts: Member, hill_chat: uuid.UUID) -> None:
    for entry in member_entries(hill_chat, mallory_acts):
        ask(entry)
    assert texts(hill_chat) == ["The secret of the hill", "Good day", "For us only"]


# The clock


def test_giving_back_happens_once_and_only_for_its_holder(vera: Guest, bob_acts: Member, carol_acts: Member) -> None:
    chat_id = open_chat(vera)
    workspace = vera.website.workspace_id
    done(e.GiveBack(chat_id, workspace, bob_acts.id))
    told(reply(chat_id, bob_acts), now=NOON)
    done(e.GiveBack(chat_id, workspace, carol_acts.id), now=NOON)
    assert chat(chat_id).operator_id == bob_acts.id
    done(e.GiveBack(chat_id, workspace, bob_acts.id), now=NOON + HOUR)
    done(e.GiveBack(chat_id, workspace, bob_acts.id), now=NOON + 2 * HOUR)
    found = chat(chat_id)
    assert (found.state, found.operator, found.waiting_since) == (ChatState.QUEUED, None, NOON + HOUR)
    assert kinds(chat_id).count("transferred") == 1
    assert entries(chat_id)[-1].data == {"to": None, "reason": "holder_gone"}


def test_a_chat_is_missed_once_and_only_while_it_waits(vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera, now=NOON)
    workspace = vera.website.workspace_id
    done(e.Miss(chat_id, workspace, NOON - HOUR))
    assert chat(chat_id).state == ChatState.QUEUED
    done(e.Miss(chat_id, workspace, NOON))
    done(e.Miss(chat_id, workspace, NOON + HOUR))
    assert (chat(chat_id).state, kinds(chat_id)) == (ChatState.MISSED, ["text", "missed"])
    assert chat(chat_id).waiting_since == NOON
    done(e.Accept(chat_id, bob_acts))
    done(e.Miss(chat_id, workspace, NOON + HOUR))
    assert chat(chat_id).state == ChatState.ACTIVE


def test_silence_closes_only_a_chat_that_waits_for_the_visitor(vera: Guest, bob_acts: Member) -> None:
    chat_id = open_chat(vera, now=NOON)
    idle = e.IdleClose(chat_id, vera.website.workspace_id, NOON + HOUR)
    done(e.Accept(chat_id, bob_acts), now=NOON)
    done(idle)
    assert chat(chat_id).state == ChatState.ACTIVE
    told(reply(chat_id, bob_acts), now=NOON + 2 * HOUR)
    done(idle)
    assert chat(chat_id).state == ChatState.ACTIVE
    done(e.IdleClose(chat_id, vera.website.workspace_id, NOON + 2 * HOUR))
    done(e.IdleClose(chat_id, vera.website.workspace_id, NOON + 2 * HOUR))
    assert (chat(chat_id).state, kinds(chat_id)[-1]) == (ChatState.CLOSED, "closed")
    assert kinds(chat_id).count("closed") == 1


@pytest.mark.parametrize("make", [
    lambda chat_id, workspace, member: e.GiveBack(chat_id, workspace, member.id),
    lambda chat_id, workspace, member: e.Miss(chat_id, workspace, NOON + 365 * 24 * HOUR),
    lambda chat_id, workspace, member: e.IdleClose(chat_id, workspace, NOON + 365 * 24 * HOUR),
])  # fmt: skip
def test_the_clock_of_one_workspace_moves_no_other(
    make: Callable[[uuid.UUID, int, Member], e.Entry], bob_acts: Member, hill_chat: uuid.UUID
) -> None:
    assert refusal(make(hill_chat, bob_acts.workspace_id, bob_acts)) == "not_found"
    assert kinds(hill_chat) == ["text"]


# Verbs for callers without a socket


def test_the_verbs_of_a_member_raise_the_protocols_code(
    vera: Guest, operator: Membership, admin: Membership, stranger: Membership
) -> None:
    chat_id, cid = open_chat(vera), new_cid()
    chats.accept(chat_id=chat_id, membership=operator)
    with pytest.raises(Refused) as taken:
        chats.accept(chat_id=chat_id, membership=admin)
    with pytest.raises(Refused) as foreign:
        chats.reply(chat_id=chat_id, membership=stranger, cid=cid, text="Let me in")
    assert (taken.value.code, foreign.value.code) == ("taken", "not_found")
    chats.reply(chat_id=chat_id, membership=operator, cid=cid, text="Good day")
    chats.note(chat_id=chat_id, membership=operator, cid=new_cid(), text="A regular")
    chats.mark_read(chat_id=chat_id, membership=operator, number=4)
    chats.close(chat_id=chat_id, membership=operator)
    chats.reopen(chat_id=chat_id, membership=admin)
    found = chat(chat_id)
    assert kinds(chat_id) == ["text", "joined", "text", "note", "closed", "reopened"]
    assert (found.operator_id, found.unread) == (admin.pk, 0)


def test_who_acts_without_a_socket_is_seen_by_acting(vera: Guest, operator: Membership) -> None:
    assert operator.last_seen_at is None
    chats.accept(chat_id=open_chat(vera), membership=operator)
    operator.refresh_from_db()
    assert operator.last_seen_at is not None
