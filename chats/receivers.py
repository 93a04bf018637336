"""What chats does when accounts has news. Heard in whichever process committed; the live core tells the others."""

from __future__ import annotations

from typing import Any

from accounts.signals import access_revoked, member_changed, member_removed
from chats.live.core import running, session_mark


def close_sockets(
    *,
    user_id: int | None = None,
    membership_id: int | None = None,
    session_key: str | None = None,
    workspace_id: int | None = None,
    **_sent: Any,
) -> None:
    signal = {
        "kind": "revoke",
        "user_id": user_id,
        "membership_id": membership_id,
        "session": session_mark(session_key) if session_key else None,
        "workspace_id": workspace_id,
    }
    for core in running():
        core.tell(signal)


def show_members(*, membership: Any, **_sent: Any) -> None:
    for core in running():
        core.tell(
            {
                "kind": "members",
                "workspace": membership.workspace_id,
                "member": membership.pk,
                "availability": membership.availability,
            }
        )


def connect() -> None:
    access_revoked.connect(close_sockets, dispatch_uid="chats.close_sockets")
    member_changed.connect(show_members, dispatch_uid="chats.show_members")
    member_removed.connect(show_members, dispatch_uid="chats.show_members_left")
