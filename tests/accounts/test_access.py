"""The door: through a request, and through the cookies of a socket."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.access import LAST_WORKSPACE, SocketMember, member_of_session
from accounts.domain import members
from accounts.models import Membership, Role, User, Workspace, WorkspaceState
from accounts.permissions import GRANTS, LABELS, Permission, matrix, may
from tests.cast import Cast, signed_in

TEAM = "/w/harbour/team/"
JSON = {"accept": "application/json"}


def test_a_stranger_gets_the_same_404_as_for_a_workspace_that_does_not_exist(
    mallory_client: Client, harbour: Workspace
) -> None:
    stranger, nowhere = mallory_client.get(TEAM), mallory_client.get("/w/nowhere/team/")
    assert stranger.status_code == nowhere.status_code == 404
    assert harbour.name not in stranger.content.decode()
    assert stranger.content.decode().replace("harbour", "nowhere") == nowhere.content.decode()


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [("anonymous", 401, "forbidden"), ("mallory", 404, "not_found"), ("bob", 403, "forbidden")],
)
def test_a_script_gets_an_error_frame(cast: Cast, who: str, status: int, code: str) -> None:
    client = Client() if who == "anonymous" else signed_in(getattr(cast, who))
    answer = client.get("/w/harbour/settings/", headers=JSON)
    assert answer.status_code == status
    assert answer.json() == {"type": "error", "code": code}


def test_somebody_signed_out_comes_back_after_signing_in(db: None) -> None:
    answer = Client().get(f"{TEAM}?a=1")
    assert answer["Location"] == "/accounts/login/?next=/w/harbour/team/%3Fa%3D1"


@pytest.mark.parametrize("state", [WorkspaceState.SUSPENDED, WorkspaceState.CLOSING])
def test_a_workspace_that_is_not_active_is_closed_to_its_members(
    alice_client: Client, harbour: Workspace, state: str
) -> None:
    assert alice_client.get(TEAM).status_code == 200
    Workspace.objects.filter(pk=harbour.pk).update(state=state)
    assert alice_client.get(TEAM).status_code == 404


def test_a_removed_member_is_out_with_the_next_request(bob_client: Client, operator: Membership) -> None:
    assert bob_client.get(TEAM).status_code == 200
    members.remove_member(membership=operator, actor=operator)
    assert bob_client.get(TEAM).status_code == 404


def test_the_role_counts_where_it_was_given(erin_client: Client) -> None:
    assert erin_client.get("/w/harbour/settings/").status_code == 200
    assert erin_client.get("/w/hill/settings/").status_code == 403


def test_the_workspace_that_was_used_last_is_remembered(erin_client: Client) -> None:
    erin_client.get("/w/hill/team/")
    assert erin_client.session[LAST_WORKSPACE] == "hill"
    assert erin_client.get("/")["Location"] == "/w/hill/"
    erin_client.get(TEAM)
    assert erin_client.get("/")["Location"] == "/w/harbour/"


def test_what_members_see_is_in_no_cache(alice_client: Client) -> None:
    for path in (TEAM, "/profile/", "/workspaces/"):
        assert {"private", "no-store"} <= set(alice_client.get(path)["Cache-Control"].split(", "))


# Sockets


def cookies_of(client: Client) -> dict[str, str]:
    return {name: morsel.value for name, morsel in client.cookies.items()}


def enter(client: Client, slug: str = "harbour") -> SocketMember | None:
    return member_of_session(cookies_of(client), slug)


def test_a_socket_finds_its_member(bob_client: Client, operator: Membership) -> None:
    found = enter(bob_client)
    assert found is not None
    assert found.membership == operator
    assert found.session_key == bob_client.session.session_key


def test_a_socket_without_a_session_finds_nobody(cast: Cast) -> None:
    assert member_of_session({}, "harbour") is None
    assert member_of_session({django_settings.SESSION_COOKIE_NAME: "x" * 32}, "harbour") is None
    assert member_of_session({django_settings.SESSION_COOKIE_NAME: ""}, "harbour") is None


@pytest.mark.parametrize("who", ["mallory", "dave", "sam"])
def test_a_socket_of_somebody_else_finds_nobody(cast: Cast, who: str) -> None:
    assert enter(signed_in(getattr(cast, who))) is None


def test_a_socket_is_refused_after_logging_out(bob_client: Client) -> None:
    cookies = cookies_of(bob_client)
    bob_client.logout()
    assert member_of_session(cookies, "harbour") is None


def test_a_socket_is_refused_after_the_password_changed(bob_client: Client, bob: User) -> None:
    bob.set_password("something else entirely")
    bob.save()
    assert enter(bob_client) is None


def test_a_socket_is_refused_to_a_deactivated_user(bob_client: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert enter(bob_client) is None


def test_a_socket_is_refused_after_removal(bob_client: Client, operator: Membership) -> None:
    Membership.objects.filter(pk=operator.pk).update(removed_at=timezone.now())
    assert enter(bob_client) is None


def test_a_socket_survives_a_change_of_the_secret_that_is_rolled_over(bob_client: Client, settings: Settings) -> None:
    cookies, key = cookies_of(bob_client), bob_client.session.session_key
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next secret of the suite, long enough"
    found = member_of_session(cookies, "harbour")
    assert found is not None
    assert found.session_key == key
    settings.SECRET_KEY_FALLBACKS = []
    assert member_of_session(cookies, "harbour") is None


# Permissions


def test_every_role_and_permission_is_in_the_table() -> None:
    assert set(GRANTS) == set(Role.values)
    assert set(LABELS) == set(Permission)
    assert len(matrix()) == len(Permission)


def test_roles_build_on_each_other() -> None:
    assert GRANTS[Role.OPERATOR] < GRANTS[Role.ADMIN] < GRANTS[Role.OWNER] == set(Permission)


def test_an_operator_answers_but_does_not_configure(operator: Membership, admin: Membership) -> None:
    for permission in (Permission.SEE_CHATS, Permission.ACCEPT_CHATS, Permission.ANSWER_CHATS, Permission.CLOSE_CHATS):
        assert may(operator, permission)
    for permission in (Permission.MANAGE_WEBSITES, Permission.MANAGE_TEAM, Permission.MANAGE_WORKSPACE):
        assert not may(operator, permission)
        assert may(admin, permission)
    assert not may(admin, Permission.MANAGE_BILLING)
