"""A harbour with a shop and its visitors, and a hill with a chat of its own that could leak."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from chats.domain import entries as e
from chats.domain import names, news
from chats.domain.chats import acting
from chats.live import limits, presence
from chats.live.core import running
from chats.models import Website
from tests.cast import Cast
from tests.chats.talk import Guest, open_chat
from tests.factories import WebsiteFactory


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """What a process remembers of its database and its people must not outlive a test."""
    names.forget()
    presence.forget()
    for bucket in (limits.visitor_messages, limits.operator_messages):
        bucket.cache_clear()
    yield
    assert news.listener() is None, "a live core was not stopped"
    assert running() == [], "a live core was left behind"


@pytest.fixture
def shop(cast: Cast) -> Website:
    return WebsiteFactory(workspace=cast.harbour, name="Harbour shop")


@pytest.fixture
def bookshop(cast: Cast) -> Website:
    return WebsiteFactory(workspace=cast.hill, name="Hill bookshop")


@pytest.fixture
def vera(shop: Website) -> Guest:
    return Guest(shop)


@pytest.fixture
def victor(shop: Website) -> Guest:
    return Guest(shop)


@pytest.fixture
def hugo(bookshop: Website) -> Guest:
    """A visitor of hill."""
    return Guest(bookshop)


@pytest.fixture
def hill_chat(hugo: Guest) -> uuid.UUID:
    """A chat of another workspace, open, with a secret in it."""
    return open_chat(hugo, "The secret of the hill")


@pytest.fixture
def alice_acts(cast: Cast) -> e.Member:
    return acting(cast.member(cast.alice))


@pytest.fixture
def bob_acts(cast: Cast) -> e.Member:
    return acting(cast.member(cast.bob))


@pytest.fixture
def carol_acts(cast: Cast) -> e.Member:
    return acting(cast.member(cast.carol))


@pytest.fixture
def mallory_acts(cast: Cast) -> e.Member:
    """Owner of hill, a stranger in harbour."""
    return acting(cast.member(cast.mallory, cast.hill))
