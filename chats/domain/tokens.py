"""The visitor's token: signed before the first message, then ruled by its stored hash (protocol section 2).

It carries the website, the visitor's random id, when it was made and 128 random bits; nothing about the person.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.utils import timezone

from chats.models import Visitor, VisitorToken, Website

SALT = "chats.visitor-token"


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature held. `expired` is for the caller to judge: renewing forgives it, everything else not."""

    website_id: int
    visitor_id: uuid.UUID
    made_at: dt.datetime
    digest: str

    @property
    def expires_at(self) -> dt.datetime:
        return self.made_at + dt.timedelta(seconds=settings.VISITOR_TOKEN_SECONDS)

    @property
    def expired(self) -> bool:
        return timezone.now() >= self.expires_at


def issue(*, website_id: int, visitor_id: uuid.UUID | None = None) -> str:
    """A new token; without `visitor_id` for a new visitor. Writes nothing."""
    visitor = visitor_id or uuid.uuid4()
    made = int(timezone.now().timestamp() * 1000)
    value = f"{website_id}.{visitor.hex}.{made}.{secrets.token_hex(16)}"
    return signing.Signer(salt=SALT).sign(value)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def read(token: str) -> Token | None:
    """What a token says, if its signature holds; its age is not judged here."""
    try:
        value = signing.Signer(salt=SALT).unsign(token)
        website, visitor, made, _random = value.split(".")
        made_at = dt.datetime.fromtimestamp(int(made) / 1000, tz=dt.UTC)
        return Token(int(website), uuid.UUID(visitor), made_at, digest_of(token))
    except (signing.BadSignature, ValueError, OverflowError):
        return None


def _known(token: Token, visitor: Visitor) -> bool:
    """Whether the visitor's row still lets this token in. One that was signed before the row existed belongs to it."""
    if token.website_id != visitor.website_id or token.made_at < visitor.tokens_from:
        return False
    signed_before_the_row = token.made_at <= visitor.created_at
    return signed_before_the_row or VisitorToken.objects.filter(visitor=visitor, digest=token.digest).exists()


def admit(text: str, *, website_id: int | None = None) -> tuple[Token, Visitor | None] | None:
    """The token and its visitor's row (None before the first message), or None: it opens nothing."""
    token = read(text)
    if token is None or token.expired or (website_id is not None and token.website_id != website_id):
        return None
    visitor = Visitor.objects.filter(pk=token.visitor_id).first()
    if visitor is not None and not _known(token, visitor):
        return None
    return token, visitor


def renew(text: str, *, website: Website) -> str | None:
    """A fresh token for the same visitor; also for an expired one, for 30 days, where a visitor row exists."""
    token = read(text)
    if token is None or token.website_id != website.pk:
        return None
    visitor = Visitor.objects.filter(pk=token.visitor_id).first()
    if visitor is None:
        return None if token.expired else issue(website_id=website.pk, visitor_id=token.visitor_id)
    late = dt.timedelta(seconds=settings.VISITOR_RENEW_SECONDS)
    if not _known(token, visitor) or timezone.now() >= token.expires_at + late:
        return None
    fresh = issue(website_id=website.pk, visitor_id=visitor.pk)
    made = read(fresh)
    assert made is not None
    VisitorToken.objects.create(visitor=visitor, digest=made.digest, expires_at=made.expires_at)
    return fresh
