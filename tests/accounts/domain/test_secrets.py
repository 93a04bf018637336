"""Secrets of a second factor, as they lie in the database."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from pytest_django import Settings

from accounts.domain import secrets
from accounts.models import User


def test_an_authenticators_secret_is_not_stored_in_clear(bob: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(bob, secret)

    stored = Authenticator.objects.get(user=bob)

    assert secret not in str(stored.data)
    assert secrets.decrypt(stored.data["secret"]) == secret


def test_the_same_secret_looks_different_each_time() -> None:
    assert secrets.encrypt("a seed") != secrets.encrypt("a seed")


def test_a_rotated_key_still_opens_what_it_closed(settings: Settings) -> None:
    closed = secrets.encrypt("a seed")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next key, " + "y" * 40

    assert secrets.decrypt(closed) == "a seed"


def test_a_key_that_is_gone_opens_nothing(settings: Settings) -> None:
    closed = secrets.encrypt("a seed")
    settings.SECRET_KEY = "another key, " + "y" * 40

    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(closed)
