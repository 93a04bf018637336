"""Secrets at rest: what the database must keep readable for us, and unreadable for whoever copies it."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """Encrypted under a key that is no longer known."""


def _keys() -> MultiFernet:
    """One key for each secret key, the current first, so that a rotation leaves what is stored readable."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(secret))) for secret in secrets])


def _derived(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), digest_size=32, person=b"at-rest").digest()


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Raises `Unreadable`."""
    try:
        return _keys().decrypt(text.encode()).decode()
    except InvalidToken:
        raise Unreadable from None
