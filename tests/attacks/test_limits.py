"""Limits, tried by somebody who has many addresses and much time."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.domain.peers import counted_as
from accounts.models import Mail
from tests.cast import PASSWORD, Cast

SIGN_UP, RESET, STATUS = "/accounts/signup/", "/accounts/password/reset/", "/w/harbour/status/"


def test_the_sign_up_form_fills_nobodys_mailbox(cast: Cast, settings: Settings) -> None:
    """From a new network and after a minute each time, so that only the limit of the mailbox is left."""
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "confirm_email": "100/m/key"}
    answers = set()
    for number in range(8):
        form = {"name": "Nora", "email": cast.bob.email.title(), "password1": PASSWORD}
        answer = Client(REMOTE_ADDR=f"192.0.2.{number}").post(SIGN_UP, form)
        answers.add((answer.status_code, answer["Location"]))
    assert answers == {(302, "/accounts/confirm-email/")}, "whoever asks sees no difference"
    assert Mail.objects.filter(kind="address_in_use").count() == 3


@pytest.mark.parametrize("address", ["bob", "nobody"])
def test_the_reset_form_fills_nobodys_mailbox(cast: Cast, address: str) -> None:
    to = cast.bob.email if address == "bob" else "nobody@harbour.example"
    for number in range(8):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post(RESET, {"email": to})
    assert Mail.objects.count() == 5


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("", ""),
        ("no address", ""),
    ],
)
def test_a_customers_whole_ipv6_network_counts_as_one(address: str, counted: str) -> None:
    assert counted_as(address) == counted


def test_wrong_passwords_are_counted_for_the_network_they_come_from(cast: Cast) -> None:
    refused = 0
    for number in range(12):
        guess = {"login": f"guess{number}@harbour.example", "password": "wrong-password"}
        answer = Client(REMOTE_ADDR=f"2001:db8:1:2::{number + 1}").post("/accounts/login/", guess)
        refused += b"Too many" in answer.content or answer.status_code == 429
    assert refused >= 2
    guess = {"login": "guess@harbour.example", "password": "wrong-password"}
    other = Client(REMOTE_ADDR="2001:db8:1:3::1").post("/accounts/login/", guess)
    assert b"Too many" not in other.content


@pytest.mark.parametrize("path", ["//evil.example/", "///evil.example", "/\\evil.example"])
def test_the_way_back_never_leads_to_another_host(bob_client: Client, path: str) -> None:
    sent_from = {"referer": f"http://testserver{path}"}
    answer = bob_client.post(STATUS, {"availability": "away"}, headers=sent_from)
    assert answer.status_code == 302
    assert not answer["Location"].startswith(("//", "/\\"))
