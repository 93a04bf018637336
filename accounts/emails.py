"""allauth's mails, told as kinds of our own outbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.domain import mail
from accounts.domain.peers import shorten
from accounts.models import User

# allauth's template prefix -> our kind.
KINDS = {
    "account/email/email_confirmation_signup": "confirm_address",
    "account/email/email_confirmation": "confirm_address",
    "account/email/password_reset_key": "reset_password",
    "account/email/account_already_exists": "address_in_use",
    "account/email/unknown_account": "no_account",
}


def absolute(path: str) -> str:
    """A link for a mail: from the configured address, never from what the request claims its host is."""
    return f"{settings.SITE_URL}{path}"


def send_for_allauth(*, template_prefix: str, to: str, context: Mapping[str, Any]) -> None:
    user = context.get("user")
    if not isinstance(user, User):
        user = User.objects.filter(email=to.lower()).first()
    kind = KINDS.get(template_prefix)
    if kind:
        words = _words(kind, context)
    else:
        kind, words = "account_notice", _notice(template_prefix, {**context, "email": to})
    mail.send(kind=kind, to=to, context=words, user=user)


def _words(kind: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """What our template of `kind` needs, out of what allauth gives."""
    if kind == "confirm_address":
        return {"url": context["activate_url"]}
    if kind == "reset_password":
        return {"url": context["password_reset_url"]}
    return {
        "sign_in_url": absolute(reverse("account_login")),
        "sign_up_url": absolute(reverse("account_signup")),
        "reset_url": absolute(reverse("account_reset_password")),
    }


def _notice(template_prefix: str, context: Mapping[str, Any]) -> dict[str, str]:
    """allauth's own words for what has no kind of its own (a password was changed, a key was added)."""
    words = {
        **context,
        "ip": shorten(str(context.get("ip", ""))),
        "current_site": {"name": settings.SITE_NAME, "domain": settings.SITE_URL},
    }
    return {
        "title": " ".join(render_to_string(f"{template_prefix}_subject.txt", words).split()),
        "message": render_to_string(f"{template_prefix}_message.txt", words).strip(),
    }
