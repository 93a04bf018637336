"""Websites: setting one up, what it may hold, and what its widget tells the public."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, cast
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.domain import audit
from accounts.models import Membership
from chats.domain import hours as opening
from chats.domain.contrast import BadColour, clean_colour, text_on
from chats.models import Position, Website

MOST_ORIGINS = 20
NAME_LIMIT = 80
# The widget's own words that a website may replace, with their greatest length.
TEXTS: Mapping[str, int] = {
    "title": 60,
    "launcher": 40,
    "greeting": 300,
    "away": 300,
    "notice": 500,
    "privacy_url": 300,
}
# Waits: the least and the most, in the field's own unit (seconds, minutes, hours).
WAITS: Mapping[str, tuple[int, int]] = {
    "missed_after": (10, 3_600),
    "idle_close_after": (5, 10_080),
    "reopen_within": (0, 720),
}
SEEN_INTERVAL = dt.timedelta(hours=1)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")

Message = str | Promise


class Changes(TypedDict, total=False):
    name: str
    is_active: bool
    allowed_origins: Sequence[str]
    accent: str
    position: str
    texts: Mapping[str, str]
    time_zone: str
    hours: Mapping[str, Sequence[Sequence[str]]]
    missed_after: int
    idle_close_after: int
    reopen_within: int
    typing_preview: bool


class BadWebsite(Exception):
    """Nothing was stored. `errors` maps each field that cannot be kept as it is to what is wrong with it."""

    def __init__(self, errors: Mapping[str, Message]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class _Wrong(Exception):
    def __init__(self, message: Message) -> None:
        super().__init__()
        self.message = message


def create_website(*, membership: Membership, name: str, **changes: Any) -> Website:
    cleaned = _cleaned({"time_zone": membership.workspace.time_zone, **changes, "name": name})
    with transaction.atomic():
        website = Website.objects.create(workspace=membership.workspace, **cleaned)
        _record(membership, website, "website.created", {})
    return website


def change_website(*, membership: Membership, website: Website, changes: Changes) -> Website:
    """Stores what is different. The audit entry names the fields, never their content."""
    cleaned = _cleaned(changes)
    changed = [field for field, value in cleaned.items() if getattr(website, field) != value]
    if changed:
        for field in changed:
            setattr(website, field, cleaned[field])
        with transaction.atomic():
            website.save(update_fields=changed)
            _record(membership, website, "website.changed", {"fields": ",".join(sorted(changed))})
    return website


def saw_install(*, website: Website, origin: str, at: dt.datetime) -> bool:
    """Notes that a page of `origin` loaded the widget: at most once an hour, and only for an origin that may carry it.

    The condition is in the UPDATE, so that a thousand visitors of one second are one write.
    """
    try:
        origin = clean_origin(origin)
    except _Wrong:
        return False
    if website.allowed_origins and origin not in website.allowed_origins:
        return False
    if website.seen_at is not None and website.seen_at > at - SEEN_INTERVAL:
        return False
    stale = Website.objects.filter(Q(seen_at=None) | Q(seen_at__lte=at - SEEN_INTERVAL), pk=website.pk)
    return bool(stale.update(seen_at=at, seen_origin=origin))


def is_open(website: Website, at: dt.datetime) -> bool:
    return opening.is_open(website.hours, website.time_zone, at)


def opens_at(website: Website, at: dt.datetime) -> dt.datetime | None:
    return opening.opens_at(website.hours, website.time_zone, at)


def public_settings(website: Website, *, at: dt.datetime, online: bool) -> dict[str, Any]:
    """All that anybody may know of a website: its look, its words, and when somebody is there."""
    opens = opens_at(website, at)
    words: dict[str, str] = website.texts
    notice = words.get("notice") or gettext(
        "Your messages are kept so that we can answer you. Please send no passwords or card numbers."
    )
    if website.typing_preview:
        notice = f"{notice} {gettext('We can see what you type before you send it.')}"
    return {
        "v": 1,
        "title": words.get("title") or website.name,
        "launcher": words.get("launcher") or gettext("Open chat"),
        "fold": gettext("Close chat window"),
        "unread": gettext("unread messages"),
        "accent": website.accent,
        "on_accent": text_on(website.accent),
        "position": website.position,
        "open": is_open(website, at),
        "online": online,
        "opens_at": opens.strftime("%Y-%m-%dT%H:%M:%SZ") if opens else None,
        "greeting": words.get("greeting") or gettext("Hello. How can we help you?"),
        "away": words.get("away", ""),
        "typing_preview": website.typing_preview,
        "notice": {
            "text": notice,
            "version": hashlib.sha256(notice.encode()).hexdigest()[:8],
            "url": words.get("privacy_url", ""),
        },
    }


def clean_origin(value: str) -> str:
    """`https://shop.example` as a browser would send it in `Origin`; a host without a scheme is taken as https."""
    text = value.strip().lower()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port
    except (ValueError, UnicodeError):
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host) or parts.username is not None:
        raise _Wrong(
            format_lazy(_("“{value}” is not a web address. Write it like https://www.example.com."), value=value[:80])
        )
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise _Wrong(
            format_lazy(
                _("“{value}” names a page. Give only the website: {scheme}://{host}."),
                value=value[:80],
                scheme=parts.scheme,
                host=parts.netloc,
            )
        )
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, standard} else "")


def _record(membership: Membership, website: Website, action: str, facts: dict[str, audit.Fact]) -> None:
    audit.record(
        action=action,
        workspace=membership.workspace,
        actor=membership.user,
        target=f"website:{website.pk}",
        facts=facts,
    )


def _cleaned(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Every field checked, so that all that is wrong is told at once."""
    cleaned: dict[str, Any] = {}
    errors: dict[str, Message] = {}
    for field, value in changes.items():
        try:
            cleaned[field] = _CLEANERS[field](value)
        except _Wrong as wrong:
            errors[field] = wrong.message
    if errors:
        raise BadWebsite(errors)
    return cleaned


