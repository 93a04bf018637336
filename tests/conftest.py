"""Fixtures for the whole suite. The people are described in `tests/cast.py`."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import models
from django.test import Client

from accounts.models import Membership, User, Workspace
from privacy.contract import Json
from privacy.discovery import data_map
from tests.cast import Cast, assemble, signed_in


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """A test that would reach beyond this machine fails."""
    real = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(str(address[0])):
            raise RuntimeError(f"a test tried to reach {address[0]}; the network is refused")
        real(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def declared_json_only() -> Iterator[None]:
    """A JSON value that holds a key which no personal_data.py declares fails the test that stores it."""
    real = models.JSONField.get_db_prep_save
    declared = data_map().models

    def guarded(self: Any, value: Any, connection: Any) -> Any:
        model = declared.get(self.model._meta.label_lower)
        declaration = model.fields.get(self.name) if model else None
        if isinstance(declaration, Json) and declaration.undeclared(value):
            keys = ", ".join(sorted(declaration.undeclared(value)))
            raise AssertionError(f"{self.model._meta.label}.{self.name} stores keys that are not declared: {keys}")
        return real(self, value, connection)

    patch = pytest.MonkeyPatch()
    patch.setattr(models.JSONField, "get_db_prep_save", guarded)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Counters of one test must not limit the next."""
    cache.clear()


@pytest.fixture
def cast(db: None) -> Cast:
    return assemble()


@pytest.fixture
def harbour(cast: Cast) -> Workspace:
    return cast.harbour


@pytest.fixture
def hill(cast: Cast) -> Workspace:
    return cast.hill


@pytest.fixture
def alice(cast: Cast) -> User:
    """Owner of harbour."""
    return cast.alice


@pytest.fixture
def carol(cast: Cast) -> User:
    """Admin of harbour."""
    return cast.carol


@pytest.fixture
def bob(cast: Cast) -> User:
    """Operator in harbour."""
    return cast.bob


@pytest.fixture
def dave(cast: Cast) -> User:
    """Was removed from harbour."""
    return cast.dave


@pytest.fixture
def erin(cast: Cast) -> User:
    """Admin of harbour, operator in hill."""
    return cast.erin


@pytest.fixture
def mallory(cast: Cast) -> User:
    """Owner of hill, a stranger in harbour."""
    return cast.mallory


@pytest.fixture
def sam(cast: Cast) -> User:
    """Staff of the platform."""
    return cast.sam


@pytest.fixture
def owner(cast: Cast) -> Membership:
    return cast.member(cast.alice)


@pytest.fixture
def admin(cast: Cast) -> Membership:
    return cast.member(cast.carol)


@pytest.fixture
def operator(cast: Cast) -> Membership:
    return cast.member(cast.bob)


@pytest.fixture
def stranger(cast: Cast) -> Membership:
    """Mallory's membership of hill."""
    return cast.member(cast.mallory, cast.hill)


@pytest.fixture
def anonymous_client() -> Client:
    return Client()


@pytest.fixture
def alice_client(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def carol_client(carol: User) -> Client:
    return signed_in(carol)


@pytest.fixture
def bob_client(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def dave_client(dave: User) -> Client:
    return signed_in(dave)


@pytest.fixture
def erin_client(erin: User) -> Client:
    return signed_in(erin)


@pytest.fixture
def mallory_client(mallory: User) -> Client:
    return signed_in(mallory)


@pytest.fixture
def sam_client(sam: User) -> Client:
    return signed_in(sam)
