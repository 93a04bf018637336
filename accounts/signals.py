"""News that must travel upwards. Sent on commit, heard in `<app>/receivers.py`; model signals are not used.

| signal | sent with | when |
|---|---|---|
| `signed_up` | `user`, `workspace` | somebody created an account and their first workspace |
| `member_changed` | `membership` | somebody joined, got another role, name or availability |
| `member_removed` | `membership` | a member left or was removed |
| `access_revoked` | `user_id`, `membership_id`, `session_key`, `workspace_id`: one of them set | sockets must close |
| `workspace_closing` | `workspace` | a workspace begins to close |
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

signed_up = Signal()
member_changed = Signal()
member_removed = Signal()
access_revoked = Signal()
workspace_closing = Signal()


def tell(signal: Signal, **news: Any) -> None:
    """Sends `signal` once the running transaction is committed; a receiver that fails is logged and spoils nothing."""
    transaction.on_commit(partial(signal.send_robust, sender=None, **news), robust=True)


def revoke_access(
    *,
    user_id: int | None = None,
    membership_id: int | None = None,
    session_key: str | None = None,
    workspace_id: int | None = None,
) -> None:
    """Tells on commit that the sockets of one user, member, session or workspace must close."""
    tell(
        access_revoked,
        user_id=user_id,
        membership_id=membership_id,
        session_key=session_key,
        workspace_id=workspace_id,
    )
