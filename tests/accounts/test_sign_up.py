"""From nothing to a signed-in user, with mail that is read where it would have arrived."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import Argon2PasswordHasher, MD5PasswordHasher, get_hasher
from django.core import mail as django_mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.domain import mail
from accounts.models import Mail, User
from tests.cast import PASSWORD, Cast
from tests.factories import UserFactory

SIGN_UP, LOGIN, RESET = "/accounts/signup/", "/accounts/login/", "/accounts/password/reset/"
NORA = {"name": "Nora", "email": "nora@new.example", "password1": PASSWORD}


def link_in(row: Mail) -> str:
    found = re.search(r"https?://\S+/accounts/\S+", row.text)
    assert found
    return found.group()


def path_in(row: Mail, settings: Settings) -> str:
    return link_in(row).removeprefix(settings.SITE_URL)


def test_somebody_signs_up_confirms_the_address_and_is_led_to_the_start(
    db: None, client: Client, settings: Settings
) -> None:
    assert client.post(SIGN_UP, NORA)["Location"] == "/accounts/confirm-email/"
    assert client.get("/profile/").status_code == 302, "not signed in before the address is confirmed"

    row = Mail.objects.get()
    assert (row.kind, row.to) == ("confirm_address", "nora@new.example")
    assert row.user == User.objects.get(email="nora@new.example")
    path = path_in(row, settings)
    assert client.get(path).status_code == 200
    assert not EmailAddress.objects.get().verified, "a mail scanner that opens the link confirms nothing"

    assert client.post(path)["Location"] == "/"
    assert EmailAddress.objects.get().verified
    assert client.get("/profile/").status_code == 200
    assert User.objects.get().name == "Nora"


def test_the_mail_can_be_read_in_the_browser_of_a_demo(db: None, client: Client, settings: Settings) -> None:
    settings.DEMO = True
    client.post(SIGN_UP, NORA)
    row = Mail.objects.get()
    assert "nora@new.example" in client.get("/dev/mail/").content.decode()
    assert link_in(row) in client.get(f"/dev/mail/{row.pk}/").content.decode()


def test_nothing_of_a_sign_up_is_left_if_its_mail_cannot_be_written(db: None, client: Client) -> None:
    client.raise_request_exception = False
    with patch("accounts.domain.mail.render_to_string", side_effect=RuntimeError("no template")):
        assert client.post(SIGN_UP, NORA).status_code == 500
    assert not User.objects.exists()
    assert not Mail.objects.exists()


def test_links_name_our_own_host_whatever_the_request_says(db: None, client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    client.post(SIGN_UP, NORA, headers={"host": "evil.example"})
    client.post(RESET, {"email": "nora@new.example"}, headers={"host": "evil.example"})
    assert Mail.objects.count() == 2
    for row in Mail.objects.all():
        assert "evil.example" not in row.text + row.html
        assert link_in(row).startswith(settings.SITE_URL)


def test_the_address_is_kept_in_lower_case(db: None, client: Client) -> None:
    client.post(SIGN_UP, {**NORA, "email": "Nora@New.Example"})
    assert User.objects.get().email == "nora@new.example"


@pytest.mark.parametrize("password", ["short", "1234567890", "password123", "nora@new.example"])
def test_a_weak_password_is_refused_and_what_was_typed_is_kept(db: None, client: Client, password: str) -> None:
    answer = client.post(SIGN_UP, {**NORA, "password1": password})
    assert answer.status_code == 200
    assert not User.objects.exists()
    assert 'value="nora@new.example"' in answer.content.decode()
    assert f'value="{password}"' not in answer.content.decode().replace('value="nora@new.example"', "")


def test_passwords_are_hashed_with_argon2(db: None, client: Client, settings: Settings) -> None:
    from chatsite.settings import security

    settings.PASSWORD_HASHERS = security.PASSWORD_HASHERS
    assert isinstance(get_hasher(), Argon2PasswordHasher)
    client.post(SIGN_UP, NORA)
    stored = User.objects.get().password
    assert stored.startswith("argon2$argon2id$")
    assert PASSWORD not in stored


# The same answer for known and unknown addresses


def shown(client: Client, path: str, data: dict[str, str]) -> tuple[int, str, str]:
    """Status, target and page of the answer, without what differs anyway: the token and the address itself."""
    answer = client.post(path, data)
    page = client.get(answer["Location"]) if answer.status_code == 302 else answer
    text = page.content.decode()
    for value in data.values():
        text = text.replace(value, "…")
    return answer.status_code, answer.get("Location", ""), re.sub(r'value="[A-Za-z0-9]{64}"', "", text)


def test_signing_up_tells_nobody_who_has_an_account(cast: Cast) -> None:
    known = shown(Client(), SIGN_UP, {**NORA, "email": cast.alice.email})
    unknown = shown(Client(), SIGN_UP, NORA)
    assert known == unknown
    to_alice, to_nora = Mail.objects.order_by("pk")
    assert (to_alice.kind, to_alice.to) == ("address_in_use", cast.alice.email)
    assert (to_nora.kind, to_nora.to) == ("confirm_address", "nora@new.example")
    cast.alice.refresh_from_db()
    assert cast.alice.name == "Alice"
    assert cast.alice.check_password(PASSWORD)


def test_signing_in_tells_nobody_who_has_an_account(cast: Cast) -> None:
    known = shown(Client(), LOGIN, {"login": cast.alice.email, "password": "not the password"})
    unknown = shown(Client(), LOGIN, {"login": "nobody@new.example", "password": "not the password"})
    assert known == unknown
    assert known[0] == 200


def test_resetting_a_password_tells_nobody_who_has_an_account(cast: Cast) -> None:
    known = shown(Client(), RESET, {"email": cast.alice.email})
    unknown = shown(Client(), RESET, {"email": "nobody@new.example"})
    assert known == unknown
    assert list(Mail.objects.order_by("pk").values_list("kind", "to")) == [
        ("reset_password", cast.alice.email),
        ("no_account", "nobody@new.example"),
    ]


@pytest.mark.parametrize("page", ["sign up", "sign in", "reset"])
def test_known_and_unknown_addresses_cost_the_same_number_of_hashes(cast: Cast, page: str) -> None:
    """Hashing a password is what takes long: one more or less can be measured from outside."""
    costs = []
    for email in (cast.alice.email, "nobody@new.example"):
        path, data = {
            "sign up": (SIGN_UP, {**NORA, "email": email}),
            "sign in": (LOGIN, {"login": email, "password": "not the password"}),
            "reset": (RESET, {"email": email}),
        }[page]
        with patch.object(MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode) as hashed:
            Client().post(path, data)
        costs.append(hashed.call_count)
    assert costs[0] == costs[1]
    assert costs[0] == (0 if page == "reset" else 1)


# Passwords


def test_a_reset_link_works_once(cast: Cast, settings: Settings) -> None:
    Client().post(RESET, {"email": cast.bob.email})
    path = path_in(Mail.objects.get(), settings)
    client = Client()
    form = client.get(path)["Location"]
    new = {"password1": "a new and longer password", "password2": "a new and longer password"}
    assert client.post(form, new).status_code == 302
    cast.bob.refresh_from_db()
    assert cast.bob.check_password("a new and longer password")
    again = Client()
    answer = again.get(path, follow=True)
    assert b"password1" not in answer.content
    assert Mail.objects.filter(kind="account_notice", to=cast.bob.email).count() == 1, "the owner is told"


def test_an_older_reset_link_is_dead_after_a_newer_one_was_used(cast: Cast, settings: Settings) -> None:
    for _ in range(2):
        Client().post(RESET, {"email": cast.bob.email})
    older, newer = (path_in(row, settings) for row in Mail.objects.order_by("pk"))
    client = Client()
    new = {"password1": "a new and longer password", "password2": "a new and longer password"}
    assert client.post(client.get(newer)["Location"], new).status_code == 302
    assert b"password1" not in Client().get(older, follow=True).content


def test_changing_the_password_ends_all_sessions_and_tells_the_owner(cast: Cast) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        client.post(LOGIN, {"login": cast.bob.email, "password": PASSWORD})
        assert client.get("/profile/").status_code == 200
    new = "a new and longer password"
    answer = here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert answer.status_code == 302
    assert elsewhere.get("/profile/").status_code == 302
    assert here.get("/profile/").status_code == 302
    assert Mail.objects.filter(kind="account_notice", to=cast.bob.email).exists()


def test_a_notice_holds_no_full_address_of_the_network(cast: Cast) -> None:
    client = Client(REMOTE_ADDR="203.0.113.77")
    client.post(LOGIN, {"login": cast.bob.email, "password": PASSWORD})
    new = "a new and longer password"
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    row = Mail.objects.get(kind="account_notice")
    assert "203.0.113.77" not in row.text + row.html


def test_somebody_who_signed_up_with_anothers_address_is_out_once_the_owner_resets(
    db: None, settings: Settings
) -> None:
    attacker, owner = Client(), Client()
    attacker.post(SIGN_UP, {**NORA, "password1": "the attacker knows this one"})
    cache.clear()  # one address gets one mail a minute
    owner.post(SIGN_UP, NORA)
    assert [row.kind for row in Mail.objects.order_by("pk")] == ["confirm_address", "address_in_use"]
    owner.post(RESET, {"email": NORA["email"]})
    path = path_in(Mail.objects.get(kind="reset_password"), settings)
    new = {"password1": PASSWORD, "password2": PASSWORD}
    owner.post(owner.get(path)["Location"], new)
    answer = Client().post(LOGIN, {"login": NORA["email"], "password": "the attacker knows this one"})
    assert answer.status_code == 200
    assert "_auth_user_id" not in attacker.session


# Signing in and out


def test_a_deactivated_user_does_not_get_in(cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    client = Client()
    client.post(LOGIN, {"login": cast.bob.email, "password": PASSWORD})
    assert client.get("/profile/").status_code == 302


def test_an_address_that_is_not_confirmed_gets_another_mail_instead_of_a_session(db: None) -> None:
    user = UserFactory(confirmed=False)
    client = Client()
    client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    assert client.get("/profile/").status_code == 302
    assert Mail.objects.get().kind == "confirm_address"


def test_signing_in_gives_the_session_another_key(cast: Cast) -> None:
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["before"] = "yes"
    session.save()
    before = session.session_key
    client.cookies["session"] = str(before)
    client.post(LOGIN, {"login": cast.bob.email, "password": PASSWORD})
    assert client.session.session_key != before


def test_wrong_passwords_are_limited_per_account_whatever_address_they_claim_to_come_from(cast: Cast) -> None:
    statuses = []
    for number in range(8):
        answer = Client(REMOTE_ADDR=f"198.51.100.{number}").post(
            LOGIN,
            {"login": cast.bob.email, "password": "wrong"},
            headers={"x-forwarded-for": f"203.0.113.{number}"},
        )
        statuses.append("Too many" in answer.content.decode())
    assert statuses == [False] * 5 + [True] * 3


def test_wrong_passwords_are_limited_per_true_peer_whatever_the_headers_say(cast: Cast) -> None:
    refused = [
        "Too many"
        in Client(REMOTE_ADDR="198.51.100.1")
        .post(
            LOGIN,
            {"login": f"person{number}@new.example", "password": "wrong"},
            headers={"x-forwarded-for": f"203.0.113.{number}", "x-real-ip": f"203.0.113.{number}"},
        )
        .content.decode()
        for number in range(14)
    ]
    assert refused == [False] * 10 + [True] * 4


def test_sign_ups_are_limited_per_true_peer(db: None, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    statuses = [
        Client()
        .post(
            SIGN_UP,
            {**NORA, "email": f"nora{number}@new.example"},
            headers={"x-forwarded-for": f"203.0.113.{number}, 198.51.100.1"},
        )
        .status_code
        for number in range(12)
    ]
    assert statuses == [302] * 10 + [429] * 2


def test_all_mail_of_allauth_goes_through_the_outbox(cast: Cast) -> None:
    Client().post(SIGN_UP, NORA)
    Client().post(RESET, {"email": cast.bob.email})
    assert django_mail.outbox == []
    assert mail.sweep() == 2
    assert sorted(sent.to[0] for sent in django_mail.outbox) == [cast.bob.email, "nora@new.example"]
