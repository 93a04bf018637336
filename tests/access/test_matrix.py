"""Every address and socket, as everybody. The expectations are in `matrix.py`."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.permissions import Permission
from chats.models import ChatState
from tests.access.addresses import Address, addresses
from tests.access.matrix import (
    ADMIN_OPEN,
    ALLAUTH_OPEN,
    LOGIN,
    OBJECTS,
    PAGES,
    ROLES,
    Row,
    Town,
    user_of,
)
from tests.cast import PASSWORD, Cast, signed_in
from tests.factories import ChatFactory, MailFactory, VisitorFactory, WebsiteFactory

LOGIN_PATH = "/accounts/login/"
THIRD_PARTY_ARGUMENTS = {
    "object_id": "1",
    "content_type_id": 1,
    "app_label": "accounts",
    "url": "anything",
    "key": "abc",
    "uidb36": "1",
    "pk": 1,
}


def build_town(cast: Cast, workspace_slug: str) -> Town:
    workspace, person = {"harbour": (cast.harbour, cast.bob), "hill": (cast.hill, cast.erin)}[workspace_slug]
    website = WebsiteFactory(workspace=workspace)
    closed = ChatFactory(
        visitor=VisitorFactory(website=website), state=ChatState.CLOSED, waiting_since=None, closed_at=timezone.now()
    )
    chat = ChatFactory(visitor=VisitorFactory(website=website))
    return Town(workspace, cast.member(person, workspace), website, chat, closed, MailFactory())


def ask(row: Row, town: Town, client: Client, arguments: dict[str, object] | None = None) -> HttpResponseBase:
    """One request whose changes are undone, so that the next role finds the same town."""
    path = reverse(row.name, kwargs=arguments or row.arguments(town))
    with transaction.atomic():
        point = transaction.savepoint()
        answer: HttpResponseBase = client.generic(row.method, path) if not row.data else client.post(path, row.data)
        transaction.savepoint_rollback(point)
    return answer


def outcome(answer: HttpResponseBase) -> int | str:
    if answer.status_code == 302 and answer["Location"].startswith(LOGIN_PATH):
        return LOGIN
    return answer.status_code


def identifier(row: Row) -> str:
    return f"{row.method} {row.name}"


@pytest.mark.parametrize("row", PAGES, ids=identifier)
def test_everybody_gets_what_the_matrix_says(row: Row, cast: Cast, settings: Settings) -> None:
    settings.DEMO = row.demo_only
    town = build_town(cast, "harbour")
    found = {}
    for role in ROLES:
        user = user_of(role, cast)
        found[role] = outcome(ask(row, town, signed_in(user) if user else Client()))
    assert found == dict(row.expect)


@pytest.mark.parametrize("row", [row for row in PAGES if row.demo_only], ids=identifier)
def test_what_is_for_demos_does_not_exist_elsewhere(row: Row, cast: Cast) -> None:
    assert outcome(ask(row, build_town(cast, "harbour"), signed_in(cast.sam))) == 404


@pytest.mark.parametrize(
    "row",
    [row for row in PAGES if row.arguments in OBJECTS],
    ids=identifier,
)
def test_an_owner_does_not_reach_an_object_of_another_workspace(row: Row, cast: Cast) -> None:
    harbour, hill = build_town(cast, "harbour"), build_town(cast, "hill")
    foreign = {**row.arguments(hill), "slug": harbour.workspace.slug}
    assert outcome(ask(row, harbour, signed_in(cast.alice), foreign)) == 404


def test_every_address_is_in_the_matrix() -> None:
    declared = {row.name for row in PAGES}
    missing = [address for address in addresses() if address.owner == "own" and address.name not in declared]
    assert not missing, "\n".join(
        f"{address.route} has no line: add Row({address.name!r}, …) to PAGES in tests/access/matrix.py"
        for address in missing
    )


def test_every_line_of_the_matrix_has_an_address() -> None:
    assert {row.name for row in PAGES} <= {address.name for address in addresses()}


def test_every_address_of_a_workspace_has_a_door() -> None:
    inside = [address for address in addresses() if address.route.startswith("w/")]
    assert inside
    for address in inside:
        assert isinstance(getattr(address.view, "permission", None), Permission), address.route


def third_party(owner: str) -> list[Address]:
    return [address for address in addresses() if address.owner == owner]


def path_of(address: Address) -> str:
    prefix = f"{address.namespace}:" if address.namespace else ""
    kwargs = {name: THIRD_PARTY_ARGUMENTS[name] for name in address.arguments}
    try:
        return reverse(f"{prefix}{address.name}", kwargs=kwargs)
    except NoReverseMatch:
        return "/" + address.route.removesuffix("$").replace("(?P<url>.*)", "anything")


@pytest.mark.parametrize("address", third_party("admin"), ids=lambda address: address.route)
def test_the_admin_is_for_staff_only(address: Address, cast: Cast) -> None:
    path = path_of(address)
    for role in ROLES:
        user = user_of(role, cast)
        answer = (signed_in(user) if user else Client()).get(path)
        if role == "staff":
            assert answer.status_code in {200, 301, 302, 403, 404, 405}
        elif address.name not in ADMIN_OPEN:
            assert answer.status_code in {302, 404, 405}, (role, path)
            assert answer.status_code != 302 or "/admin/login/" in answer["Location"], (role, path)


def test_the_admin_has_no_form_of_its_own_to_sign_in(cast: Cast) -> None:
    assert outcome(Client().get("/admin/login/")) == LOGIN
    for user in (cast.alice, cast.mallory):
        assert signed_in(user).get("/admin/login/").status_code == 403
    answer = Client().post("/admin/login/", {"username": cast.sam.email, "password": PASSWORD})
    assert outcome(answer) == LOGIN


@pytest.mark.parametrize("address", third_party("allauth"), ids=lambda address: address.route)
def test_pages_about_an_account_ask_strangers_to_sign_in(address: Address, cast: Cast) -> None:
    answer = Client().get(path_of(address))
    if address.name in ALLAUTH_OPEN:
        assert answer.status_code < 500
    else:
        assert outcome(answer) == LOGIN
