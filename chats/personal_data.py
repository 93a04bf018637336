"""What chats knows about people: the visitors who write, and what operators answer them."""

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

_CUSTOMERS_OWN = "the customer sets it for the whole website"
_ENTRY = "one of the kinds, senders or states of the protocol"

_answer = (Purpose.ANSWER,)
_who = Personal(Category.IDENTITY, _answer, Retention.CONTACT, Source.PERSON, Erase.DELETE_ROW)
_reach = Personal(Category.CONTACT, _answer, Retention.CONTACT, Source.PERSON, Erase.DELETE_ROW)
_device = Personal(Category.DEVICE, (*_answer, Purpose.SECURE), Retention.CONTACT, Source.BROWSER, Erase.DELETE_ROW)
_written = Personal(Category.CONTENT, _answer, Retention.CHAT, Source.PERSON, Erase.DELETE_ROW)
_page = Personal(Category.BEHAVIOUR, _answer, Retention.CHAT, Source.BROWSER, Erase.DELETE_ROW)
_moment = Personal(Category.BEHAVIOUR, (*_answer, Purpose.STATISTICS), Retention.CHAT, Source.SYSTEM, Erase.DELETE_ROW)
_author = Personal(Category.IDENTITY, _answer, Retention.CHAT, Source.COLLEAGUE, Erase.REPLACE)
_visit = Personal(Category.BEHAVIOUR, _answer, Retention.CONTACT, Source.SYSTEM, Erase.DELETE_ROW)

MODELS = (
    Model(
        "chats.Website",
        fields={
            "key": NotPersonal("public and random, the same for every visitor"),
            "name": NotPersonal(_CUSTOMERS_OWN),
            "allowed_origins": Json({"[]": NotPersonal(_CUSTOMERS_OWN)}),
            "accent": NotPersonal(_CUSTOMERS_OWN),
            "texts": Json(
                dict.fromkeys(
                    ("title", "launcher", "greeting", "away", "notice", "privacy_url"), NotPersonal(_CUSTOMERS_OWN)
                )
            ),
            "time_zone": NotPersonal(_CUSTOMERS_OWN),
            "hours": Json(
                dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), NotPersonal(_CUSTOMERS_OWN))
            ),
            "seen_origin": NotPersonal("an address of the customer's website, without a path"),
            **plain(
                "id",
                "workspace",
                "is_active",
                "position",
                "missed_after",
                "idle_close_after",
                "reopen_within",
                "typing_preview",
                "seen_at",
                "created_at",
            ),
        },
    ),
    Model(
        "chats.Visitor",
        subject=Subject.VISITOR,
        fields={
            "name": _who,
            "email": _reach,
            "phone": _reach,
            "ip": Personal(Category.NETWORK, (Purpose.SECURE,), Retention.CONTACT, Source.BROWSER, Erase.DELETE_ROW),
            "browser": _device,
            "system": _device,
            "created_at": _visit,
            "seen_at": _visit,
            **plain("id", "workspace", "website", "tokens_from"),
        },
    ),
    Model(
        "chats.VisitorToken",
        fields={
            "visitor": Link(Erase.DELETE_ROW),
            "digest": Personal(
                Category.CREDENTIAL, (Purpose.SECURE,), Retention.EXPIRY, Source.SYSTEM, Erase.DELETE_ROW
            ),
            **plain("id", "expires_at"),
        },
    ),
    Model(
        "chats.Chat",
        subject=Subject.VISITOR,
        fields={
            "visitor": Link(Erase.DELETE_ROW),
            "operator": Link(Erase.DETACH),
            "last_text": _written,
            "last_author_name": _author,
            "page_url": _page,
            "page_title": _page,
            "referrer_origin": _page,
            "waiting_since": _moment,
            "created_at": _moment,
            "accepted_at": _moment,
            "closed_at": _moment,
            "last_at": _moment,
            "last_kind": NotPersonal(_ENTRY),
            "last_author_type": NotPersonal(_ENTRY),
            **plain(
                "id",
                "workspace",
                "website",
                "department",
                "state",
                "head",
                "visitor_head",
                "visitor_read",
                "rev",
                "unread",
            ),
        },
    ),
    Model(
        "chats.Message",
        subject=Subject.VISITOR,
        fields={
            "chat": Link(Erase.DELETE_ROW),
            "member": Link(Erase.DETACH),
            "author_name": _author,
            "text": _written,
            "sender": NotPersonal("the kind and id of who sent it, to recognise a repeated one"),
            "cid": NotPersonal("random, made by the sender's program for this one message"),
            "data": Json(
                {
                    "reason": NotPersonal("why the service did it, one of a few words"),
                    "to": NotPersonal("the id of a member or department"),
                    "n": NotPersonal("the number of another entry"),
                }
            ),
            "at": _moment,
            **plain("number", "visitor_number", "kind", "author_type"),
        },
    ),
    Model(
        "chats.ChatStart",
        fields={
            "visitor": Link(Erase.DELETE_ROW),
            "chat": Link(Erase.DELETE_ROW),
            "cid": NotPersonal("random, made by the visitor's browser for this one message"),
            **plain("id", "number"),
        },
    ),
    Model(
        "chats.ReadMark",
        fields={"chat": Link(Erase.DELETE_ROW), "member": Link(Erase.DELETE_ROW), **plain("id", "number")},
    ),
    Model("chats.Inbox", fields=plain("workspace", "rev")),
)

STORES = (
    Store(
        "cache: presence",
        "which members and visitors hold a connection, by id",
        Personal(Category.BEHAVIOUR, (Purpose.OPERATE,), Retention.MOMENT, Source.SYSTEM, Erase.DELETE_ROW),
    ),
    Store(
        "channel layer",
        "entries of chats on their way between processes",
        Personal(Category.CONTENT, _answer, Retention.MOMENT, Source.PERSON, Erase.DELETE_ROW),
    ),
    Store(
        "memory of the page: visitor's token",
        "held by the chat window after it was opened; gone when the tab closes",
        Personal(Category.CREDENTIAL, _answer, Retention.EXPIRY, Source.SYSTEM, Erase.DELETE_ROW),
    ),
    Store(
        "sessionStorage of the chat window",
        "after the first message: the token, what is not sent yet, what was typed; gone when the tab closes",
        Personal(Category.CONTENT, _answer, Retention.EXPIRY, Source.PERSON, Erase.DELETE_ROW),
    ),
    Store(
        "sessionStorage of the customer's page",
        "after the first message: that the chat was open; no identifier",
        NotPersonal("the same value for everybody"),
    ),
    Store(
        "localStorage of the chat window",
        "the token, if the visitor ticked “remember this chat on this device”",
        Personal(Category.CREDENTIAL, _answer, Retention.EXPIRY, Source.PERSON, Erase.DELETE_ROW),
    ),
    Store(
        "localStorage of the console",
        "an operator's drafts, until they are sent or the operator logs out; the choice of sounds",
        Personal(Category.CONTENT, _answer, Retention.CHAT, Source.PERSON, Erase.DELETE_ROW),
    ),
    Store(
        "sessionStorage of the console",
        "what an operator has sent and the server has not confirmed yet; the chosen tab; gone when the tab closes",
        Personal(Category.CONTENT, _answer, Retention.SESSION, Source.PERSON, Erase.DELETE_ROW),
    ),
)
