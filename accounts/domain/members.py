"""Who belongs to a workspace, and as what.

Every verb that could leave a workspace without an owner, or with more members than seats, first locks the workspace's
row: two owners who demote each other then go one after the other, and the second is refused. (SQLite has no row
locks; its transactions take the one write lock when they begin, which orders them just the same.)
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.domain import audit
from accounts.models import Availability, Membership, Role, User, Workspace
from accounts.permissions import Permission, may
from accounts.signals import member_changed, member_removed, revoke_access, tell


class MemberRefused(Exception):
    """A change of the team that is not possible."""


class AlreadyMember(MemberRefused):
    pass


class NoSeatLeft(MemberRefused):
    pass


class NotAMember(MemberRefused):
    """The member was removed meanwhile."""


class LastOwner(MemberRefused):
    """A workspace always has an owner."""


class NotAllowed(MemberRefused):
    """The actor's role does not reach this far."""


def add_member(*, workspace: Workspace, user: User, role: str, actor: User | None = None) -> Membership:
    """Makes `user` a member, or a removed member one again."""
    with transaction.atomic():
        locked = _lock(workspace.pk)
        seats = locked.memberships.filter(removed_at__isnull=True)
        if seats.filter(user=user).exists():
            raise AlreadyMember
        if seats.count() >= locked.seat_limit:
            raise NoSeatLeft
        membership, _ = Membership.objects.update_or_create(
            workspace=locked,
            user=user,
            defaults={
                "role": Role(role),
                "removed_at": None,
                "joined_at": timezone.now(),
                "availability": Availability.ONLINE,
            },
        )
        audit.record(
            action="member.added",
            workspace=locked,
            actor=actor,
            target=f"member:{membership.pk}",
            facts={"role": membership.role},
        )
        tell(member_changed, membership=membership)
    return membership


def change_role(*, membership: Membership, role: str, actor: Membership) -> Membership:
    """Gives a member another role. Raises `NotAllowed`, `NotAMember`, `LastOwner`."""
    wanted = Role(role)
    with transaction.atomic():
        _lock(membership.workspace_id)
        target, by = _fresh(membership), _fresh(actor)
        if not may_give(actor=by, target=target, role=wanted):
            raise NotAllowed
        if target.role == wanted:
            return target
        if target.role == Role.OWNER:
            _keep_an_owner(target)
        before, target.role = target.role, wanted
        target.save(update_fields=["role"])
        audit.record(
            action="member.role_changed",
            workspace=target.workspace,
            actor=by.user,
            target=f"member:{target.pk}",
            facts={"from": before, "to": wanted},
        )
        tell(member_changed, membership=target)
    return target


def remove_member(*, membership: Membership, actor: Membership) -> None:
    """Ends a membership (one's own: leaving); its sockets close. Raises `NotAllowed`, `NotAMember`, `LastOwner`."""
    with transaction.atomic():
        _lock(membership.workspace_id)
        target, by = _fresh(membership), _fresh(actor)
        if not may_remove(actor=by, target=target):
            raise NotAllowed
        if target.role == Role.OWNER:
            _keep_an_owner(target)
        target.removed_at = timezone.now()
        target.save(update_fields=["removed_at"])
        target.departments.clear()
        audit.record(
            action="member.left" if target.pk == by.pk else "member.removed",
            workspace=target.workspace,
            actor=by.user,
            target=f"member:{target.pk}",
        )
        tell(member_removed, membership=target)
        revoke_access(membership_id=target.pk)


def may_give(*, actor: Membership, target: Membership, role: str) -> bool:
    """Only those who manage owners may make one or change one."""
    touches_owners = Role.OWNER in (target.role, role)
    return _same_team(actor, target) and may(
        actor, Permission.MANAGE_OWNERS if touches_owners else Permission.MANAGE_TEAM
    )


def may_remove(*, actor: Membership, target: Membership) -> bool:
    """Everybody may leave; only those who manage owners may remove one."""
    if not _same_team(actor, target):
        return False
    if actor.pk == target.pk:
        return True
    return may(actor, Permission.MANAGE_OWNERS if target.role == Role.OWNER else Permission.MANAGE_TEAM)


def set_availability(*, membership: Membership, availability: str) -> None:
    """What a member wants colleagues and visitors to see. Not audited: it is no act on anything."""
    membership.availability = Availability(availability)
    with transaction.atomic():
        membership.save(update_fields=["availability"])
        tell(member_changed, membership=membership)


def mark_seen(*, member_ids: Iterable[int]) -> None:
    Membership.objects.filter(pk__in=list(member_ids)).update(last_seen_at=timezone.now())


def _lock(workspace_id: int) -> Workspace:
    # NO KEY UPDATE: rows that refer to the workspace can still be written meanwhile.
    return Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


def _fresh(membership: Membership) -> Membership:
    """The row as it is under the lock, not as the page that asked had read it."""
    row = Membership.objects.select_related("workspace", "user").filter(pk=membership.pk, removed_at=None).first()
    if row is None:
        raise NotAMember
    return row


def _same_team(actor: Membership, target: Membership) -> bool:
    return actor.workspace_id == target.workspace_id


def _keep_an_owner(leaving: Membership) -> None:
    """An owner who cannot sign in keeps nothing: only active users count."""
    others = Membership.objects.active().filter(workspace_id=leaving.workspace_id, role=Role.OWNER)
    if not others.exclude(pk=leaving.pk).exists():
        raise LastOwner
