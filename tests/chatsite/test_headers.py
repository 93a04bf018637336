"""Headers of every page, and who may keep a copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast

PAGES = ["account_login", "account_signup", "account_reset_password"]


def policy(answer: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";") if part.strip()]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.django_db
def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(page: str) -> None:
    found = policy(Client().get(reverse(page)))
    assert found["default-src"] == ["'none'"]
    assert found["script-src"] == ["'self'"]
    assert found["style-src"] == ["'self'"]
    assert found["frame-ancestors"] == ["'none'"]
    assert found["base-uri"] == ["'none'"]
    assert found["form-action"] == ["'self'"]
    assert "unsafe" not in str(found)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.django_db
def test_pages_carry_the_usual_guards(page: str) -> None:
    answer = Client().get(reverse(page))
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "geolocation=()" in answer["Permissions-Policy"]


def test_a_signed_in_page_is_stored_nowhere(bob_client: Client) -> None:
    answer = bob_client.get(reverse("profile"))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


def test_a_refusal_to_a_signed_in_person_is_stored_nowhere(cast: Cast, mallory_client: Client) -> None:
    answer = mallory_client.get(reverse("team", args=[cast.harbour.slug]))
    assert answer.status_code == 404
    assert "no-store" in answer["Cache-Control"]


def test_a_page_that_never_asked_who_is_there_does_not_vary_by_cookie() -> None:
    answer = Client().get(reverse("security_txt"))
    assert "Cookie" not in answer.get("Vary", "")
    assert "no-store" not in answer["Cache-Control"]


def test_security_txt_can_be_parsed_and_has_not_expired() -> None:
    answer = Client().get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert fields["Contact"].startswith(("mailto:", "https://"))
    assert fields["Canonical"].endswith("/.well-known/security.txt")
    left = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(days=30) < left < timedelta(days=365)


def test_search_engines_are_kept_out_of_everything_but_the_front_page() -> None:
    text = Client().get("/robots.txt").content.decode()
    assert "Disallow: /\n" in text


@pytest.mark.django_db
def test_a_page_that_does_not_exist_says_so_in_our_own_look() -> None:
    answer = Client().get("/there/is/nothing/")
    assert answer.status_code == 404
    assert b"<!doctype html>" in answer.content.lower()
    assert b"Traceback" not in answer.content


def test_an_error_shows_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from chatsite import views

    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(views.timezone, "now", broken)
    answer = Client(raise_request_exception=False).get(reverse("security_txt"))
    assert answer.status_code == 500
    assert b"a secret detail" not in answer.content
    assert b"<!doctype html>" in answer.content.lower()
