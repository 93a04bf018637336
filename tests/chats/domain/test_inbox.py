"""Reading chats as a member may see them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from accounts.models import Membership
from chats.domain import entries as e
from chats.domain import inbox
from chats.domain.messages import append_messages
from chats.models import Chat, Website
from tests.chats.talk import NOON, Guest, chat, done, note, open_chat, reply, told

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


def test_rows_are_the_open_chats_of_the_workspace_oldest_waiting_first(
    shop: Website, operator: Membership, bob_acts: e.Member, hill_chat: uuid.UUID
) -> None:
    late, early, answered, closed = (Guest(shop) for _ in range(4))
    second, first = open_chat(late, now=NOON + HOUR), open_chat(early, now=NOON)
    last, gone = open_chat(answered, now=NOON), open_chat(closed, now=NOON)
    told(reply(last, bob_acts), now=NOON)
    done(closed.close(), now=NOON)
    assert [row["id"] for row in inbox.rows(membership=operator)] == [str(first), str(second), str(last)]
    assert [row["id"] for row in inbox.rows(membership=operator, limit=1)] == [str(first)]
    assert str(gone) not in str(inbox.rows(membership=operator))
    assert "secret" not in str(inbox.rows(membership=operator))
    assert inbox.counts(operator) == {"mine": 1, "waiting": 2, "all": 3}


def test_rows_cost_the_same_however_many_there_are(
    shop: Website, operator: Membership, bob_acts: e.Member, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        done(e.Accept(open_chat(Guest(shop)), bob_acts))
    with django_assert_max_num_queries(4):
        assert len(inbox.rows(membership=operator)) == 12


def test_rows_after_a_revision_come_whole_revisions_at_a_time(shop: Website, hill_chat: uuid.UUID) -> None:
    workspace = shop.workspace_id
    guests = [Guest(shop) for _ in range(6)]
    append_messages([guest.start() for guest in guests[:3]])
    append_messages([guest.start() for guest in guests[3:5]])
    append_messages([guests[5].start()])
    rows, complete = inbox.rows_after(workspace, 0, limit=10)
    assert ([row["rev"] for row in rows], complete) == ([1, 1, 1, 2, 2, 3], None)
    rows, complete = inbox.rows_after(workspace, 0, limit=4)
    assert ([row["rev"] for row in rows], complete) == ([1, 1, 1], 1)
    rows, complete = inbox.rows_after(workspace, 1, limit=4)
    assert ([row["rev"] for row in rows], complete) == ([2, 2, 3], None)
    assert inbox.rows_after(workspace, 3, limit=4) == ([], None)
    assert inbox.rev(workspace) == 3


def test_a_foreign_chat_does_not_exist_for_a_member(
    operator: Membership, stranger: Membership, hill_chat: uuid.UUID
) -> None:
    for chat_id in (hill_chat, uuid.uuid4()):
        with pytest.raises(Chat.DoesNotExist):
            inbox.chat_for(membership=operator, chat_id=chat_id)
    assert inbox.chat_for(membership=stranger, chat_id=hill_chat).pk == hill_chat


def test_older_entries_come_in_pages_in_order(vera: Guest, bob_acts: e.Member) -> None:
    chat_id = open_chat(vera)
    for number in range(3):
        told(note(chat_id, bob_acts, str(number)))
        told(vera.send(str(number)))
    found = inbox.visible(vera.website.workspace_id).get(pk=chat_id)
    newest = inbox.page_before(chat=found, before=None, limit=3)
    assert ([entry["n"] for entry in newest["events"]], newest["more"], newest["head"]) == ([5, 6, 7], True, 7)
    middle = inbox.page_before(chat=found, before=5, limit=3)
    oldest = inbox.page_before(chat=found, before=2, limit=3)
    assert ([entry["n"] for entry in middle["events"]], middle["more"]) == ([2, 3, 4], True)
    assert ([entry["n"] for entry in oldest["events"]], oldest["more"]) == ([1], False)
    assert inbox.page_before(chat=found, before=1, limit=3)["events"] == []
    assert len(inbox.entries_before(chat=found, limit=10_000)) == chat(chat_id).head
