"""The pages of a workspace's websites, and the start of a new workspace."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Workspace
from chats.domain.websites import create_website
from chats.forms import parse_spans
from chats.models import Website


@pytest.fixture
def website(owner: Membership) -> Website:
    return create_website(membership=owner, name="Shop")


@pytest.fixture
def url(website: Website) -> str:
    return reverse("website_settings", args=[website.workspace.slug, website.pk])


def filled(**changes: Any) -> dict[str, Any]:
    """What a browser sends of the settings page of a new website, with `changes`."""
    hours = {f"hours_{day}": "" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    return {
        "name": "Shop",
        "is_active": "on",
        "allowed_origins": "",
        "accent": "#0b6b83",
        "position": "right",
        "time_zone": "UTC",
        "missed_after": "180",
        "idle_close_after": "60",
        "reopen_within": "24",
        **hours,
        **changes,
    }


def test_a_new_owner_gets_from_the_start_to_the_snippet(client: Client, django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("nora@people.example", "a quiet harbour at dawn", name="Nora")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post(
        reverse("start"),
        {"workspace_name": "Nora's Books", "address": "books.example", "time_zone": "Europe/Oslo"},
        follow=True,
    )
    website = Website.objects.get()
    assert website.name == "books.example"
    assert website.allowed_origins == ["https://books.example", "https://www.books.example"]
    assert website.time_zone == website.workspace.time_zone == "Europe/Oslo"
    page = answer.content.decode()
    assert "/widget.js&quot; data-website=&quot;" + website.key in page
    assert "No page with this widget was seen yet." in page


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("workspace_name", "", "required"),
        ("workspace_name", "x" * 81, "At most 80 characters; this has 81."),
        ("address", "https://a b", "is not a web address"),
        ("address", "https://shop.example/buy", "Give only the website: https://shop.example"),
    ],
)
def test_a_start_that_cannot_be_keeps_what_was_typed_and_makes_nothing(
    alice_client: Client, field: str, value: str, message: str
) -> None:
    typed = {"workspace_name": "Nora's Books", "address": "https://books.example", "time_zone": "UTC", field: value}
    answer = alice_client.post(reverse("start"), typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert message in page
    other = "https://books.example" if field == "workspace_name" else "Nora&#x27;s Books"
    assert other in page
    assert not Workspace.objects.filter(name__startswith="Nora").exists()
    assert not Website.objects.exists()


def test_the_start_needs_somebody_signed_in(client: Client) -> None:
    assert client.get(reverse("start"))["Location"].startswith("/accounts/login/")


def test_settings_are_kept(alice_client: Client, website: Website, url: str) -> None:
    answer = alice_client.post(
        url,
        filled(
            name="Big shop",
            allowed_origins="https://shop.example\r\nhttp://localhost:8241/",
            accent="#ffee55",
            position="left",
            title="Ask us",
            greeting="Ahoy",
            time_zone="Europe/Berlin",
            hours_mon="9-12:30, 13:30 to 17",
            hours_sat="10:00–24:00",
            missed_after="30",
        ),
    )
    assert answer.status_code == 302
    website.refresh_from_db()
    assert (website.name, website.accent, website.position) == ("Big shop", "#ffee55", "left")
    assert website.allowed_origins == ["https://shop.example", "http://localhost:8241"]
    assert website.texts == {"title": "Ask us", "greeting": "Ahoy"}
    assert website.hours == {"mon": [["09:00", "12:30"], ["13:30", "17:00"]], "sat": [["10:00", "24:00"]]}
    assert website.missed_after == 30
    page = alice_client.get(url).content.decode()
    assert "09:00-12:30, 13:30-17:00" in page


def test_what_is_wrong_is_told_at_once_beside_its_field_and_everything_typed_stays(
    alice_client: Client, website: Website, url: str
) -> None:
    typed = filled(
        name="",
        allowed_origins="shop example",
        accent="pink",
        title="t" * 61,
        greeting="A greeting that must stay",
        hours_wed="17:00-09:00",
        hours_thu="late",
        missed_after="3",
        reopen_within="soon",
    )
    page = alice_client.post(url, typed).content.decode()
    for message in (
        "Nothing was saved. Please look at: Name, Websites that may carry the widget, Colour, Title,",
        "This field is required.",
        "Write the colour as six digits",
        "At most 60 characters; this has 61.",
        "The end must be after the start.",
        "Write spans like 09:00-12:30",
        "Choose a number from 10 to 3600.",
        "Enter a whole number.",
    ):
        assert message in page, message
    for value in ("A greeting that must stay", "17:00-09:00", "late", "soon", "shop example"):
        assert value in page, value
    website.refresh_from_db()
    assert website.name == "Shop"
    assert website.texts == {}


def test_texts_of_an_owner_are_shown_as_text(alice_client: Client, url: str) -> None:
    alice_client.post(url, filled(name="<script>alert(1)</script>", greeting="</textarea><script>alert(2)</script>"))
    assert "<script>alert" not in alice_client.get(url).content.decode()


@pytest.mark.parametrize("name", ["websites", "website_new", "website_settings", "website_install"])
def test_who_may_see_the_pages(
    alice_client: Client, carol_client: Client, bob_client: Client, mallory_client: Client, website: Website, name: str
) -> None:
    pk = [website.pk] if name in ("website_settings", "website_install") else []
    url = reverse(name, args=[website.workspace.slug, *pk])
    answers = [client.get(url).status_code for client in (alice_client, carol_client, bob_client, mallory_client)]
    assert answers == [200, 200, 403, 404]


def test_a_website_of_another_workspace_does_not_exist_here(mallory_client: Client, website: Website) -> None:
    for name in ("website_settings", "website_install"):
        url = reverse(name, args=["hill", website.pk])
        assert mallory_client.get(url).status_code == 404
    assert mallory_client.post(reverse("website_settings", args=["hill", website.pk]), filled()).status_code == 404


def test_a_page_that_loads_the_widget_shows_as_installed(
    client: Client, alice_client: Client, website: Website
) -> None:
    url = reverse("website_install", args=[website.workspace.slug, website.pk])
    assert alice_client.get(url, headers={"Accept": "application/json"}).json() == {"seen": None}
    client.get(reverse("widget_config", args=[website.key]), headers={"Origin": "https://shop.example"})
    seen = alice_client.get(url, headers={"Accept": "application/json"}).json()["seen"]
    assert seen["origin"] == "https://shop.example"
    assert "Seen on https://shop.example" in alice_client.get(url).content.decode()
    assert "Installed" in alice_client.get(reverse("websites", args=["harbour"])).content.decode()


@pytest.mark.parametrize(
    ("typed", "spans"),
    [
        ("", []),
        ("9-17", [["09:00", "17:00"]]),
        (" 09:00 – 12:30 ; 13:30 to 17:00,", [["09:00", "12:30"], ["13:30", "17:00"]]),
        ("all day", [["all day"]]),
        ("9-10-11", [["09:00", "10:00", "11:00"]]),
    ],
)
def test_spans_may_be_written_in_several_ways(typed: str, spans: list[list[str]]) -> None:
    assert parse_spans(typed) == spans
