"""What accounts does when it hears news from outside."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.signals import revoke_access


@receiver(user_logged_out)
def close_sockets_of_session(request: HttpRequest | None, **_: Any) -> None:
    """Heard before the session is emptied, whoever logs out: the console, the admin, allauth."""
    if request is not None and request.session.session_key:
        revoke_access(session_key=request.session.session_key)
