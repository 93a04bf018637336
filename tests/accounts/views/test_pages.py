"""The front door, the profile, the settings of a workspace, the demo's mail."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Membership, Theme, User, Workspace
from tests.cast import signed_in
from tests.factories import MailFactory, UserFactory

SETTINGS = "/w/harbour/settings/"


def test_a_guest_sees_what_this_is(db: None, client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "/accounts/signup/" in answer.content.decode()


def test_a_member_of_one_workspace_lands_in_its_inbox(bob_client: Client) -> None:
    assert bob_client.get("/")["Location"] == "/w/harbour/"


def test_a_member_of_several_chooses(erin_client: Client) -> None:
    assert erin_client.get("/")["Location"] == "/workspaces/"
    page = erin_client.get("/workspaces/").content.decode()
    assert "Harbour Coffee" in page
    assert "Hill Books" in page


def test_a_user_without_workspace_is_led_to_the_start(db: None) -> None:
    assert signed_in(UserFactory()).get("/")["Location"] == "/start/"


def test_staff_without_workspace_land_in_the_admin(sam_client: Client) -> None:
    assert sam_client.get("/")["Location"] == "/admin/"


def test_a_workspace_that_was_left_is_not_where_one_lands(erin_client: Client, erin: User) -> None:
    erin_client.get("/w/hill/team/")
    Membership.objects.filter(user=erin, workspace__slug="hill").delete()
    assert erin_client.get("/")["Location"] == "/w/harbour/"


def test_the_switcher_shows_only_ones_own(bob_client: Client) -> None:
    assert "Hill Books" not in bob_client.get("/workspaces/").content.decode()


def test_a_profile_is_saved(bob_client: Client, bob: User) -> None:
    bob_client.post("/profile/", {"name": "Robert", "theme": "dark"})
    bob.refresh_from_db()
    assert (bob.name, bob.theme) == ("Robert", Theme.DARK)
    assert 'data-theme="dark"' in bob_client.get("/profile/").content.decode()


def test_a_form_keeps_what_was_typed(bob_client: Client, bob: User) -> None:
    answer = bob_client.post("/profile/", {"name": "Robert", "theme": "purple"})
    assert answer.status_code == 200
    assert 'value="Robert"' in answer.content.decode()
    bob.refresh_from_db()
    assert bob.name == "Bob"


def test_a_profile_form_changes_nothing_else(bob_client: Client, bob: User) -> None:
    bob_client.post(
        "/profile/",
        {"name": "Robert", "theme": "dark", "email": "b@evil.example", "is_staff": "on", "is_superuser": "on"},
    )
    bob.refresh_from_db()
    assert (bob.email, bob.is_staff, bob.is_superuser) == ("bob@harbour.example", False, False)


def test_a_workspace_is_renamed(alice_client: Client, harbour: Workspace) -> None:
    alice_client.post(SETTINGS, {"name": "Harbour Tea", "time_zone": "Europe/Oslo"})
    harbour.refresh_from_db()
    assert (harbour.name, harbour.slug, harbour.time_zone) == ("Harbour Tea", "harbour", "Europe/Oslo")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd"])
def test_a_time_zone_that_does_not_exist_is_refused(alice_client: Client, harbour: Workspace, zone: str) -> None:
    assert alice_client.post(SETTINGS, {"name": "Harbour Tea", "time_zone": zone}).status_code == 200
    harbour.refresh_from_db()
    assert (harbour.name, harbour.time_zone) == ("Harbour Coffee", "UTC")


def test_the_demos_mail_is_nowhere_else(db: None, client: Client, sam_client: Client) -> None:
    row = MailFactory()
    for path in ("/dev/mail/", f"/dev/mail/{row.pk}/"):
        assert client.get(path).status_code == 404
        assert sam_client.get(path).status_code == 404


def test_the_demos_mail_shows_the_newest_first(db: None, client: Client, settings: Settings) -> None:
    settings.DEMO = True
    rows = MailFactory.create_batch(60)
    first, second = client.get("/dev/mail/").content.decode(), client.get("/dev/mail/?page=2").content.decode()
    assert first.index(rows[59].to) < first.index(rows[58].to)
    assert rows[0].to not in first
    assert rows[0].to in second


def test_markup_in_a_mail_is_shown_as_text(db: None, client: Client, settings: Settings) -> None:
    settings.DEMO = True
    row = MailFactory(text="<script>alert(1)</script> https://chat.example/x")
    page = client.get(f"/dev/mail/{row.pk}/").content.decode()
    assert "<script>alert" not in page
    assert 'href="https://chat.example/x"' in page
