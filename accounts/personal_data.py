"""What accounts knows about people, and what the packages do that it builds on (Django's own apps, allauth)."""

from __future__ import annotations

from privacy.contract import (
    Category,
    Erase,
    Json,
    Link,
    Model,
    NotPersonal,
    Personal,
    Purpose,
    Retention,
    Source,
    Store,
    Subject,
    plain,
)

_CUSTOMERS_OWN = "the customer names it; it is about a firm or a part of it"
_ID = "an id made by the service"
_PLATFORM = "set up by the platform's staff"

_account = (Purpose.OPERATE,)
_name = Personal(Category.IDENTITY, _account, Retention.ACCOUNT, Source.PERSON, Erase.REPLACE)
_address = Personal(Category.CONTACT, (*_account, Purpose.SECURE), Retention.ACCOUNT, Source.PERSON, Erase.DELETE_ROW)
_key = Personal(Category.CREDENTIAL, (Purpose.SECURE,), Retention.ACCOUNT, Source.PERSON, Erase.DELETE_ROW)
_when = Personal(Category.BEHAVIOUR, (*_account, Purpose.SECURE), Retention.ACCOUNT, Source.SYSTEM, Erase.DELETE_ROW)
_mailed = Personal(Category.CONTENT, _account, Retention.MAIL, Source.SYSTEM, Erase.DELETE_ROW)
_done = Personal(Category.BEHAVIOUR, (Purpose.ACCOUNT_FOR,), Retention.AUDIT, Source.SYSTEM, Erase.CLEAR)
_in_team = Personal(Category.ROLE, _account, Retention.MEMBERSHIP, Source.COLLEAGUE, Erase.DELETE_ROW)

OWN = (
    Model(
        "accounts.User",
        subject=Subject.USER,
        fields={
            "email": _address,
            "name": _name,
            "password": Personal(Category.CREDENTIAL, (Purpose.SECURE,), Retention.ACCOUNT, Source.PERSON, Erase.CLEAR),
            "theme": Personal(Category.PREFERENCE, _account, Retention.ACCOUNT, Source.PERSON, Erase.CLEAR),
            "last_login": _when,
            "date_joined": _when,
            **plain("id", "is_active", "is_staff", "is_superuser", "groups", "user_permissions"),
        },
    ),
    Model(
        "accounts.Workspace",
        fields={
            "name": NotPersonal(_CUSTOMERS_OWN),
            "slug": NotPersonal(_CUSTOMERS_OWN),
            "time_zone": NotPersonal("of the firm, from a list"),
            **plain("id", "state", "seat_limit", "created_at"),
        },
    ),
    Model(
        "accounts.Department",
        fields={"name": NotPersonal(_CUSTOMERS_OWN), **plain("id", "workspace")},
    ),
    Model(
        "accounts.Membership",
        subject=Subject.MEMBER,
        fields={
            "user": Link(Erase.DELETE_ROW),
            "role": _in_team,
            "departments": _in_team,
            "availability": Personal(
                Category.BEHAVIOUR, _account, Retention.MEMBERSHIP, Source.PERSON, Erase.DELETE_ROW
            ),
            "last_seen_at": Personal(
                Category.BEHAVIOUR, _account, Retention.MEMBERSHIP, Source.SYSTEM, Erase.DELETE_ROW
            ),
            "joined_at": _in_team,
            "removed_at": _in_team,
            **plain("id", "workspace"),
        },
    ),
    Model(
        "accounts.Mail",
        fields={
            "user": Link(Erase.DELETE_ROW),
            "to": Personal(Category.CONTACT, _account, Retention.MAIL, Source.PERSON, Erase.DELETE_ROW),
            "subject": _mailed,
            "text": _mailed,
            "html": _mailed,
            "sent_at": Personal(Category.BEHAVIOUR, _account, Retention.MAIL, Source.SYSTEM, Erase.DELETE_ROW),
            "kind": NotPersonal("one of the kinds in accounts/domain/mail.py"),
            **plain("id", "workspace", "mail_class", "state", "attempts", "due_at", "created_at"),
        },
    ),
    Model(
        "accounts.AuditEntry",
        fields={
            "actor": Link(Erase.DETACH),
            "action": _done,
            "target": _done,
            "at": _done,
            "facts": Json(
                {
                    "role": NotPersonal("a role"),
                    "from": NotPersonal("a role"),
                    "to": NotPersonal("a role"),
                    "fields": NotPersonal("names of fields of the model"),
                }
            ),
            **plain("id", "workspace"),
        },
    ),
)

