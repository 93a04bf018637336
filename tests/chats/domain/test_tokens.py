"""The visitor's token: what it opens, for how long, and what ends it (protocol section 2)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import signing
from hypothesis import given, settings
from hypothesis import strategies as st

from chats.domain import tokens
from chats.models import Visitor, VisitorToken, Website
from tests.chats.talk import Guest, open_chat, told

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def guest(shop: Website) -> Guest:
    """A visitor whose token was made at noon."""
    with time_machine.travel(NOW, tick=False):
        return Guest(shop)


def at(moment: dt.datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def test_a_token_says_its_website_and_visitor_and_is_never_the_same_twice(shop: Website) -> None:
    first = tokens.issue(website_id=shop.pk)
    second = tokens.issue(website_id=shop.pk)
    read = tokens.read(first)
    assert read is not None
    assert read.website_id == shop.pk
    assert read.digest == tokens.digest_of(first) != tokens.digest_of(second)
    assert read.visitor_id != tokens.read(second).visitor_id  # type: ignore[union-attr]


@settings(max_examples=100, deadline=None)
@given(value=st.text(max_size=80))
def test_whatever_is_not_signed_says_nothing(value: str) -> None:
    assert tokens.read(value) is None


@pytest.mark.parametrize(
    "value", ["", "1", "1.2.3.4", "x.y.z.w", "1.nothex.9.r", "1." + "0" * 32 + "." + "9" * 30 + ".r"]
)
def test_a_signed_value_of_another_shape_says_nothing(value: str) -> None:
    assert tokens.read(signing.Signer(salt=tokens.SALT).sign(value)) is None


def test_a_token_signed_for_another_purpose_or_changed_says_nothing(guest: Guest) -> None:
    value = signing.Signer(salt=tokens.SALT).unsign(guest.token)
    assert tokens.read(signing.Signer(salt="password-reset").sign(value)) is None
    other = value.replace(f"{guest.website.pk}.", f"{guest.website.pk + 1}.", 1)
    assert tokens.read(guest.token.replace(value, other)) is None


def test_a_retired_secret_still_opens_while_it_is_a_fallback(guest: Guest, settings: Any) -> None:
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another secret " * 4
    assert tokens.read(guest.token) is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert tokens.read(guest.token) is not None


def test_a_token_is_admitted_until_it_expires_and_on_its_own_website_only(guest: Guest, bookshop: Website) -> None:
    with at(NOW + 12 * HOUR - dt.timedelta(seconds=1)):
        assert tokens.admit(guest.token, website_id=guest.website.pk) is not None
        assert tokens.admit(guest.token, website_id=bookshop.pk) is None
    with at(NOW + 12 * HOUR):
        assert tokens.admit(guest.token) is None


def test_with_the_visitors_row_the_row_decides(guest: Guest) -> None:
    with at(NOW + HOUR):
        open_chat(guest)
        token = tokens.read(guest.token)
        assert token is not None
        told(guest.start(token_digest=token.digest, token_expires_at=token.expires_at))
        admitted = tokens.admit(guest.token)
        assert admitted is not None
        assert admitted[1] == Visitor.objects.get(pk=guest.id)
    with at(NOW + 2 * HOUR):
        later = tokens.issue(website_id=guest.website.pk, visitor_id=guest.id)
        assert tokens.admit(later) is None
        renewed = tokens.renew(guest.token, website=guest.website)
        assert renewed is not None
        assert tokens.admit(renewed) is not None
        assert VisitorToken.objects.filter(digest=tokens.digest_of(renewed)).exists()
        assert not VisitorToken.objects.filter(digest=renewed).exists()


def test_moving_the_row_forward_ends_every_token_at_once(guest: Guest) -> None:
    with at(NOW + HOUR):
        open_chat(guest)
        renewed = tokens.renew(guest.token, website=guest.website)
        assert renewed is not None
        Visitor.objects.filter(pk=guest.id).update(tokens_from=NOW + 2 * HOUR)
        assert tokens.admit(guest.token) is None
        assert tokens.admit(renewed) is None
        assert tokens.renew(renewed, website=guest.website) is None


def test_renewing_forgives_age_for_thirty_days_where_there_is_a_row(guest: Guest, bookshop: Website) -> None:
    with at(NOW):
        assert tokens.renew(guest.token, website=bookshop) is None
    with at(NOW + 13 * HOUR):
        assert tokens.renew(guest.token, website=guest.website) is None
    with at(NOW + HOUR):
        open_chat(guest)
    with at(NOW + 12 * HOUR + dt.timedelta(days=30) - dt.timedelta(seconds=1)):
        fresh = tokens.renew(guest.token, website=guest.website)
        assert fresh is not None
        assert tokens.read(fresh).visitor_id == guest.id  # type: ignore[union-attr]
    with at(NOW + 12 * HOUR + dt.timedelta(days=30)):
        assert tokens.renew(guest.token, website=guest.website) is None
