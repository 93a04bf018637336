from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.permissions import LABELS
from tests.cast import Cast

TEAM = "/w/harbour/team/"


def test_the_team_is_listed_with_role_and_state(bob_client: Client, admin: Membership) -> None:
    admin.last_seen_at = timezone.now()
    admin.save()
    page = bob_client.get(TEAM).content.decode()
    for name in ("Alice", "Carol", "Bob", "Erin"):
        assert name in page
    assert "Dave" not in page, "removed"
    assert "Mallory" not in page, "of another workspace"


@pytest.mark.parametrize(
    ("availability", "seconds_ago", "shown"),
    [("online", 20, "Online"), ("away", 20, "Away"), ("online", 600, "Not here"), ("online", None, "Not here")],
)
def test_who_has_no_live_connection_is_not_shown_as_online(
    mallory_client: Client, stranger: Membership, availability: str, seconds_ago: int | None, shown: str
) -> None:
    stranger.availability = availability
    stranger.last_seen_at = timezone.now() - timedelta(seconds=seconds_ago) if seconds_ago else None
    stranger.save()
    Membership.objects.filter(workspace=stranger.workspace).exclude(pk=stranger.pk).delete()
    row = mallory_client.get("/w/hill/team/").content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    assert [word for word in ("Online", "Away", "Not here") if word in row] == [shown]


def test_everybody_sees_who_may_do_what(bob_client: Client) -> None:
    page = bob_client.get(TEAM).content.decode()
    for label in LABELS.values():
        assert str(label).replace("'", "&#x27;") in page


def test_an_operator_is_offered_nothing_to_change(bob_client: Client) -> None:
    page = bob_client.get(TEAM).content.decode()
    assert "/role/" not in page
    assert "/remove/" not in page


def test_an_admin_is_offered_no_owner(carol_client: Client, cast: Cast) -> None:
    page = carol_client.get(TEAM).content.decode()
    assert f"/team/{cast.member(cast.bob).pk}/role/" in page
    assert f"/team/{cast.member(cast.alice).pk}/role/" not in page
    assert 'value="owner"' not in page


def test_a_role_is_changed(alice_client: Client, operator: Membership) -> None:
    answer = alice_client.post(f"{TEAM}{operator.pk}/role/", {"role": "admin"}, follow=True)
    assert b"The role is changed." in answer.content
    operator.refresh_from_db()
    assert operator.role == Role.ADMIN


@pytest.mark.parametrize("role", ["emperor", "", "OWNER"])
def test_a_role_that_does_not_exist_changes_nothing(alice_client: Client, operator: Membership, role: str) -> None:
    assert alice_client.post(f"{TEAM}{operator.pk}/role/", {"role": role}).status_code == 302
    operator.refresh_from_db()
    assert operator.role == Role.OPERATOR


def test_an_admin_who_forges_the_form_makes_no_owner(carol_client: Client, operator: Membership) -> None:
    answer = carol_client.post(f"{TEAM}{operator.pk}/role/", {"role": "owner"}, follow=True)
    assert b"Only an owner can do that." in answer.content
    operator.refresh_from_db()
    assert operator.role == Role.OPERATOR


def test_the_last_owner_is_told_why_not(alice_client: Client, owner: Membership) -> None:
    answer = alice_client.post(f"{TEAM}{owner.pk}/role/", {"role": "operator"}, follow=True)
    assert b"A workspace needs an owner." in answer.content


def test_a_member_is_removed(alice_client: Client, bob_client: Client, operator: Membership) -> None:
    assert alice_client.post(f"{TEAM}{operator.pk}/remove/").status_code == 302
    assert bob_client.get(TEAM).status_code == 404


def test_changes_need_a_post_and_a_token(alice: User, operator: Membership) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(f"{TEAM}{operator.pk}/remove/").status_code == 405
    assert client.post(f"{TEAM}{operator.pk}/remove/").status_code == 403
    operator.refresh_from_db()
    assert operator.removed_at is None


def test_a_name_is_shown_as_text(alice_client: Client, bob: User) -> None:
    bob.name = "<script>alert(1)</script>"
    bob.save()
    assert "<script>alert" not in alice_client.get(TEAM).content.decode()
