"""What the widget's frame asks over HTTP (protocol section 2)."""

from __future__ import annotations

import datetime as dt
import json
import time
import uuid
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from chats.domain import entries as e
from chats.domain import tokens
from chats.live import presence
from chats.models import Chat, Message, Visitor, VisitorToken, Website
from chats.views import visitor_api
from tests.chats.talk import Guest, done, new_cid, note, open_chat, reply, told

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


def session(website: Website, token: str = "", **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client().post(reverse("widget_session", args=[website.key]), headers=headers, **more)


def post(guest: Guest, frame: Any, *, token: str | None = None, website: Website | None = None) -> Any:
    body = frame if isinstance(frame, str | bytes) else json.dumps(frame)
    return Client().post(
        reverse("widget_messages", args=[(website or guest.website).key]),
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {guest.token if token is None else token}", "User-Agent": "Firefox/1 Linux"},
    )


def get(guest: Guest, *, token: str | None = None, **query: Any) -> Any:
    return Client().get(
        reverse("widget_messages", args=[guest.website.key]),
        query,
        headers={"Authorization": f"Bearer {guest.token if token is None else token}"},
    )


def start(text: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"type": "start", "cid": new_cid(), "text": text, "fields": {}, "consent": [], "page": {}, **more}


def send(text: str = "More", **more: Any) -> dict[str, Any]:
    return {"type": "send", "cid": new_cid(), "text": text, **more}


def code(answer: HttpResponse) -> tuple[int, str]:
    frame = json.loads(answer.content)
    assert frame["type"] == "error"
    return answer.status_code, frame["code"]


# Sessions


def test_a_session_is_a_token_and_writes_no_row(shop: Website) -> None:
    answer = session(shop).json()
    assert set(answer) == {"token", "expires_in", "online", "limits"}
    assert (answer["expires_in"], answer["online"]) == (12 * 3600, False)
    assert answer["limits"]["rate"] == {"per_s": 5, "burst": 20}
    token = tokens.read(answer["token"])
    assert token is not None
    assert token.website_id == shop.pk
    assert not Visitor.objects.exists()
    assert not VisitorToken.objects.exists()


def test_every_session_is_another_visitor(shop: Website) -> None:
    made = {tokens.read(session(shop).json()["token"]).visitor_id for _ in range(3)}  # type: ignore[union-attr]
    assert len(made) == 3


def test_online_says_whether_somebody_of_this_workspace_is_here(shop: Website, bookshop: Website) -> None:
    now = time.time()
    presence.store().put(shop.workspace_id, "a process", presence.Lease(1, "online", now, now + 90))
    presence.store().put(bookshop.workspace_id, "a process", presence.Lease(2, "away", now, now + 90))
    assert session(shop).json()["online"] is True
    assert session(bookshop).json()["online"] is False


def test_nothing_touches_cookies_or_the_session(vera: Guest, bob_client: Client) -> None:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in bob_client.cookies.items())
    path = reverse("widget_messages", args=[vera.website.key])
    bearer = {"Authorization": f"Bearer {vera.token}", "Cookie": cookies}
    for answer in (
        Client().post(reverse("widget_session", args=[vera.website.key]), headers={"Cookie": cookies}),
        Client(enforce_csrf_checks=True).post(
            path, json.dumps(start()), content_type="application/json", headers=bearer
        ),
        Client().get(path, headers=bearer),
        Client().get(path, headers={"Cookie": cookies}),
    ):
        assert "Set-Cookie" not in answer
        assert not answer.cookies
        assert "cookie" not in answer.get("Vary", "").lower()
        assert "no-store" in answer["Cache-Control"]
    assert Message.objects.filter(kind="text").count() == 1


def test_an_unknown_or_switched_off_website_is_404_everywhere(vera: Guest) -> None:
    ghost = Website(key="0" * 32)
    assert code(session(ghost)) == (404, "not_found")
    assert code(post(vera, start(), website=ghost)) == (404, "not_found")
    Website.objects.filter(pk=vera.website.pk).update(is_active=False)
    assert code(session(vera.website)) == (404, "not_found")
    assert code(get(vera)) == (404, "not_found")
    assert code(post(vera, start())) == (404, "not_found")


def test_sessions_are_limited_per_shortened_address_and_website(
    shop: Website, bookshop: Website, settings: Any
) -> None:
    settings.LIVE_SESSIONS_PER_IP = (2, 3600)
    assert session(shop, REMOTE_ADDR="198.51.100.1").status_code == 200
    assert session(shop, REMOTE_ADDR="198.51.100.2").status_code == 200
    refused = session(shop, REMOTE_ADDR="198.51.100.3")
    assert code(refused) == (429, "too_fast")
    assert 1 <= int(refused["Retry-After"]) <= 3600
    assert session(shop, REMOTE_ADDR="198.51.101.1").status_code == 200
    assert session(bookshop, REMOTE_ADDR="198.51.100.3").status_code == 200


