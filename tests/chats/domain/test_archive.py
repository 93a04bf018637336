"""Closed chats: what a search finds, what it must not find, and how its pages follow each other."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from accounts.models import Membership
from chats.domain import archive
from chats.domain.archive import Mark, Search, closed_page
from chats.models import Website
from tests.chats.stories import Story, a_website, begun

NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def website(owner: Membership) -> Website:
    return a_website(owner)


def closed_chat(
    website: Website, member: Membership, text: str = "Hello", *, at: dt.datetime = NOON, name: str = ""
) -> Story:
    return begun(website, text, at=at, name=name).answered(member, "Good day").closed(member)


def ids(page: archive.Page) -> list[uuid.UUID]:
    return [chat.pk for chat in page.chats]


def test_the_newest_come_first_and_open_chats_are_not_among_them(website: Website, operator: Membership) -> None:
    older = closed_chat(website, operator, at=NOON)
    newer = closed_chat(website, operator, at=NOON + dt.timedelta(hours=1))
    begun(website, "still open")
    assert ids(closed_page(membership=operator, search=Search())) == [newer.chat_id, older.chat_id]


def test_another_workspace_finds_none_of_them(website: Website, operator: Membership, stranger: Membership) -> None:
    story = closed_chat(website, operator, "the secret of the harbour", name="Vera")
    for search in (Search(), Search(text="secret"), Search(visitor="Vera")):
        assert story.chat_id in ids(closed_page(membership=operator, search=search))
        assert ids(closed_page(membership=stranger, search=search)) == []


def test_words_are_found_in_messages_and_notes_whatever_their_case(website: Website, operator: Membership) -> None:
    kettle = closed_chat(website, operator, "Is the Kettle safe?")
    noted = begun(website, "Hello", at=NOON).noted(operator, "wants a KETTLE").closed(operator)
    closed_chat(website, operator, "something else")
    assert set(ids(closed_page(membership=operator, search=Search(text="kettle")))) == {kettle.chat_id, noted.chat_id}


@pytest.mark.parametrize("text", ["100%", "a_b", "\\"])
def test_wildcards_are_words_like_any_other(website: Website, operator: Membership, text: str) -> None:
    found = closed_chat(website, operator, f"exactly {text} here")
    closed_chat(website, operator, "1000 axb")
    assert ids(closed_page(membership=operator, search=Search(text=text))) == [found.chat_id]


def test_a_visitor_is_found_by_name_by_address_and_by_the_letters_of_a_nameless_one(
    website: Website, operator: Membership
) -> None:
    vera = begun(website, name="Vera Olsen", email="vera@shop.example", at=NOON).closed(operator)
    nameless = closed_chat(website, operator)
    letters = nameless.visitor_id.hex[-4:].upper()
    assert ids(closed_page(membership=operator, search=Search(visitor="olsen"))) == [vera.chat_id]
    assert ids(closed_page(membership=operator, search=Search(visitor="vera@shop"))) == [vera.chat_id]
    assert ids(closed_page(membership=operator, search=Search(visitor=f"Visitor {letters}"))) == [nameless.chat_id]


def test_days_are_the_workspaces_days_and_the_last_one_is_included(website: Website, operator: Membership) -> None:
    workspace = operator.workspace
    workspace.time_zone = "Pacific/Auckland"
    workspace.save(update_fields=["time_zone"])
    late = closed_chat(website, operator, at=dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC))  # the 11th in Auckland
    eleventh, tenth = dt.date(2026, 3, 11), dt.date(2026, 3, 10)
    assert ids(closed_page(membership=operator, search=Search(since=eleventh, until=eleventh))) == [late.chat_id]
    assert ids(closed_page(membership=operator, search=Search(until=tenth))) == []


def test_pages_follow_each_other_without_a_gap_or_a_double(website: Website, operator: Membership) -> None:
    stories = [closed_chat(website, operator, at=NOON) for _ in range(7)]
    seen: list[uuid.UUID] = []
    after: Mark | None = None
    while True:
        page = closed_page(membership=operator, search=Search(), after=after, limit=3)
        seen += ids(page)
        if page.older is None:
            break
        after = Mark.read(str(page.older))
    assert len(seen) == len(set(seen)) == len(stories)


def test_a_rare_word_is_looked_for_a_stretch_at_a_time(
    website: Website, operator: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "SCAN", 3)
    rare = closed_chat(website, operator, "a needle", at=NOON)
    for hour in range(1, 5):
        closed_chat(website, operator, "hay", at=NOON + dt.timedelta(hours=hour))
    first = closed_page(membership=operator, search=Search(text="needle"))
    assert (ids(first), first.cut) == ([], True)
    second = closed_page(membership=operator, search=Search(text="needle"), after=first.older)
    assert ids(second) == [rare.chat_id]
    assert (second.older, second.cut) == (None, False)


@pytest.mark.parametrize("nonsense", ["", "x", "2026-03-10~y", "2026-03-10T12:00:00~" + "0" * 32, "~"])
def test_a_mark_that_makes_no_sense_is_the_first_page(nonsense: str) -> None:
    assert Mark.read(nonsense) is None


def test_lines_without_notes_hold_nothing_of_a_note(website: Website, operator: Membership) -> None:
    story = begun(website, "Hello").noted(operator, "a difficult one").answered(operator, "Good day").closed(operator)
    texts = [line.text for line in archive.all_lines(chat=story.chat, notes=False)]
    assert "a difficult one" not in texts
    assert {"Hello", "Good day"} <= set(texts)
    assert "a difficult one" in [line.text for line in archive.all_lines(chat=story.chat, notes=True)]


def test_a_long_transcript_is_read_page_by_page(
    website: Website, operator: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = begun(website, "1")
    for number in range(2, 8):
        story.says(str(number))
    monkeypatch.setattr(archive, "LINES", 3)
    assert [line.text for line in archive.all_lines(chat=story.chat, notes=True)] == list("1234567")


def test_earlier_chats_are_the_same_visitors(website: Website, operator: Membership) -> None:
    first = closed_chat(website, operator)
    closed_chat(website, operator, "another person")
    first.chat.website.reopen_within = 0
    Website.objects.filter(pk=website.pk).update(reopen_within=0)
    again = begun(website, "me again", visitor_id=first.visitor_id)
    assert again.chat_id != first.chat_id
    assert [chat.pk for chat in archive.earlier_chats(chat=again.chat)] == [first.chat_id]