DJANGO = (
    Model(
        "admin.LogEntry",
        fields={
            "user": Link(Erase.DELETE_ROW),
            "object_id": _done,
            "object_repr": _done,
            "change_message": _done,
            "action_time": _done,
            **plain("id", "content_type", "action_flag"),
        },
    ),
    Model("auth.Group", fields={"name": NotPersonal(_PLATFORM), **plain("id", "permissions")}),
    Model(
        "auth.Permission",
        fields={"name": NotPersonal(_PLATFORM), "codename": NotPersonal(_PLATFORM), **plain("id", "content_type")},
    ),
    Model(
        "contenttypes.ContentType",
        fields={
            "app_label": NotPersonal("a name in the code"),
            "model": NotPersonal("a name in the code"),
            **plain("id"),
        },
    ),
    Model(
        "sessions.Session",
        fields={
            "session_key": Personal(
                Category.CREDENTIAL, (Purpose.SECURE,), Retention.SESSION, Source.SYSTEM, Erase.DELETE_ROW
            ),
            "session_data": Personal(Category.IDENTITY, _account, Retention.SESSION, Source.SYSTEM, Erase.DELETE_ROW),
            **plain("expire_date"),
        },
    ),
)

ALLAUTH = (
    Model(
        "account.EmailAddress",
        subject=Subject.USER,
        fields={"user": Link(Erase.DELETE_ROW), "email": _address, **plain("id", "verified", "primary")},
    ),
    Model(
        "account.EmailConfirmation",
        fields={
            "email_address": Link(Erase.DELETE_ROW),
            "key": Personal(Category.CREDENTIAL, (Purpose.SECURE,), Retention.EXPIRY, Source.SYSTEM, Erase.DELETE_ROW),
            **plain("id", "created", "sent"),
        },
    ),
    Model(
        "mfa.Authenticator",
        subject=Subject.USER,
        fields={
            "user": Link(Erase.DELETE_ROW),
            "data": Json({"*": _key}),
            "created_at": _when,
            "last_used_at": _when,
            **plain("id", "type"),
        },
    ),
    Model(
        "socialaccount.SocialApp",
        fields={
            "provider": NotPersonal(_PLATFORM),
            "provider_id": NotPersonal(_PLATFORM),
            "name": NotPersonal(_PLATFORM),
            "client_id": NotPersonal(_PLATFORM),
            "secret": NotPersonal(_PLATFORM),
            "key": NotPersonal(_PLATFORM),
            "settings": Json({"*": NotPersonal(_PLATFORM)}),
            **plain("id"),
        },
    ),
    Model(
        "socialaccount.SocialAccount",
        subject=Subject.USER,
        fields={
            "user": Link(Erase.DELETE_ROW),
            "uid": Personal(Category.IDENTITY, _account, Retention.ACCOUNT, Source.PROVIDER, Erase.DELETE_ROW),
            "provider": Personal(Category.PREFERENCE, _account, Retention.ACCOUNT, Source.PERSON, Erase.DELETE_ROW),
            "extra_data": Json(
                {"*": Personal(Category.IDENTITY, _account, Retention.ACCOUNT, Source.PROVIDER, Erase.DELETE_ROW)}
            ),
            "last_login": _when,
            "date_joined": _when,
            **plain("id"),
        },
    ),
    Model(
        "socialaccount.SocialToken",
        fields={
            "account": Link(Erase.DELETE_ROW),
            "token": _key,
            "token_secret": _key,
            **plain("id", "app", "expires_at"),
        },
    ),
)

MODELS = (*OWN, *DJANGO, *ALLAUTH)

STORES = (
    Store(
        "session cookie",
        "a random key in the browser of a signed-in person; says nothing by itself",
        Personal(Category.CREDENTIAL, _account, Retention.SESSION, Source.SYSTEM, Erase.DELETE_ROW),
    ),
    Store(
        "CSRF cookie",
        "a random value in the browser of whoever sees a form of the console",
        NotPersonal("the same for nobody twice, and kept nowhere else"),
    ),
    Store(
        "cache: limits",
        "how often something was tried, under a keyed hash of a shortened IP address or an account's address",
        Personal(Category.NETWORK, (Purpose.SECURE,), Retention.HOUR, Source.BROWSER, Erase.DELETE_ROW),
    ),
    Store(
        "cache: sign-in limits of allauth",
        "when something was tried, under a hash of an IP address or of the address that was tried",
        Personal(Category.NETWORK, (Purpose.SECURE,), Retention.HOUR, Source.BROWSER, Erase.DELETE_ROW),
    ),
    Store("broker", "ids of rows that have work waiting", NotPersonal("numbers; what they mean is in the database")),
    Store(
        "logs",
        "events with ids; addresses, texts and tokens are taken out, IP addresses shortened, before they are written",
        Personal(Category.NETWORK, (Purpose.SECURE,), Retention.LOG, Source.BROWSER, Erase.DELETE_ROW),
    ),
    Store(
        "mail server",
        "mails on their way, handed over by the outbox",
        Personal(Category.CONTACT, _account, Retention.MAIL, Source.PERSON, Erase.DELETE_ROW),
    ),
)