def test_sessions_are_limited_per_website(shop: Website, bookshop: Website, settings: Any) -> None:
    settings.LIVE_SESSIONS_PER_WEBSITE = (1, 60)
    assert session(shop, REMOTE_ADDR="198.51.100.1").status_code == 200
    assert code(session(shop, REMOTE_ADDR="203.0.113.1")) == (429, "too_fast")
    assert session(bookshop, REMOTE_ADDR="203.0.113.1").status_code == 200


# Renewing


def test_renewing_keeps_the_visitor_and_their_chat(vera: Guest) -> None:
    chat_id = open_chat(vera)
    with time_machine.travel(dt.datetime.now(dt.UTC) + HOUR, tick=False):
        fresh = session(vera.website, vera.token).json()["token"]
        assert fresh != vera.token
        assert get(vera, token=fresh).json()["chat"] == str(chat_id)


def test_a_token_without_a_row_is_renewed_until_it_expires(vera: Guest) -> None:
    assert session(vera.website, vera.token).status_code == 200
    with time_machine.travel(dt.datetime.now(dt.UTC) + 13 * HOUR, tick=False):
        assert code(session(vera.website, vera.token)) == (401, "forbidden")


def test_a_token_with_a_row_is_renewed_for_thirty_days_and_opens_nothing_meanwhile(vera: Guest) -> None:
    open_chat(vera)
    now = dt.datetime.now(dt.UTC)
    with time_machine.travel(now + 12 * HOUR + dt.timedelta(days=30) - HOUR, tick=False):
        assert get(vera).status_code == 401
        assert session(vera.website, vera.token).status_code == 200
    with time_machine.travel(now + 12 * HOUR + dt.timedelta(days=30) + HOUR, tick=False):
        assert code(session(vera.website, vera.token)) == (401, "forbidden")


def test_a_wrong_foreign_or_withdrawn_token_renews_nothing(vera: Guest, hugo: Guest) -> None:
    open_chat(vera)
    time.sleep(0.01)
    unknown = tokens.issue(website_id=vera.website.pk, visitor_id=vera.id)
    for token in ("nonsense", hugo.token, vera.token[:-1] + "x", unknown):
        assert code(session(vera.website, token)) == (401, "forbidden")
    Visitor.objects.filter(pk=vera.id).update(tokens_from=dt.datetime.now(dt.UTC) + HOUR)
    assert code(session(vera.website, vera.token)) == (401, "forbidden")


# Posting


def test_a_conversation_by_posts_is_the_same_as_by_socket(vera: Guest, bob_acts: e.Member) -> None:
    first = post(vera, start("Hello", page={"url": "https://shop.example/?secret=1", "title": "Shop"}))
    assert first.status_code == 200
    sent = first.json()
    assert (sent["type"], sent["n"]) == ("sent", 1)
    told(reply(uuid.UUID(sent["chat"]), bob_acts))
    assert post(vera, send()).json()["chat"] == sent["chat"]
    found = Chat.objects.get()
    assert (found.page_url, found.page_title) == ("https://shop.example/", "Shop")
    assert (found.visitor.browser, found.visitor.system, found.visitor.ip) == ("Firefox", "Linux", "127.0.0.0")


def test_the_id_space_is_shared_with_the_socket(vera: Guest) -> None:
    frame = start("Hello")
    first = post(vera, frame)
    assert post(vera, frame).json() == first.json()
    assert told(vera.start("Hello", cid=frame["cid"])).number == 1
    assert code(post(vera, {**frame, "text": "Other"})) == (409, "conflict")
    assert json.loads(post(vera, {**frame, "text": "Other"}).content)["cid"] == frame["cid"]
    assert Message.objects.filter(kind="text").count() == 1


def test_the_status_says_what_the_code_says(vera: Guest) -> None:
    assert code(post(vera, send())) == (404, "not_found")
    assert code(post(vera, "{")) == (400, "bad_frame")
    assert code(post(vera, b"\xff\xfe")) == (400, "bad_frame")
    assert code(post(vera, {"type": "close"})) == (400, "unknown_type")
    assert code(post(vera, send("  "))) == (400, "bad_frame")
    assert code(post(vera, send("x" * 10_001))) == (413, "too_large")
    assert code(post(vera, send(padding="x" * 70_000))) == (413, "too_large")
    assert code(post(vera, start(), token="")) == (401, "forbidden")
    assert code(post(vera, start(), token="nonsense")) == (401, "forbidden")
    assert not Message.objects.exists()


