"""What a visitor says of themselves is cut down to what is kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chats.domain import entries as e
from chats.domain import tokens, visitors
from chats.models import Chat, Visitor, Website
from tests.chats.talk import new_cid, told


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://shop.example/a/b?token=secret#part", "https://shop.example/a/b"),
        ("https://user:password@shop.example:8443/a", "https://shop.example:8443/a"),
        ("http://SHOP.example", "http://shop.example"),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("data:text/html,hi", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("https://shop.example:99999/", ""),
        ("", ""),
    ],
)
def test_a_page_is_kept_without_user_query_and_fragment(url: str, kept: str) -> None:
    assert visitors.page_address(url) == kept


@settings(max_examples=150, deadline=None)
@given(url=st.text(max_size=60) | st.text(max_size=60).map(lambda path: f"https://shop.example/{path}"))
def test_no_address_is_an_error_or_longer_than_its_column(url: str) -> None:
    assert len(visitors.page_address(url)) <= 1000
    assert len(visitors.origin_of(url)) <= 255
    assert "?" not in visitors.page_address(url)


def test_of_a_referrer_only_the_origin_is_kept() -> None:
    assert visitors.origin_of("https://search.example:8080/find?q=my+illness") == "https://search.example:8080"
    assert visitors.origin_of("android-app://com.example") == ""


def test_a_person_is_one_line_each_and_a_wrong_address_is_left_out() -> None:
    person = visitors.person_of(
        {"name": "  Vera\r\nBcc: all \t ", "email": "vera@shop.example", "phone": "1" * 90, "size": "XL"}
    )
    assert person == e.Person("Vera Bcc: all", "vera@shop.example", "1" * 40)
    assert visitors.person_of({"email": "vera at shop"}) == e.Person()
    assert visitors.person_of({"email": "vera@shop.example\nBcc: all@shop.example"}).email == ""
    assert len(visitors.person_of({"name": "x" * 900}).name) == 80


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge", "Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140 Mobile Safari/537", "Chrome", "Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Version/18 Safari/604", "Safari", "iOS"),
        ("curl/8.0", "", ""),
    ],
)
def test_of_browser_and_system_only_the_family_is_stored(agent: str, browser: str, system: str, shop: Website) -> None:
    token = tokens.read(tokens.issue(website_id=shop.pk))
    assert token is not None
    frame = {
        "cid": new_cid(),
        "text": "Hello",
        "fields": {"name": "Vera", "email": "vera@shop.example"},
        "page": {"url": "https://shop.example/a?b=c", "title": "A\npage", "referrer": "https://search.example/?q=me"},
    }
    entry = visitors.entry_of_start(
        frame, token=token, workspace_id=shop.workspace_id, address="203.0.113.0", agent=agent, somebody_here=True
    )
    found = Chat.objects.get(pk=told(entry).chat_id)
    visitor = Visitor.objects.get(pk=token.visitor_id)
    assert (visitor.browser, visitor.system, visitor.ip) == (browser, system, "203.0.113.0")
    assert (visitor.name, visitor.email) == ("Vera", "vera@shop.example")
    assert (found.page_url, found.page_title) == ("https://shop.example/a", "A page")
    assert found.referrer_origin == "https://search.example"
