"""Writing down who did what, inside the transaction of the act."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.models import AuditEntry, User, Workspace

Fact = str | int | bool | None


def record(
    *,
    action: str,
    workspace: Workspace | None = None,
    actor: User | None = None,
    target: str = "",
    facts: Mapping[str, Fact] | None = None,
) -> AuditEntry:
    """Adds an entry. `target` and `facts` hold ids, roles and counts; never a text or an address of a person."""
    return AuditEntry.objects.create(
        action=action, workspace=workspace, actor=actor, target=target, facts=dict(facts or {})
    )