def test_a_closed_chat_is_409_once_it_cannot_be_reopened(vera: Guest) -> None:
    Website.objects.filter(pk=vera.website.pk).update(reopen_within=0)
    post(vera, start())
    done(vera.close())
    assert code(post(vera, send())) == (409, "closed")
    assert post(vera, start()).status_code == 200


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_405(method: str, vera: Guest) -> None:
    path = reverse("widget_messages", args=[vera.website.key])
    assert getattr(Client(), method)(path).status_code == 405
    assert Client().get(reverse("widget_session", args=[vera.website.key])).status_code == 405


def test_who_writes_too_fast_gets_429_and_when_to_come_back(vera: Guest, victor: Guest, settings: Any) -> None:
    settings.LIVE_VISITOR_RATE = (0.2, 2)
    assert post(vera, start()).status_code == 200
    assert post(vera, send()).status_code == 200
    frame = send()
    refused = post(vera, frame)
    assert code(refused) == (429, "too_fast")
    assert json.loads(refused.content)["cid"] == frame["cid"]
    assert 1 <= int(refused["Retry-After"]) <= 5
    assert post(victor, start()).status_code == 200
    assert Message.objects.filter(kind="text").count() == 3


def test_new_chats_are_limited_and_going_on_is_not(vera: Guest, victor: Guest, settings: Any) -> None:
    settings.LIVE_CHATS_PER_IP = (1, 3600)
    assert post(vera, start()).status_code == 200
    assert post(vera, start()).status_code == 200
    refused = post(victor, start())
    assert code(refused) == (429, "too_fast")
    assert int(refused["Retry-After"]) > 1
    assert Chat.objects.count() == 1


def test_a_database_that_is_away_is_503_with_the_protocols_error(vera: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: Any, **_more: Any) -> Any:
        raise OperationalError("connection to server at 10.0.0.1 failed")

    monkeypatch.setattr(visitor_api, "append_messages", away)
    refused = post(vera, start())
    assert code(refused) == (503, "unavailable")
    assert refused["Retry-After"] == "2"
    assert b"10.0.0.1" not in refused.content


# Reading


def test_without_a_chat_there_is_an_empty_page(vera: Guest, hill_chat: uuid.UUID) -> None:
    empty: dict[str, Any] = {"chat": None, "state": None, "head": 0, "events": [], "more": False}
    assert get(vera).json() == empty
    assert get(vera, chat=str(hill_chat), after=0).json() == empty


def test_pages_bring_what_a_visitor_may_see_in_the_visitors_numbers(
    vera: Guest, bob_acts: e.Member, settings: Any
) -> None:
    settings.LIVE_PAGE = 2
    chat_id = open_chat(vera)
    told(note(chat_id, bob_acts, "For us"))
    told(reply(chat_id, bob_acts))
    told(vera.send())
    first = get(vera, chat=str(chat_id), after=0).json()
    assert (first["chat"], first["state"], first["head"], first["more"]) == (str(chat_id), "active", 4, True)
    second = get(vera, chat=str(chat_id), after=2).json()
    assert second["more"] is False
    assert [entry["n"] for entry in first["events"] + second["events"]] == [1, 2, 3, 4]
    assert "For us" not in json.dumps([first, second])
    assert get(vera, chat=str(chat_id), after=4).json()["events"] == []


def test_another_chats_number_and_one_that_is_ahead_count_as_nothing(vera: Guest, hill_chat: uuid.UUID) -> None:
    chat_id = open_chat(vera)
    queries: list[dict[str, Any]] = [
        {"chat": str(hill_chat), "after": 1},
        {"chat": str(chat_id), "after": 99},
        {"chat": "x", "after": 1},
    ]
    for query in queries:
        page = get(vera, **query).json()
        assert (page["chat"], [entry["n"] for entry in page["events"]]) == (str(chat_id), [1])
        assert "secret" not in json.dumps(page)


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 30, "9" * 5000])
def test_a_wrong_number_is_bad(after: str, vera: Guest) -> None:
    assert code(get(vera, after=after)) == (400, "bad_frame")


def test_a_token_reads_only_its_own_visitors_chat_on_its_own_website(
    vera: Guest, victor: Guest, hugo: Guest, hill_chat: uuid.UUID
) -> None:
    mine = open_chat(vera)
    open_chat(victor)
    assert get(vera).json()["chat"] == str(mine)
    assert code(get(vera, token=hugo.token)) == (401, "forbidden")
    time.sleep(0.01)
    forged = tokens.issue(website_id=vera.website.pk, visitor_id=victor.id)
    assert code(get(vera, token=forged)) == (401, "forbidden")


# Cost


def test_the_cost_of_a_call_is_fixed(vera: Guest, bob_acts: e.Member, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(1):
        session(vera.website)
    chat_id = open_chat(vera)
    for number in range(30):
        told(vera.send(str(number)))
        told(reply(chat_id, bob_acts, str(number)))
    with django_assert_max_num_queries(5):
        assert get(vera).status_code == 200
    with django_assert_max_num_queries(13):
        assert post(vera, send()).status_code == 200
