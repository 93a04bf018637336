"""The true peer, whatever headers a client forges."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts.domain import peers


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "203.0.113.9"),
        (0, "198.51.100.1", "203.0.113.9"),
        (1, None, "203.0.113.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 7.7.7.7, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "198.51.100.1"),
        (1, "198.51.100.1:4711", "198.51.100.1"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "not an address", "203.0.113.9"),
        (1, "6.6.6.6, <script>", "203.0.113.9"),
        (1, " , ,", "203.0.113.9"),
    ],
)
def test_the_peer_is_counted_from_the_right(
    settings: Settings, proxies: int, forwarded: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert peers.peer_address(remote="203.0.113.9", forwarded=forwarded) == expected


def test_no_address_at_all_is_empty() -> None:
    assert peers.peer_address(remote=None, forwarded=None) == ""


def test_forged_headers_of_other_names_change_nothing(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    request = RequestFactory().get(
        "/",
        REMOTE_ADDR="203.0.113.9",
        headers={
            "x-forwarded-for": "198.51.100.1",
            "x-real-ip": "6.6.6.6",
            "forwarded": "for=6.6.6.6",
            "cf-connecting-ip": "6.6.6.6",
            "true-client-ip": "6.6.6.6",
        },
    )
    assert peers.peer_of(request) == "198.51.100.1"


@pytest.mark.parametrize(
    ("address", "short"),
    [
        ("203.0.113.9", "203.0.113.0"),
        ("::ffff:203.0.113.9", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_an_address_is_shortened_to_its_network(address: str, short: str) -> None:
    assert peers.shorten(address) == short
