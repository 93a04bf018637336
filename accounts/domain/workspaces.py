"""Workspaces: how one begins, and what its managers may change."""

from __future__ import annotations

import secrets

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.domain import audit
from accounts.domain.lines import one_line
from accounts.models import Membership, Role, User, Workspace
from accounts.signals import signed_up, tell

LONGEST_NAME = 80
SLUG_LENGTH = 50
_TRIES = 5


def create_workspace(*, owner: User, name: str, time_zone: str = "UTC") -> Membership:
    """A new workspace with `owner` as its only member; its address is made from the name."""
    with transaction.atomic():
        first = not Membership.objects.filter(user=owner).exists()
        workspace = _with_free_slug(name=one_line(name, LONGEST_NAME), time_zone=time_zone)
        membership = Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
        audit.record(action="workspace.created", workspace=workspace, actor=owner, target=f"workspace:{workspace.pk}")
        if first:
            tell(signed_up, user=owner, workspace=workspace)
    return membership


def change_workspace(*, membership: Membership, name: str, time_zone: str) -> Workspace:
    with transaction.atomic():
        workspace = Workspace.objects.select_for_update(no_key=True).get(pk=membership.workspace_id)
        name = one_line(name, LONGEST_NAME)
        changed = [
            field for field, value in (("name", name), ("time_zone", time_zone)) if getattr(workspace, field) != value
        ]
        if not changed:
            return workspace
        workspace.name, workspace.time_zone = name, time_zone
        workspace.save(update_fields=changed)
        audit.record(
            action="workspace.changed",
            workspace=workspace,
            actor=membership.user,
            target=f"workspace:{workspace.pk}",
            facts={"fields": ", ".join(changed)},
        )
    return workspace


def _with_free_slug(*, name: str, time_zone: str) -> Workspace:
    """The uniqueness of the address is the database's to decide; a taken one gets a random ending."""
    base = slugify(name)[: SLUG_LENGTH - 7].strip("-") or "workspace"
    slug = base
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                return Workspace.objects.create(name=name, slug=slug, time_zone=time_zone)
        except IntegrityError:
            slug = f"{base}-{secrets.token_hex(3)}"
    raise RuntimeError("no free address for a workspace")
