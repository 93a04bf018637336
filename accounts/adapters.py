"""Where allauth is told our ways."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.urls import reverse

from accounts.domain import peers, secrets, users
from accounts.domain.throttle import wait_for
from accounts.emails import absolute, send_for_allauth
from accounts.models import User

IN_USE_MAILS = {"count": 3, "seconds": 3600}


class AccountAdapter(DefaultAccountAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        send_for_allauth(template_prefix=template_prefix, to=email, context=context)

    def send_account_already_exists_mail(self, email: str) -> None:
        # A new account costs one hash; without this, the quicker answer would tell that the address is known.
        make_password("the same time for everybody")
        # The form is open to everybody: it must not fill somebody's mailbox.
        if not wait_for("address-in-use", email.lower(), **IN_USE_MAILS):
            super().send_account_already_exists_mail(email)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return absolute(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        # allauth's "key" is `<user>-<token>`, and its pattern takes the two apart again.
        user, _, token = key.partition("-")
        return absolute(reverse("account_reset_password_from_key", kwargs={"uidb36": user, "key": token}))

    def get_client_ip(self, request: HttpRequest) -> str:
        # allauth's own counting raises when the header has fewer hops than proxies are configured.
        return peers.counted_as(peers.peer_of(request)) or "0.0.0.0"  # noqa: S104 - one counter for who has no address

    def set_password(self, user: User, password: str) -> None:
        users.change_password(user=user, password=password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("profile")


class MFAAdapter(DefaultMFAAdapter):
    """allauth would store the secrets of authenticators and the seeds of recovery codes in clear."""

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(encrypted_text)
