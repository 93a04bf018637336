"""The stream: numbers, repeats, revisions, and neighbours in a batch (protocol sections 1 and 3)."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, close_old_connections, connection

from accounts.models import Membership
from chats.domain import entries as e
from chats.domain import inbox, messages, news
from chats.domain.errors import Refused
from chats.domain.messages import append_messages
from chats.domain.news import News
from chats.models import Chat, ChatStart, ChatState, Message, Visitor, Website
from tests.cast import Cast
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
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[list[News]]:
    """News of the batches that are committed."""
    found: list[News] = []
    news.listen(found.append)
    yield found
    news.listen(None)


# Numbers


def test_both_numberings_are_gap_free_with_notes_in_between(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera)
    told(note(chat_id, bob_acts))
    told(reply(chat_id, bob_acts))
    told(note(chat_id, bob_acts))
    told(vera.send())
    stored = entries(chat_id)
    assert [message.kind for message in stored] == ["text", "note", "joined", "text", "note", "text"]
    assert [message.number for message in stored] == [1, 2, 3, 4, 5, 6]
    assert [message.visitor_number for message in stored] == [1, None, 2, 3, None, 4]
    assert (chat(chat_id).head, chat(chat_id).visitor_head) == (6, 4)


def test_sent_names_the_number_in_the_senders_own_numbering(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera)
    assert told(note(chat_id, bob_acts)).number == 2
    assert told(reply(chat_id, bob_acts)).number == 4
    assert told(vera.send()).number == 4
    assert entries(chat_id)[-1].number == 5


def test_numbers_go_on_over_batches_and_within_one(vera: Guest, victor: Guest, bob_acts: e.Member) -> None:
    first, second = open_chat(vera), open_chat(victor)
    batch: list[e.Entry] = [
        vera.send("1"),
        victor.send("1"),
        note(first, bob_acts),
        vera.send("2"),
        reply(second, bob_acts),
    ]
    append_messages(batch)
    append_messages([victor.send("2"), vera.send("3")])
    assert [m.number for m in entries(first)] == [1, 2, 3, 4, 5]
    assert [m.visitor_number for m in entries(first)] == [1, 2, None, 3, 4]
    assert [m.number for m in entries(second)] == [1, 2, 3, 4, 5]


def test_what_was_sent_is_stored_as_written_with_the_moment_that_was_answered(vera: Guest) -> None:
    answer = told(vera.start("  Tea\n\t& <b>cake</b> 🍰 "), now=NOON)
    message = Message.objects.get(chat_id=answer.chat_id)
    assert message.text == "  Tea\n\t& <b>cake</b> 🍰 "
    assert message.at == answer.at == NOON


def test_the_present_is_stored_in_milliseconds(vera: Guest) -> None:
    answer = told(vera.start())
    assert answer.at.microsecond % 1000 == 0
    assert Message.objects.get(chat_id=answer.chat_id).at == answer.at


# Repeats


@pytest.mark.parametrize("who", ["visitor", "operator", "note"])
def test_a_repeated_cid_gets_the_first_answer_and_with_another_text_is_a_conflict(
    who: str, vera: Guest, bob_acts: e.Member
) -> None:
    chat_id, cid = open_chat(vera), new_cid()
    say: dict[str, Callable[[str], e.Entry]] = {
        "visitor": lambda text: vera.send(text, cid=cid),
        "operator": lambda text: reply(chat_id, bob_acts, text, cid=cid),
        "note": lambda text: note(chat_id, bob_acts, text, cid=cid),
    }
    first = told(say[who]("Once"))
    told(vera.send("Something in between"))
    assert told(say[who]("Once")) == first
    assert refusal(say[who]("Twice")) == "conflict"
    assert texts(chat_id).count("Once") == 1
    assert "Twice" not in texts(chat_id)


def test_a_cid_that_is_repeated_in_one_batch_is_stored_once(vera: Guest) -> None:
    open_chat(vera)
    cid = new_cid()
    first, again, other = append_messages(
        [vera.send("Once", cid=cid), vera.send("Once", cid=cid), vera.send("No", cid=cid)]
    )
    assert isinstance(first, e.Sent)
    assert again == first
    assert isinstance(other, Refused)
    assert other.code == "conflict"


@pytest.mark.parametrize("who", ["visitor", "operator", "note"])
def test_a_cid_repeated_after_the_chat_closed_still_gets_its_first_answer(
    who: str, vera: Guest, bob_acts: e.Member, carol_acts: e.Member
) -> None:
    chat_id, cid = open_chat(vera, now=NOON), new_cid()
    say: dict[str, Callable[[str], e.Entry]] = {
        "visitor": lambda text: vera.send(text, cid=cid),
        "operator": lambda text: reply(chat_id, bob_acts, text, cid=cid),
        "note": lambda text: note(chat_id, bob_acts, text, cid=cid),
    }
    first = told(say[who]("Once"), now=NOON)
    done(e.Close(chat_id, carol_acts), now=NOON)
    stored = kinds(chat_id)
    much_later = NOON + dt.timedelta(days=3)
    assert told(say[who]("Once"), now=much_later) == first
    assert refusal(say[who]("Twice"), now=much_later) == "conflict"
    assert kinds(chat_id) == stored
    assert chat(chat_id).state == ChatState.CLOSED


def test_a_new_cid_after_the_chat_closed_is_refused(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera, now=NOON)
    done(e.Close(chat_id, bob_acts), now=NOON)
    assert refusal(reply(chat_id, bob_acts), now=NOON) == "closed"
    assert refusal(vera.send(), now=NOON + dt.timedelta(days=3)) == "closed"


def test_the_same_cid_of_another_sender_or_in_another_chat_is_another_message(
    vera: Guest, victor: Guest, bob_acts: e.Member, carol_acts: e.Member
) -> None:
    first, second, cid = open_chat(vera), open_chat(victor), new_cid()
    told(reply(first, bob_acts, "Bob's", cid=cid))
    told(reply(first, carol_acts, "Carol's", cid=cid))
    told(vera.send("Vera's", cid=cid))
    told(victor.send("Victor's", cid=cid))
    told(reply(second, bob_acts, "Bob's, over there", cid=cid))
    assert texts(first)[1:] == ["Bob's", "Carol's", "Vera's"]
    assert texts(second)[1:] == ["Victor's", "Bob's, over there"]


def test_the_cid_of_a_start_is_unique_across_the_visitors_chats(vera: Guest, bob_acts: e.Member) -> None:
    cid = new_cid()
    first = told(vera.start("Hello", cid=cid), now=NOON)
    done(e.Close(first.chat_id, bob_acts), now=NOON)
    later = NOON + dt.timedelta(days=2)
    second = told(vera.start("Hello again"), now=later)
    assert second.chat_id != first.chat_id
    assert told(vera.start("Hello", cid=cid), now=later) == first
    assert refusal(vera.start("Something else", cid=cid), now=later) == "conflict"
    assert Chat.objects.filter(visitor_id=vera.id).count() == 2


def test_the_cid_of_another_visitors_start_is_independent(vera: Guest, victor: Guest) -> None:
    cid = new_cid()
    assert told(vera.start("Hello", cid=cid)).chat_id != told(victor.start("Hello", cid=cid)).chat_id


def test_a_start_that_repeats_a_send_reopens_nothing(vera: Guest) -> None:
    cid = new_cid()
    chat_id = open_chat(vera)
    first = told(vera.send("Once", cid=cid))
    done(vera.close())
    assert told(vera.start("Once", cid=cid)) == first
    assert chat(chat_id).state == ChatState.CLOSED
    assert kinds(chat_id) == ["text", "text", "closed"]


def test_a_repeated_start_takes_nothing_back_that_happened_since(vera: Guest, bob_acts: e.Member) -> None:
    entry = vera.start()
    first = told(entry)
    done(e.Accept(first.chat_id, bob_acts))
    assert told(entry) == first
    assert chat(first.chat_id).state == ChatState.ACTIVE
    assert ChatStart.objects.filter(visitor_id=vera.id).count() == 1


# Neighbours


def test_a_refused_entry_never_spoils_its_batch(
    vera: Guest, bob_acts: e.Member, mallory_acts: e.Member, hill_chat: uuid.UUID
) -> None:
    chat_id = open_chat(vera)
    answers = append_messages(
        [
            vera.send("First"),
            reply(hill_chat, bob_acts, "Into the hill"),
            reply(chat_id, mallory_acts, "Out of the hill"),
            e.Accept(uuid.uuid4(), bob_acts),
            vera.send("Last"),
        ]
    )
    assert [getattr(answer, "code", "stored") for answer in answers] == [
        "stored",
        "not_found",
        "not_found",
        "not_found",
        "stored",
    ]
    assert texts(chat_id) == ["Hello", "First", "Last"]
    assert texts(hill_chat) == ["The secret of the hill"]


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_the_database_refuses_never_spoils_its_batch(vera: Guest, victor: Guest) -> None:
    open_chat(vera)
    website = victor.website
    ghost = Guest(Website(pk=website.pk + 10_000, workspace_id=website.workspace_id))
    first, refused, last = append_messages([vera.send("First"), ghost.start("Boo"), vera.send("Last")])
    assert isinstance(first, e.Sent)
    assert isinstance(last, e.Sent)
    assert last.number == first.number + 1
    assert isinstance(refused, Refused)
    assert refused.code == "unavailable"
    assert not Visitor.objects.filter(pk=ghost.id).exists()


@pytest.mark.parametrize("error", [IntegrityError("Failing row contains (secret)"), DataError("22003")])
def test_a_batch_that_cannot_be_written_is_stored_entry_by_entry(
    error: Exception, vera: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = open_chat(vera)
    real = messages._append

    def refusing(batch: Any, **more: Any) -> Any:
        if any(entry.text == "Poison" for entry in batch):
            raise error
        return real(batch, **more)

    monkeypatch.setattr(messages, "_append", refusing)
    first, poison, last = append_messages([vera.send("First"), vera.send("Poison"), vera.send("Last")])
    assert isinstance(first, e.Sent)
    assert isinstance(last, e.Sent)
    assert isinstance(poison, Refused)
    assert (poison.code, poison.retry_after) == ("unavailable", 1)
    assert texts(chat_id) == ["Hello", "First", "Last"]


def test_a_deadlock_is_tried_again_and_a_lost_connection_is_not(vera: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    open_chat(vera)
    real, tries = messages._append, 0

    class Deadlock(Exception):
        sqlstate = "40P01"

    def failing(batch: Any, **more: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OperationalError("deadlock detected") from Deadlock()
        if tries == 2:
            return real(batch, **more)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(messages, "_append", failing)
    told(vera.send())
    assert tries == 2
    with pytest.raises(OperationalError):
        ask(vera.send())
    assert tries == 3


# The inbox's own number


def test_rev_rises_by_exactly_one_a_batch_and_workspace(
    vera: Guest, victor: Guest, hugo: Guest, bob_acts: e.Member
) -> None:
    first, second, far = open_chat(vera), open_chat(victor), open_chat(hugo)
    harbour, hill = vera.website.workspace_id, hugo.website.workspace_id
    before = inbox.revs([harbour, hill])
    append_messages([vera.send(), victor.send(), vera.send(), hugo.send(), e.Accept(first, bob_acts)])
    after = inbox.revs([harbour, hill])
    assert after == {harbour: before[harbour] + 1, hill: before[hill] + 1}
    assert {chat(first).rev, chat(second).rev} == {after[harbour]}
    assert chat(far).rev == after[hill]
    append_messages([vera.send()])
    assert inbox.revs([harbour, hill]) == {harbour: after[harbour] + 1, hill: after[hill]}
    assert chat(second).rev == after[harbour]


def test_rev_does_not_move_for_what_no_row_shows(vera: Guest, bob_acts: e.Member, mallory_acts: e.Member) -> None:
    chat_id = open_chat(vera)
    told(reply(chat_id, bob_acts))
    done(e.Read(chat_id, bob_acts, 3))
    before = inbox.rev(vera.website.workspace_id)
    done(e.Read(chat_id, bob_acts, 3))
    done(vera.read(2))
    done(e.Accept(chat_id, bob_acts))
    refusal(e.Accept(chat_id, mallory_acts))
    refusal(reply(chat_id, mallory_acts))
    assert inbox.rev(vera.website.workspace_id) == before
    assert inbox.rev(mallory_acts.workspace_id) == 0


# News


@pytest.mark.django_db(transaction=True)
def test_news_are_told_after_the_commit_with_both_audiences_entries(
    vera: Guest, bob_acts: e.Member, heard: list[News]
) -> None:
    chat_id = open_chat(vera)
    append_messages([note(chat_id, bob_acts, "For us"), vera.send("For all")])
    told_last = heard[-1]
    (change,) = told_last.changes
    assert (change.chat_id, change.head, change.visitor_head, change.state) == (chat_id, 3, 2, "queued")
    shown = [(operators["n"], visitors and visitors["n"]) for operators, visitors in change.entries]
    assert shown == [(2, None), (3, 2)]
    assert change.row is not None
    assert change.row["rev"] == told_last.revs[vera.website.workspace_id] == chat(chat_id).rev
    assert not any("For us" in str(visitors) for _, visitors in change.entries)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_of_what_was_refused(
    bob_acts: e.Member, hill_chat: uuid.UUID, heard: list[News], vera: Guest
) -> None:
    assert refusal(reply(hill_chat, bob_acts)) == "not_found"
    assert refusal(vera.send()) == "not_found"
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_takes_no_answer_away(vera: Guest) -> None:
    def failing(_news: News) -> None:
        raise RuntimeError("the loop is closed")

    news.listen(failing)
    try:
        chat_id = told(vera.start()).chat_id
    finally:
        news.listen(None)
    assert chat(chat_id).head == 1


# Races


def in_parallel(work: list[Callable[[], e.Answer]]) -> list[e.Answer]:
    """All of `work` at once, each in a thread with a connection of its own."""
    gate = threading.Barrier(len(work), timeout=30)

    def run(each: Callable[[], e.Answer]) -> e.Answer:
        try:
            gate.wait()
            return each()
        finally:
            close_old_connections()
            connection.close()

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(run, work))


def codes(answers: list[e.Answer]) -> list[str]:
    return [answer.code if isinstance(answer, Refused) else "" for answer in answers]


def assert_whole(chat_id: uuid.UUID) -> None:
    """The stream has no hole and no repeat in either numbering, and its heads are right."""
    stored = entries(chat_id)
    seen = [message.visitor_number for message in stored if message.visitor_number is not None]
    assert [message.number for message in stored] == list(range(1, len(stored) + 1))
    assert seen == list(range(1, len(seen) + 1))
    assert (chat(chat_id).head, chat(chat_id).visitor_head) == (len(stored), len(seen))


@pytest.mark.django_db(transaction=True)
def test_twenty_who_accept_at_once_have_one_winner(vera: Guest, cast: Cast) -> None:
    chat_id = open_chat(vera)
    members: list[Membership] = [MembershipFactory(workspace=cast.harbour) for _ in range(20)]
    asked = [e.Accept(chat_id, e.Member(m.pk, m.workspace_id, m.user.display_name)) for m in members]
    answers = in_parallel([lambda entry=entry: ask(entry) for entry in asked])  # type: ignore[misc]
    assert sorted(codes(answers)) == [""] + ["taken"] * 19
    winner = asked[codes(answers).index("")].member.id
    assert chat(chat_id).operator_id == winner
    assert [(m.kind, m.member_id) for m in entries(chat_id)] == [("text", None), ("joined", winner)]


@pytest.mark.django_db(transaction=True)
def test_one_cid_sent_fifty_times_is_one_message(vera: Guest) -> None:
    chat_id, cid = open_chat(vera), new_cid()
    answers = in_parallel([lambda: ask(vera.send("Once", cid=cid))] * 50)
    assert len(set(answers)) == 1
    assert isinstance(answers[0], e.Sent)
    assert texts(chat_id) == ["Hello", "Once"]
    assert_whole(chat_id)


@pytest.mark.django_db(transaction=True)
def test_twenty_starts_of_one_visitor_are_one_chat(vera: Guest) -> None:
    answers = in_parallel([lambda number=number: ask(vera.start(f"Hello {number}")) for number in range(20)])  # type: ignore[misc]
    assert {answer.chat_id for answer in answers if isinstance(answer, e.Sent)} == {Chat.objects.get().pk}
    assert codes(answers) == [""] * 20
    assert sorted(texts(Chat.objects.get().pk)) == sorted(f"Hello {number}" for number in range(20))
    assert_whole(Chat.objects.get().pk)


@pytest.mark.django_db(transaction=True)
def test_one_start_repeated_twenty_times_is_one_message(vera: Guest) -> None:
    entry = vera.start("Hello")
    answers = in_parallel([lambda: ask(entry)] * 20)
    assert len(set(answers)) == 1
    assert texts(Chat.objects.get().pk) == ["Hello"]


@pytest.mark.django_db(transaction=True)
def test_closing_against_sending_loses_nothing(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = told(vera.start("0")).chat_id
    sends = [lambda number=number: ask(vera.send(str(number))) for number in range(1, 11)]
    closes: list[Callable[[], e.Answer]] = [lambda: ask(e.Close(chat_id, bob_acts)), lambda: ask(vera.close())] * 3
    work = [each for pair in zip(sends, [*closes, *closes], strict=False) for each in pair]
    answers = in_parallel(work)
    assert codes(answers) == [""] * len(work)
    assert Chat.objects.count() == 1
    assert sorted(texts(chat_id), key=int) == [str(number) for number in range(11)]
    assert_whole(chat_id)
    stored = entries(chat_id)
    was_open = True
    for message in stored:
        # What was said after a close stands behind the entry that reopened the chat.
        assert was_open or message.kind == "reopened"
        was_open = message.kind != "closed"
    assert was_open == chat(chat_id).is_open


@pytest.mark.django_db(transaction=True)
def test_batches_that_cross_each_other_end_by_themselves(vera: Guest, victor: Guest) -> None:
    first, second = open_chat(vera), open_chat(victor)

    def back_and_forth(order: list[Guest]) -> e.Answer:
        for _ in range(5):
            answers = append_messages([guest.send() for guest in order])
            assert codes(answers) == ["", ""]
        return answers[0]

    in_parallel([lambda: back_and_forth([vera, victor]), lambda: back_and_forth([victor, vera])] * 3)
    assert len(entries(first)) == len(entries(second)) == 31
    assert_whole(first)
    assert_whole(second)
