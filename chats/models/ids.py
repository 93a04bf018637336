"""Ids that tell a stranger nothing but stay close together in an index (UUID version 7, RFC 9562)."""

import secrets
import uuid

import uuid_utils


def new_id() -> uuid.UUID:
    return uuid.UUID(int=uuid_utils.uuid7().int)


def new_website_key() -> str:
    """A public key of 128 random bits, in characters that need no escaping in HTML or a URL."""
    return secrets.token_hex(16)
