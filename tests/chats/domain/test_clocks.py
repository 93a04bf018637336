"""What time does to chats, with the time passed in."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from accounts.models import Membership, User
from chats.domain import entries as e
from chats.domain.clocks import run_clocks
from chats.models import ChatState, Website
from chats.tasks import run_clocks as run_clocks_task
from tests.chats.talk import NOON, Guest, chat, done, entries, kinds, open_chat, reply, told

pytestmark = pytest.mark.django_db

SECOND = dt.timedelta(seconds=1)
MINUTE = 60 * SECOND


def seen(member: e.Member, at: dt.datetime | None) -> None:
    Membership.objects.filter(pk=member.id).update(last_seen_at=at)


def test_a_chat_that_nobody_takes_is_missed_after_the_websites_wait(vera: Guest, hugo: Guest) -> None:
    Website.objects.filter(pk=hugo.website.pk).update(missed_after=600)
    chat_id, patient = open_chat(vera, now=NOON), open_chat(hugo, now=NOON)
    assert run_clocks(now=NOON + 3 * MINUTE - SECOND) == 0
    assert run_clocks(now=NOON + 3 * MINUTE) == 1
    assert (chat(chat_id).state, chat(patient).state) == (ChatState.MISSED, ChatState.QUEUED)
    assert entries(chat_id)[-1].at == NOON + 3 * MINUTE
    assert run_clocks(now=NOON + 4 * MINUTE) == 0
    assert kinds(chat_id) == ["text", "missed"]


def test_an_answered_chat_is_never_missed_and_a_silent_one_is_closed(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera, now=NOON)
    told(reply(chat_id, bob_acts), now=NOON + MINUTE)
    seen(bob_acts, NOON + 70 * MINUTE)
    run_clocks(now=NOON + 61 * MINUTE - SECOND)
    assert chat(chat_id).state == ChatState.ACTIVE
    run_clocks(now=NOON + 61 * MINUTE)
    assert (chat(chat_id).state, kinds(chat_id)[-1]) == (ChatState.CLOSED, "closed")
    assert (entries(chat_id)[-1].author_type, entries(chat_id)[-1].data) == ("system", {"reason": "idle"})
    assert chat(chat_id).closed_at == NOON + 61 * MINUTE
    assert run_clocks(now=NOON + 62 * MINUTE) == 0


def test_a_chat_that_waits_for_an_answer_is_never_closed_for_silence(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera, now=NOON)
    told(reply(chat_id, bob_acts), now=NOON)
    told(vera.send("Hello?"), now=NOON + MINUTE)
    seen(bob_acts, NOON + 100 * MINUTE)
    run_clocks(now=NOON + 100 * MINUTE)
    assert chat(chat_id).state == ChatState.ACTIVE


@pytest.mark.parametrize("how", ["silent", "never seen", "removed", "inactive"])
def test_a_holder_who_has_gone_gives_the_chat_back(how: str, vera: Guest, bob_acts: e.Member, cast: Any) -> None:
    chat_id = open_chat(vera, now=NOON)
    done(e.Accept(chat_id, bob_acts), now=NOON)
    gone_at = NOON + 2 * MINUTE
    seen(bob_acts, {"silent": NOON, "never seen": None}.get(how, gone_at))
    if how == "removed":
        Membership.objects.filter(pk=bob_acts.id).update(removed_at=NOON)
    if how == "inactive":
        User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    if how in ("silent", "never seen"):
        run_clocks(now=gone_at - SECOND)
        assert chat(chat_id).state == ChatState.ACTIVE
    run_clocks(now=gone_at)
    found = chat(chat_id)
    assert (found.state, found.operator, kinds(chat_id)[-1]) == (ChatState.QUEUED, None, "transferred")
    assert found.waiting_since == NOON
    assert "transferred" not in kinds(chat_id)[:-1]


def test_a_holder_who_is_there_keeps_the_chat(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera, now=NOON)
    done(e.Accept(chat_id, bob_acts), now=NOON)
    seen(bob_acts, NOON + 30 * MINUTE)
    assert run_clocks(now=NOON + 31 * MINUTE) == 0
    assert chat(chat_id).operator_id == bob_acts.id


def test_the_clocks_of_every_workspace_run_in_one_go(
    vera: Guest, hugo: Guest, hill_chat: uuid.UUID, bob_acts: e.Member
) -> None:
    chat_id = open_chat(vera)
    later = dt.datetime.now(dt.UTC) + 4 * MINUTE
    assert run_clocks(now=later) == 2
    assert (chat(chat_id).state, chat(hill_chat).state) == (ChatState.MISSED, ChatState.MISSED)


def test_the_task_runs_the_clocks_at_the_present(vera: Guest) -> None:
    old = open_chat(vera, now=dt.datetime.now(dt.UTC) - 4 * MINUTE)
    run_clocks_task()
    assert chat(old).state == ChatState.MISSED
