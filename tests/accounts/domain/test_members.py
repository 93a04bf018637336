"""The team's rules, and that they hold when several people act at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.domain import members
from accounts.models import AuditEntry, Availability, Membership, Role, User, Workspace
from accounts.signals import access_revoked, member_removed
from tests.cast import Cast, assemble
from tests.factories import MembershipFactory, UserFactory


def test_an_admin_makes_an_operator_an_admin(admin: Membership, operator: Membership) -> None:
    members.change_role(membership=operator, role=Role.ADMIN, actor=admin)
    operator.refresh_from_db()
    assert operator.role == Role.ADMIN
    entry = AuditEntry.objects.get(action="member.role_changed")
    assert entry.facts == {"from": "operator", "to": "admin"}
    assert entry.actor == admin.user


def test_an_operator_changes_no_role(operator: Membership, admin: Membership) -> None:
    with pytest.raises(members.NotAllowed):
        members.change_role(membership=admin, role=Role.OPERATOR, actor=operator)
    admin.refresh_from_db()
    assert admin.role == Role.ADMIN
    assert not AuditEntry.objects.exists()


def test_an_admin_does_not_make_herself_owner(admin: Membership) -> None:
    with pytest.raises(members.NotAllowed):
        members.change_role(membership=admin, role=Role.OWNER, actor=admin)


def test_an_admin_does_not_demote_an_owner(admin: Membership, owner: Membership) -> None:
    with pytest.raises(members.NotAllowed):
        members.change_role(membership=owner, role=Role.OPERATOR, actor=admin)


def test_an_owner_of_another_workspace_changes_nobody(stranger: Membership, operator: Membership) -> None:
    with pytest.raises(members.NotAllowed):
        members.change_role(membership=operator, role=Role.ADMIN, actor=stranger)
    with pytest.raises(members.NotAllowed):
        members.remove_member(membership=operator, actor=stranger)


def test_the_last_owner_cannot_step_down(owner: Membership) -> None:
    with pytest.raises(members.LastOwner):
        members.change_role(membership=owner, role=Role.ADMIN, actor=owner)
    with pytest.raises(members.LastOwner):
        members.remove_member(membership=owner, actor=owner)


def test_one_of_two_owners_steps_down(owner: Membership, admin: Membership) -> None:
    members.change_role(membership=admin, role=Role.OWNER, actor=owner)
    members.change_role(membership=owner, role=Role.ADMIN, actor=owner)
    owner.refresh_from_db()
    assert owner.role == Role.ADMIN


def test_an_owner_who_was_deactivated_does_not_count(owner: Membership, admin: Membership) -> None:
    members.change_role(membership=admin, role=Role.OWNER, actor=owner)
    User.objects.filter(pk=admin.user_id).update(is_active=False)
    with pytest.raises(members.LastOwner):
        members.remove_member(membership=owner, actor=owner)


def test_a_removed_actor_does_nothing(admin: Membership, operator: Membership, owner: Membership) -> None:
    members.remove_member(membership=admin, actor=owner)
    with pytest.raises(members.NotAMember):
        members.remove_member(membership=operator, actor=admin)


def test_removal_is_told_after_commit_and_closes_sockets(
    owner: Membership, operator: Membership, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[tuple[str, object]] = []

    def on_removed(membership: Membership, **_: object) -> None:
        heard.append(("removed", membership.pk))

    def on_revoked(membership_id: int | None, **_: object) -> None:
        heard.append(("revoked", membership_id))

    member_removed.connect(on_removed)
    access_revoked.connect(on_revoked)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            members.remove_member(membership=operator, actor=owner)
            assert heard == []
    finally:
        member_removed.disconnect(on_removed)
        access_revoked.disconnect(on_revoked)
    assert heard == [("removed", operator.pk), ("revoked", operator.pk)]


def test_an_operator_may_leave(operator: Membership) -> None:
    members.remove_member(membership=operator, actor=operator)
    operator.refresh_from_db()
    assert operator.removed_at is not None
    assert AuditEntry.objects.get().action == "member.left"


def test_a_removed_member_comes_back_as_the_same_row(cast: Cast) -> None:
    gone = cast.member(cast.dave)
    back = members.add_member(workspace=cast.harbour, user=cast.dave, role=Role.OPERATOR, actor=cast.alice)
    assert back.pk == gone.pk
    assert back.removed_at is None


def test_nobody_is_added_twice(harbour: Workspace, bob: User) -> None:
    with pytest.raises(members.AlreadyMember):
        members.add_member(workspace=harbour, user=bob, role=Role.ADMIN)
    assert Membership.objects.get(workspace=harbour, user=bob).role == Role.OPERATOR


def test_a_full_workspace_takes_nobody(harbour: Workspace, mallory: User) -> None:
    Workspace.objects.filter(pk=harbour.pk).update(seat_limit=4)
    with pytest.raises(members.NoSeatLeft):
        members.add_member(workspace=harbour, user=mallory, role=Role.OPERATOR)


def test_a_removed_member_holds_no_seat(cast: Cast) -> None:
    Workspace.objects.filter(pk=cast.harbour.pk).update(seat_limit=5)
    members.add_member(workspace=cast.harbour, user=cast.mallory, role=Role.OPERATOR)


def test_a_member_chooses_to_be_away(operator: Membership) -> None:
    members.set_availability(membership=operator, availability=Availability.AWAY)
    operator.refresh_from_db()
    assert operator.availability == Availability.AWAY


def test_seen_members_are_marked(operator: Membership, admin: Membership) -> None:
    members.mark_seen(member_ids=[operator.pk])
    operator.refresh_from_db()
    admin.refresh_from_db()
    assert operator.last_seen_at is not None
    assert admin.last_seen_at is None


def at_once(acts: list[Callable[[], object]]) -> list[str]:
    """Runs `acts` in threads of their own that start together; tells how each ended: "done" or the error's name."""
    start = threading.Barrier(len(acts))
    ends: list[str] = []

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
            ends.append("done")
        except members.MemberRefused as refused:
            ends.append(type(refused).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(ends)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_demote_each_other_leave_one() -> None:
    cast = assemble()
    alice, carol = cast.member(cast.alice), cast.member(cast.carol)
    members.change_role(membership=carol, role=Role.OWNER, actor=alice)
    ends = at_once(
        [
            lambda: members.change_role(membership=carol, role=Role.OPERATOR, actor=alice),
            lambda: members.change_role(membership=alice, role=Role.OPERATOR, actor=carol),
        ]
    )
    assert ends == ["NotAllowed", "done"]
    assert Membership.objects.filter(workspace=cast.harbour, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_owners_who_step_down_at_once_leave_one() -> None:
    cast = assemble()
    first = cast.member(cast.alice)
    owners = [first, *(MembershipFactory(workspace=cast.harbour, role=Role.OWNER) for _ in range(19))]
    ends = at_once(
        [lambda row=row: members.change_role(membership=row, role=Role.ADMIN, actor=row) for row in owners]  # type: ignore[misc]
    )
    assert ends == ["LastOwner", *["done"] * 19]
    assert Membership.objects.active().filter(workspace=cast.harbour, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_people_who_join_at_once_share_the_seats_there_are() -> None:
    cast = assemble()
    Workspace.objects.filter(pk=cast.harbour.pk).update(seat_limit=7)
    people = UserFactory.create_batch(20)
    ends = at_once(
        [
            lambda user=user: members.add_member(workspace=cast.harbour, user=user, role=Role.OPERATOR)  # type: ignore[misc]
            for user in people
        ]
    )
    assert ends == [*["NoSeatLeft"] * 17, *["done"] * 3]


@pytest.mark.django_db(transaction=True)
def test_one_person_added_twenty_times_is_one_member() -> None:
    cast = assemble()
    ends = at_once(
        [lambda: members.add_member(workspace=cast.harbour, user=cast.mallory, role=Role.OPERATOR) for _ in range(20)]
    )
    assert ends == [*["AlreadyMember"] * 19, "done"]
