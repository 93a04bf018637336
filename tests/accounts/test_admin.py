"""Staff help customers without reading their chats, their mail or anybody's password."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import AuditEntry, Mail, Membership, User
from chats.models import Chat
from tests.cast import Cast, signed_in
from tests.factories import ChatFactory, MailFactory, UserFactory, VisitorFactory, WebsiteFactory

CANARY = "CNR-7f3a"


@pytest.fixture
def planted(cast: Cast) -> list[str]:
    """Secrets in every place that staff must not see; the paths of all pages about their rows."""
    website = WebsiteFactory(workspace=cast.harbour)
    visitor = VisitorFactory(website=website, name=f"{CANARY}-name", email=f"{CANARY}-@x.example", phone=f"{CANARY}-1")
    chat = ChatFactory(
        visitor=visitor,
        last_text=f"{CANARY}-text",
        page_url=f"https://x.example/{CANARY}-url",
        page_title=f"{CANARY}-title",
    )
    mail = MailFactory(subject=f"{CANARY}-subject", text=f"{CANARY}-text", html=f"{CANARY}-html")
    return [
        "/admin/",
        "/admin/chats/chat/",
        f"/admin/chats/chat/{chat.pk}/change/",
        f"/admin/chats/chat/{chat.pk}/history/",
        "/admin/chats/website/",
        f"/admin/chats/website/{website.pk}/change/",
        "/admin/accounts/mail/",
        f"/admin/accounts/mail/{mail.pk}/change/",
        f"/admin/accounts/mail/?q={CANARY}",
        f"/admin/chats/chat/?q={CANARY}",
        f"/admin/accounts/workspace/{cast.harbour.pk}/change/",
        f"/admin/accounts/user/{cast.alice.pk}/change/",
    ]


def test_no_page_shows_a_word_of_a_chat_or_mail(planted: list[str], sam_client: Client) -> None:
    for path in planted:
        answer = sam_client.get(path)
        assert answer.status_code == 200, path
        assert f"{CANARY}-" not in answer.content.decode(), path


def test_staff_have_pages_about_these_models_and_no_others() -> None:
    """No messages, visitors, second factors, tokens or addresses: whoever adds a page here has thought about it."""
    assert {model._meta.label for model in admin.site._registry} == {
        "accounts.AuditEntry",
        "accounts.Mail",
        "accounts.Membership",
        "accounts.User",
        "accounts.Workspace",
        "auth.Group",
        "chats.Chat",
        "chats.Website",
    }


def test_no_page_shows_a_password(sam_client: Client, alice: User) -> None:
    page = sam_client.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    assert alice.password not in page
    assert 'name="password"' not in page
    assert sam_client.get(f"/admin/accounts/user/{alice.pk}/password/").status_code in {302, 404}


@pytest.mark.parametrize("query", ["alice", "alice@harbour.example"])
def test_users_are_found(sam_client: Client, query: str) -> None:
    page = sam_client.get("/admin/accounts/user/", {"q": query}).content.decode()
    assert "alice@harbour.example" in page
    assert "mallory@hill.example" not in page


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("workspace", "harbour"),
        ("membership", "alice@harbour.example"),
        ("auditentry", "member"),
        ("mail", "reader"),
    ],
)
def test_every_list_can_be_searched(sam_client: Client, path: str, query: str) -> None:
    MailFactory()
    assert sam_client.get(f"/admin/accounts/{path}/", {"q": query}).status_code == 200


@pytest.mark.parametrize("model", [AuditEntry, Mail, Membership, Chat])
def test_what_is_only_looked_at_cannot_be_changed(sam_client: Client, model: type) -> None:
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"  # type: ignore[attr-defined]
    assert sam_client.get(f"{base}add/").status_code == 403
    assert sam_client.post(base, {"action": "delete_selected", "_selected_action": "1"}).status_code in {200, 302, 403}
    assert "delete_selected" not in sam_client.get(base).content.decode()


def save_user(client: Client, user: User, **fields: str) -> int:
    data = {
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
        **fields,
    }
    return client.post(f"/admin/accounts/user/{user.pk}/change/", data).status_code


def test_staff_close_an_account_and_it_is_written_down(sam_client: Client, bob: User, bob_client: Client) -> None:
    assert save_user(sam_client, bob) == 302
    bob.refresh_from_db()
    assert not bob.is_active
    assert bob_client.get("/profile/").status_code == 302
    assert AuditEntry.objects.get().action == "user.deactivated"


def test_staff_who_are_no_superusers_make_nobody_staff(cast: Cast) -> None:
    helper = UserFactory(is_staff=True)
    helper.user_permissions.add(*Permission.objects.filter(codename__in=["change_user", "view_user"]))
    save_user(signed_in(helper), cast.bob, is_active="on", is_staff="on", is_superuser="on")
    save_user(signed_in(helper), helper, is_active="on", is_staff="on", is_superuser="on")
    cast.bob.refresh_from_db()
    helper.refresh_from_db()
    assert (cast.bob.is_staff, cast.bob.is_superuser, helper.is_superuser) == (False, False, False)
