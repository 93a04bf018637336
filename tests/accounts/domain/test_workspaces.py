from __future__ import annotations

import threading

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.domain import workspaces
from accounts.models import AuditEntry, Membership, Role, User, Workspace
from accounts.signals import signed_up
from tests.factories import UserFactory


def test_its_creator_owns_it(db: None) -> None:
    user = UserFactory()
    membership = workspaces.create_workspace(owner=user, name="  Café Zürich ", time_zone="Europe/Zurich")
    workspace = membership.workspace
    assert membership.role == Role.OWNER
    assert (workspace.name, workspace.slug, workspace.time_zone) == ("Café Zürich", "cafe-zurich", "Europe/Zurich")
    assert AuditEntry.objects.get().action == "workspace.created"


@pytest.mark.parametrize("name", ["東京", "---", "?"])
def test_a_name_without_latin_letters_still_gets_an_address(db: None, name: str) -> None:
    assert workspaces.create_workspace(owner=UserFactory(), name=name).workspace.slug == "workspace"


def test_a_taken_address_gets_an_ending(harbour: Workspace, mallory: User) -> None:
    slug = workspaces.create_workspace(owner=mallory, name="Harbour").workspace.slug
    assert slug.startswith("harbour-")
    assert not Membership.objects.filter(workspace=harbour, user=mallory).exists()


def test_a_long_name_fits(db: None) -> None:
    for _ in range(2):
        assert len(workspaces.create_workspace(owner=UserFactory(), name="a" * 80).workspace.slug) <= 50


def test_only_the_first_workspace_of_a_person_is_a_sign_up(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[str] = []

    def on_signed_up(workspace: Workspace, **_: object) -> None:
        heard.append(workspace.name)

    signed_up.connect(on_signed_up)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            user = UserFactory()
            workspaces.create_workspace(owner=user, name="First")
            workspaces.create_workspace(owner=user, name="Second")
    finally:
        signed_up.disconnect(on_signed_up)
    assert heard == ["First"]


def test_a_change_is_audited_without_what_was_written(owner: Membership) -> None:
    workspaces.change_workspace(membership=owner, name="Harbour Tea", time_zone="Europe/Oslo")
    assert Workspace.objects.get(slug="harbour").name == "Harbour Tea"
    entry = AuditEntry.objects.get()
    assert entry.facts == {"fields": "name, time_zone"}


def test_a_change_that_changes_nothing_leaves_no_trace(owner: Membership) -> None:
    workspaces.change_workspace(membership=owner, name=owner.workspace.name, time_zone=owner.workspace.time_zone)
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_twelve_people_with_the_same_name_get_twelve_addresses() -> None:
    users = UserFactory.create_batch(12)
    start = threading.Barrier(len(users))

    def create(user: User) -> None:
        start.wait()
        try:
            workspaces.create_workspace(owner=user, name="Same")
        finally:
            connection.close()

    threads = [threading.Thread(target=create, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert Workspace.objects.count() == Membership.objects.filter(role=Role.OWNER).count() == 12