def _name(value: str) -> str:
    name = " ".join(value.split())
    if not name:
        raise _Wrong(_("Give the website a name."))
    if len(name) > NAME_LIMIT:
        raise _Wrong(_too_long(NAME_LIMIT, len(name)))
    return name


def _too_long(limit: int, length: int) -> Message:
    return format_lazy(_("At most {limit} characters; this has {length}."), limit=limit, length=length)


def _origins(values: Sequence[str]) -> list[str]:
    origins = list(dict.fromkeys(clean_origin(value) for value in values if value.strip()))
    if len(origins) > MOST_ORIGINS:
        raise _Wrong(
            format_lazy(_("At most {limit} websites; this names {count}."), limit=MOST_ORIGINS, count=len(origins))
        )
    return origins


def _accent(value: str) -> str:
    try:
        return clean_colour(value)
    except BadColour:
        raise _Wrong(_("Write the colour as six digits, like #0b6b83.")) from None


def _position(value: str) -> str:
    if value not in Position.values:
        raise _Wrong(_("Choose left or right."))
    return value


def _texts(values: Mapping[str, str]) -> dict[str, str]:
    texts = {key: str(value).strip() for key, value in values.items() if str(value).strip()}
    for key, value in texts.items():
        if key not in TEXTS:
            raise _Wrong(format_lazy(_("There is no text called “{key}”."), key=key[:40]))
        if len(value) > TEXTS[key]:
            raise _Wrong(format_lazy("{key}: {error}", key=key, error=_too_long(TEXTS[key], len(value))))
    url = urlsplit(texts.get("privacy_url", "https://host"))
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise _Wrong(_("The address of the privacy policy must begin with https://."))
    return texts


def _time_zone(value: str) -> str:
    if not opening.known_zone(value):
        raise _Wrong(_("Choose a time zone from the list, like Europe/Berlin."))
    return value


def _hours(value: Mapping[str, Sequence[Sequence[str]]]) -> opening.Hours:
    reasons = {
        "day": _("There is no such day."),
        "clock": _("Write times like 09:00 to 17:30; a day ends at 24:00."),
        "order": _("The end must be after the start. For a night, use two spans: until 24:00 and from 00:00."),
        "overlap": _("Two spans overlap."),
        "many": format_lazy(_("At most {limit} spans a day."), limit=opening.MOST_SPANS),
    }
    try:
        return opening.clean_hours(value)
    except opening.BadHours as bad:
        raise _Wrong(
            format_lazy("{day}: {reason}", day=DAY_NAMES.get(bad.day, bad.day), reason=reasons[bad.code])
        ) from None


def _wait(field: str) -> Callable[[int], int]:
    least, most = WAITS[field]

    def clean(value: int) -> int:
        if not least <= value <= most:
            raise _Wrong(format_lazy(_("Choose a number from {least} to {most}."), least=least, most=most))
        return value

    return clean


DAY_NAMES: Mapping[str, Message] = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}
_CLEANERS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "is_active": bool,
    "allowed_origins": _origins,
    "accent": _accent,
    "position": _position,
    "texts": _texts,
    "time_zone": _time_zone,
    "hours": _hours,
    "typing_preview": bool,
    **{field: cast(Callable[[Any], Any], _wait(field)) for field in WAITS},
}
