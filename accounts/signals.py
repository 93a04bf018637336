"""News that must travel upwards. Sent on commit, heard in `<app>/receivers.py`; model signals are not used.

| signal | sent with | when |
|---|---|---|
| `signed_up` | `user`, `workspace` | somebody created an account and their first workspace |
| `member_removed` | `membership` | a member left or was removed |
| `access_revoked` | `user_id`, `membership_id`, `session_key`, `workspace_id`: one of them set | sockets must close |
| `workspace_closing` | `workspace` | a workspace begins to close |
"""

from django.dispatch import Signal

signed_up = Signal()
member_removed = Signal()
access_revoked = Signal()
workspace_closing = Signal()
