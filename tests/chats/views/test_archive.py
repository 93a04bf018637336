"""Closed chats: the list, the transcript and its plain text."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from chats.domain import names
from chats.models import Website
from tests.chats.stories import Story, a_website, begun

CLOSED = "/w/harbour/closed/"


@pytest.fixture
def website(owner: Membership) -> Website:
    return a_website(owner, "Harbour shop")


@pytest.fixture
def story(website: Website, operator: Membership) -> Story:
    """A visitor, an answer, a note, and the end."""
    told = begun(website, "Is the <b>kettle</b> safe?", name="Vera")
    return told.noted(operator, "she asks every year").answered(operator, "It is.").closed(operator)


def searched(client: Client, address: str = CLOSED, **wanted: str) -> Any:
    return client.post(address, wanted, follow=True)


def test_a_closed_chat_is_listed_and_found_by_its_words(story: Story, bob_client: Client) -> None:
    assert str(story.chat_id) in bob_client.get(CLOSED).content.decode()
    assert str(story.chat_id) in searched(bob_client, text="kettle").content.decode()
    assert str(story.chat_id) not in searched(bob_client, text="teapot").content.decode()


def test_a_search_that_finds_nothing_says_so(story: Story, bob_client: Client) -> None:
    assert "No closed chat matches" in searched(bob_client, visitor="nobody").content.decode()


@pytest.mark.parametrize(
    "query",
    [("since", "yesterday"), ("text", "\x00"), ("until", "9999-12-31"), ("since", "0001-01-01"), ("text", "x" * 300)],
)
def test_nonsense_in_the_search_is_no_error(story: Story, bob_client: Client, query: tuple[str, str]) -> None:
    assert searched(bob_client, **dict([query])).status_code == 200
    assert bob_client.get(CLOSED + "?after=x").status_code == 200


def test_what_was_looked_for_stands_in_no_address(story: Story, bob_client: Client) -> None:
    answer = bob_client.post(CLOSED, {"visitor": "vera@shop.example"})
    assert answer["Location"] == CLOSED + "?found=1"
    shown = bob_client.get(CLOSED + "?found=1").content.decode()
    assert 'value="vera@shop.example"' in shown
    assert "vera" not in bob_client.get(CLOSED).content.decode().split("closed-list")[0].lower()


def test_a_search_is_kept_from_page_to_page(
    story: Story, website: Website, operator: Membership, bob_client: Client
) -> None:
    for _ in range(55):
        begun(website, "a kettle").closed(operator)
    first = searched(bob_client, text="kettle")
    assert "found=1&after=" in first.context["older"]
    second = bob_client.get(f"{CLOSED}?{first.context['older']}")
    assert str(story.chat_id) in second.content.decode()


def test_the_list_costs_the_same_for_one_chat_and_for_fifty(
    story: Story,
    website: Website,
    operator: Membership,
    bob_client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(49):
        begun(website).closed(operator)
    bob_client.get(CLOSED)
    names.forget()
    cache.clear()
    with django_assert_max_num_queries(12):
        bob_client.get(CLOSED)


def test_another_workspace_lists_none_of_them(story: Story, mallory_client: Client) -> None:
    assert str(story.chat_id) not in searched(mallory_client, "/w/hill/closed/", text="kettle").content.decode()
    assert mallory_client.get(CLOSED).status_code == 404


def test_the_transcript_marks_notes_and_escapes_words(story: Story, bob_client: Client) -> None:
    page = bob_client.get(f"/w/harbour/chats/{story.chat_id}/transcript/").content.decode()
    assert "&lt;b&gt;kettle&lt;/b&gt;" in page
    assert "entry-note" in page
    assert "Internal note" in page


def test_the_text_for_the_team_marks_notes(story: Story, bob_client: Client) -> None:
    response = bob_client.get(f"/w/harbour/chats/{story.chat_id}/transcript.txt")
    text = response.content.decode()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    assert "Vera: Is the <b>kettle</b> safe?" in text
    assert "INTERNAL NOTE by Bob: she asks every year" in text
    assert "UTC" in text


def test_the_text_for_the_visitor_holds_nothing_of_a_note(story: Story, bob_client: Client) -> None:
    text = bob_client.get(f"/w/harbour/chats/{story.chat_id}/transcript.txt?for=visitor").content.decode()
    assert "Bob: It is." in text
    assert "every year" not in text
    assert "NOTE" not in text
