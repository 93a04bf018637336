"""Who gets what, for every address and socket of the service. One line an address.

    Row("<url name>", "<METHOD>", <arguments>, <expectation>, data={...}),

* arguments: `nothing`, `slug`, or one of the functions below that name an object of a town; every line whose address
  names an object is also tried as harbour's owner with the object of hill, which must be 404.
* expectation: `everybody(200)`, `signed_in(200)`, `members(200)` or `members(403, admin=200, owner=200)` (the first
  number is the operator's, and everybody's who is not named), `staff(200)`.

An address that has no line here (and does not belong to a third-party package below) fails the suite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Mail, Membership, User, Workspace
from chats.models import Chat, Website
from chats.views import widget_assets

LOGIN = "to sign in"
ROLES = ("anonymous", "stranger", "removed", "staff", "operator", "admin", "owner")

Expectation = Mapping[str, int | str]


@dataclass(frozen=True)
class Town:
    """A workspace with everything in it that an address can name."""

    workspace: Workspace
    member: Membership
    website: Website
    chat: Chat
    closed: Chat
    mail: Mail


Arguments = Callable[[Town], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    name: str
    method: str
    arguments: Arguments
    expect: Expectation
    data: Mapping[str, Any] = field(default_factory=dict)
    demo_only: bool = False


@dataclass(frozen=True)
class Socket:
    path: str
    expect: Mapping[str, int | None]
    """The code that the socket is closed with, or None where it stays open."""


# Arguments


def nothing(town: Town) -> dict[str, Any]:
    return {}


def slug(town: Town) -> dict[str, Any]:
    return {"slug": town.workspace.slug}


def member(town: Town) -> dict[str, Any]:
    return {"slug": town.workspace.slug, "member_id": town.member.pk}


def website(town: Town) -> dict[str, Any]:
    return {"slug": town.workspace.slug, "website_id": town.website.pk}


def chat(town: Town) -> dict[str, Any]:
    return {"slug": town.workspace.slug, "chat_id": town.chat.pk}


def closed_chat(town: Town) -> dict[str, Any]:
    return {"slug": town.workspace.slug, "chat_id": town.closed.pk}


def website_key(town: Town) -> dict[str, Any]:
    return {"key": town.website.key}


def demo_mail(town: Town) -> dict[str, Any]:
    return {"mail_id": town.mail.pk}


def widget_module(town: Town) -> dict[str, Any]:
    return {"wanted": widget_assets.version(), "name": "widget/frame.js"}


OBJECTS = (member, website, chat, closed_chat)
"""What must be 404 for the owner of another workspace."""


# Expectations


def everybody(status: int) -> Expectation:
    return dict.fromkeys(ROLES, status)


def signed_in(status: int) -> Expectation:
    return {**dict.fromkeys(ROLES, status), "anonymous": LOGIN}


def members(operator: int, *, admin: int | None = None, owner: int | None = None) -> Expectation:
    admin = operator if admin is None else admin
    return {
        "anonymous": LOGIN,
        "stranger": 404,
        "removed": 404,
        "staff": 404,
        "operator": operator,
        "admin": admin,
        "owner": admin if owner is None else owner,
    }


PAGES = (
    # The service
    Row("healthz_live", "GET", nothing, everybody(200)),
    Row("healthz_ready", "GET", nothing, everybody(200)),
    Row("security_txt", "GET", nothing, everybody(200)),
    Row("robots_txt", "GET", nothing, everybody(200)),
    Row("dev_parts", "GET", nothing, everybody(200), demo_only=True),
    # Accounts
    Row("home", "GET", nothing, {**everybody(302), "anonymous": 200}),
    Row("workspace_switch", "GET", nothing, signed_in(200)),
    Row("profile", "GET", nothing, signed_in(200)),
    Row("profile", "POST", nothing, signed_in(302), {"name": "New name", "theme": "dark"}),
    Row("team", "GET", slug, members(200)),
    Row("member_role", "POST", member, members(403, admin=302), {"role": "admin"}),
    Row("member_remove", "POST", member, members(403, admin=302)),
    Row("workspace_settings", "GET", slug, members(403, admin=200)),
    Row("workspace_settings", "POST", slug, members(403, admin=302), {"name": "New name", "time_zone": "UTC"}),
    Row("dev_mail", "GET", nothing, everybody(200), demo_only=True),
    Row("dev_mail_message", "GET", demo_mail, everybody(200), demo_only=True),
    # The widget: nobody is known there
    Row("widget_loader", "GET", nothing, everybody(200)),
    Row("widget_module", "GET", widget_module, everybody(200)),
    Row("widget_config", "GET", website_key, everybody(200)),
    Row("widget_frame", "GET", website_key, everybody(200)),
    Row("widget_session", "POST", website_key, everybody(200)),
    Row("widget_messages", "GET", website_key, everybody(401)),
    # The websites of a workspace
    Row("start", "GET", nothing, signed_in(200)),
    Row("start", "POST", nothing, signed_in(302), {"workspace_name": "New", "address": "", "time_zone": "UTC"}),
    Row("websites", "GET", slug, members(403, admin=200)),
    Row("website_new", "GET", slug, members(403, admin=200)),
    Row("website_new", "POST", slug, members(403, admin=302), {"name": "New"}),
    Row("website_settings", "GET", website, members(403, admin=200)),
    Row("website_settings", "POST", website, members(403, admin=200), {"name": "Half a form"}),
    Row("website_install", "GET", website, members(403, admin=200)),
    # The console
    Row("inbox", "GET", slug, members(200)),
    Row("own_status", "POST", slug, members(302), {"availability": "away"}),
    Row("chat", "GET", chat, members(200)),
    Row("chat_messages", "GET", chat, members(200)),
    Row("chat_accept", "POST", chat, members(302)),
    Row("chat_reply", "POST", chat, members(302), {"text": "Hello"}),
    Row("chat_note", "POST", chat, members(302), {"text": "A note"}),
    Row("chat_close", "POST", chat, members(302)),
    Row("chat_reopen", "POST", closed_chat, members(302)),
    Row("chat_read", "POST", chat, members(302), {"number": "1"}),
    Row("closed_chats", "GET", slug, members(200)),
    Row("closed_chats", "POST", slug, members(302)),
    Row("transcript", "GET", closed_chat, members(200)),
    Row("transcript_text", "GET", closed_chat, members(200)),
)

SOCKETS = (
    Socket("/ws/visitor", dict.fromkeys(ROLES)),
    Socket(
        "/ws/w/harbour",
        {
            "anonymous": 4401,
            "stranger": 4404,
            "removed": 4404,
            "staff": 4404,
            "operator": None,
            "admin": None,
            "owner": None,
        },
    ),
)

# Pages of allauth that a person who is not signed in may see. All others ask them to sign in first.
ALLAUTH_OPEN = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_login_code",
    "mfa_authenticate",
    "mfa_trust",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "socialaccount_signup",
    "",
}
ADMIN_OPEN = {"login", "logout"}


def user_of(role: str, cast: Any) -> User | None:
    people: dict[str, User | None] = {
        "anonymous": None,
        "stranger": cast.mallory,
        "removed": cast.dave,
        "staff": cast.sam,
        "operator": cast.bob,
        "admin": cast.carol,
        "owner": cast.alice,
    }
    return people[role]
