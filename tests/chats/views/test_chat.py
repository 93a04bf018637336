"""One chat by HTTP: its page, its older entries, and the forms that need no socket."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from accounts.models import Membership
from chats.models import Chat, Kind, Message, Website
from tests.chats.stories import Story, a_website, begun

CHATS = "/w/harbour/chats/"
JSON = {"accept": "application/json"}
ACTIONS = ["accept", "reply", "note", "close", "reopen", "read"]


@pytest.fixture
def website(owner: Membership) -> Website:
    return a_website(owner)


@pytest.fixture
def story(website: Website) -> Story:
    return begun(website, "Is the kettle safe?", name="Vera", email="vera@shop.example")


def address(story: Story, action: str = "") -> str:
    return f"{CHATS}{story.chat_id}/{action}"


def written(text: str, cid: str | None = None) -> dict[str, str]:
    return {"cid": cid or str(uuid.uuid4()), "text": text}


def texts(story: Story, kind: str = Kind.TEXT) -> list[str]:
    return list(
        Message.objects.filter(chat_id=story.chat_id, kind=kind).order_by("number").values_list("text", flat=True)
    )


def test_the_page_shows_the_conversation_and_who_it_is_with(story: Story, bob_client: Client) -> None:
    page = bob_client.get(address(story)).content.decode()
    for words in (
        "Is the kettle safe?",
        "Vera",
        "vera@shop.example",
        "Unverified",
        "https://shop.example/pricing",
        "Firefox",
    ):
        assert words in page


def test_accepting_by_form_takes_the_chat(story: Story, operator: Membership, bob_client: Client) -> None:
    response = bob_client.post(address(story, "accept/"))
    assert response["Location"] == address(story)
    assert (story.chat.state, story.chat.operator_id) == ("active", operator.pk)


def test_a_chat_that_a_colleague_took_is_not_taken_again(story: Story, admin: Membership, bob_client: Client) -> None:
    story.answered(admin, "Good day")
    page = bob_client.post(address(story, "accept/"), follow=True).content.decode()
    assert "A colleague took this chat first" in page
    assert story.chat.operator_id == admin.pk
    refused = bob_client.post(address(story, "accept/"), headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (409, "taken")


def test_replying_by_form_accepts_and_answers(story: Story, operator: Membership, bob_client: Client) -> None:
    bob_client.post(address(story, "reply/"), written("It is.\r\nGood evening."))
    assert texts(story) == ["Is the kettle safe?", "It is.\nGood evening."]
    assert story.chat.operator_id == operator.pk


def test_the_same_form_sent_twice_is_one_message(story: Story, bob_client: Client) -> None:
    form = written("It is.")
    for _ in range(2):
        assert bob_client.post(address(story, "reply/"), form).status_code == 302
    assert texts(story) == ["Is the kettle safe?", "It is."]


@pytest.mark.parametrize("form", [{"text": " \n"}, {"text": ""}, {"text": "x" * 10_001}, {"text": "x", "cid": "no id"}])
def test_a_form_that_says_nothing_valid_stores_nothing(story: Story, bob_client: Client, form: dict[str, str]) -> None:
    refused = bob_client.post(address(story, "reply/"), {**written("x"), **form}, headers=JSON)
    assert refused.status_code in {400, 413}
    assert texts(story) == ["Is the kettle safe?"]


def test_a_note_is_a_note_and_takes_nothing(story: Story, bob_client: Client) -> None:
    bob_client.post(address(story, "note/"), written("ask Carol"))
    assert texts(story, Kind.NOTE) == ["ask Carol"]
    assert Message.objects.get(chat_id=story.chat_id, kind=Kind.NOTE).visitor_number is None
    assert story.chat.state == "queued"


def test_closing_and_reopening_by_form(story: Story, operator: Membership, bob_client: Client) -> None:
    bob_client.post(address(story, "close/"))
    assert story.chat.state == "closed"
    refused = bob_client.post(address(story, "reply/"), written("too late"), headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (409, "closed")
    assert bob_client.post(address(story, "reopen/"), headers=JSON).json() == {
        "type": "done",
        "chat": str(story.chat_id),
    }
    assert (story.chat.state, story.chat.operator_id) == ("active", operator.pk)


def test_reading_by_form_clears_the_unread(story: Story, bob_client: Client) -> None:
    assert story.chat.unread == 1
    bob_client.post(address(story, "read/"))
    assert story.chat.unread == 0


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_acts_on_a_chat_of_another_workspace(story: Story, mallory_client: Client, action: str) -> None:
    before = Chat.objects.values().get(pk=story.chat_id)
    for slug in ("hill", "harbour"):
        answer = mallory_client.post(f"/w/{slug}/chats/{story.chat_id}/{action}/", written("mine now"))
        assert answer.status_code == 404
    assert Chat.objects.values().get(pk=story.chat_id) == before
    assert texts(story) == ["Is the kettle safe?"]


@pytest.mark.parametrize("page", ["", "messages", "transcript/", "transcript.txt"])
def test_a_foreign_id_and_an_unknown_one_are_the_same_404(story: Story, mallory_client: Client, page: str) -> None:
    foreign = mallory_client.get(f"/w/hill/chats/{story.chat_id}/{page}")
    unknown = mallory_client.get(f"/w/hill/chats/{uuid.uuid4()}/{page}")
    assert foreign.status_code == unknown.status_code == 404
    assert b"kettle" not in foreign.content


@pytest.mark.parametrize("action", ACTIONS)
def test_an_address_that_acts_is_no_address_to_look_at(story: Story, bob_client: Client, action: str) -> None:
    assert bob_client.get(address(story, f"{action}/")).status_code == 405


def test_older_entries_come_as_the_protocol_says(story: Story, bob_client: Client) -> None:
    for number in range(2, 8):
        story.says(f"Message {number}")
    newest = bob_client.get(address(story, "messages?limit=3")).json()
    assert set(newest) == {"chat", "state", "head", "events", "more"}
    assert (newest["chat"], newest["state"], newest["head"], newest["more"]) == (str(story.chat_id), "queued", 7, True)
    assert [entry["n"] for entry in newest["events"]] == [5, 6, 7]
    older = bob_client.get(address(story, "messages?before=5&limit=200")).json()
    assert [entry["n"] for entry in older["events"]] == [1, 2, 3, 4]
    assert older["more"] is False
    assert older["events"][0]["author"] == {"type": "visitor", "name": "Vera"}


@pytest.mark.parametrize(
    "query", ["?before=x", "?before=-1", "?limit=0", "?limit=9999999999999999999999", "?before=99999999999999999999"]
)
def test_nonsense_in_the_query_is_no_error(story: Story, bob_client: Client, query: str) -> None:
    assert bob_client.get(address(story, f"messages{query}")).status_code == 200
    assert bob_client.get(address(story, query)).status_code == 200


def test_scripts_that_are_not_signed_in_get_401_and_no_redirect(story: Story, anonymous_client: Client) -> None:
    assert anonymous_client.get(address(story, "messages"), headers=JSON).status_code == 401


def test_panes_alone_are_for_the_script(story: Story, bob_client: Client) -> None:
    panes = bob_client.get(address(story, "?panes")).content.decode()
    assert 'data-pane="thread"' in panes
    assert 'data-pane="visitor"' in panes
    assert "<html" not in panes
    assert 'data-pane="list"' not in panes


def test_older_messages_can_be_turned_to_without_a_script(website: Website, bob_client: Client) -> None:
    story = begun(website, "the very first")
    for number in range(80):
        story.says(f"Message {number}")
    newest = bob_client.get(address(story)).content.decode()
    assert "the very first" not in newest.split('data-part="entries"')[1]
    assert f"?before={81 - 60 + 1}" in newest
    older = bob_client.get(address(story, "?before=22")).content.decode()
    assert "the very first" in older


def test_a_page_whose_address_is_no_web_address_is_no_link(story: Story, bob_client: Client) -> None:
    Chat.objects.filter(pk=story.chat_id).update(page_url="javascript:alert(1)")
    page = bob_client.get(address(story)).content.decode()
    assert "javascript:alert(1)" in page
    assert 'href="javascript:' not in page
