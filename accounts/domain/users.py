"""What a person may change about themselves, and how staff close and open an account."""

from __future__ import annotations

from django.db import transaction

from accounts.domain import audit
from accounts.domain.lines import one_line
from accounts.models import Membership, Theme, User
from accounts.signals import member_changed, revoke_access, tell

LONGEST_NAME = 80


def change_profile(*, user: User, name: str, theme: str) -> None:
    with transaction.atomic():
        line = one_line(name, LONGEST_NAME)
        renamed = user.name != line
        user.name, user.theme = line, Theme(theme)
        user.save(update_fields=["name", "theme"])
        if renamed:
            for membership in Membership.objects.active().filter(user=user).select_related("workspace", "user"):
                tell(member_changed, membership=membership)


def change_password(*, user: User, password: str) -> None:
    """Sets the password; every session and socket of the user ends, the caller's included."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record(action="user.password_changed", actor=user, target=f"user:{user.pk}")
        revoke_access(user_id=user.pk)


def set_active(*, user: User, active: bool, actor: User) -> None:
    """Closes or opens an account. A closed one can do nothing at once, on pages and sockets alike."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=active)
        user.is_active = active
        action = "user.activated" if active else "user.deactivated"
        audit.record(action=action, actor=actor, target=f"user:{user.pk}")
        if not active:
            revoke_access(user_id=user.pk)
