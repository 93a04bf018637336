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

from accounts.domain import audit, workspaces
from accounts.models import Membership, User
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
    """Nothing was stored. `errors` says what is wrong by field; of `texts` and `hours` by part (`hours.mon`)."""

    def __init__(self, errors: Mapping[str, Message]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class _Wrong(Exception):
    """`parts`: which parts of the value are wrong, and how; the empty part is the whole."""

    def __init__(self, message: Message = "", **parts: Message) -> None:
        super().__init__()
        self.parts = parts or {"": message}


def create_website(*, membership: Membership, name: str, **changes: Any) -> Website:
    cleaned = _cleaned({"time_zone": membership.workspace.time_zone, **changes, "name": name})
    with transaction.atomic():
        website = Website.objects.create(workspace=membership.workspace, **cleaned)
        _record(membership, website, "website.created", {})
    return website


@transaction.atomic
def begin(*, owner: User, workspace_name: str, address: str, time_zone: str) -> Website:
    """A new workspace with its first website. `address` names the website and is the only one that may carry it,
    with and without `www.`; left empty, any page may."""
    try:
        origins = _with_and_without_www(clean_origin(address)) if address.strip() else []
    except _Wrong as wrong:
        raise BadWebsite({"address": wrong.parts[""]}) from None
    errors = {} if opening.known_zone(time_zone) else {"time_zone": ZONE_ERROR}
    if not workspace_name.strip():
        errors["workspace_name"] = _("Give the workspace a name, like that of your company.")
    elif len(workspace_name.strip()) > NAME_LIMIT:
        errors["workspace_name"] = _too_long(NAME_LIMIT, len(workspace_name.strip()))
    if errors:
        raise BadWebsite(errors)
    membership = workspaces.create_workspace(owner=owner, name=workspace_name, time_zone=time_zone)
    name = origins[0].split("://")[1] if origins else membership.workspace.name
    return create_website(membership=membership, name=name[:NAME_LIMIT], allowed_origins=origins)


def _with_and_without_www(origin: str) -> list[str]:
    scheme, host = origin.split("://")
    if host.startswith("www."):
        return [origin, f"{scheme}://{host[4:]}"]
    return [origin, f"{scheme}://www.{host}"] if "." in host and not host[0].isdigit() else [origin]


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
        "unread": gettext("Unread messages: {count}"),
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


def check(changes: Changes) -> None:
    """Raises `BadWebsite` if any of it could not be kept; stores nothing."""
    _cleaned(changes)


def _cleaned(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Every field checked, so that all that is wrong is told at once."""
    cleaned: dict[str, Any] = {}
    errors: dict[str, Message] = {}
    for field, value in changes.items():
        try:
            cleaned[field] = _CLEANERS[field](value)
        except _Wrong as wrong:
            errors |= {f"{field}.{part}" if part else field: message for part, message in wrong.parts.items()}
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
    if not texts.keys() <= TEXTS.keys():
        raise _Wrong(_("There is no such text."))
    wrong = {key: _too_long(TEXTS[key], len(text)) for key, text in texts.items() if len(text) > TEXTS[key]}
    if not _is_web_address(texts.get("privacy_url", "https://host")):
        wrong["privacy_url"] = _("Write the whole address, like https://www.example.com/privacy.")
    if wrong:
        raise _Wrong(**wrong)
    return texts


def _is_web_address(value: str) -> bool:
    try:
        url = urlsplit(value)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.hostname) and not any(sign in value for sign in ' <>"\\')


def _time_zone(value: str) -> str:
    if not opening.known_zone(value):
        raise _Wrong(ZONE_ERROR)
    return value


def _hours(value: Mapping[str, Sequence[Sequence[str]]]) -> opening.Hours:
    wrong: dict[str, Message] = {}
    for day, spans in value.items():
        try:
            opening.clean_hours({day: spans})
        except opening.BadHours as bad:
            wrong[day] = HOURS_ERRORS[bad.code]
    if wrong:
        raise _Wrong(**wrong)
    return opening.clean_hours(value)


def _wait(field: str) -> Callable[[int], int]:
    least, most = WAITS[field]

    def clean(value: int) -> int:
        if not least <= value <= most:
            raise _Wrong(format_lazy(_("Choose a number from {least} to {most}."), least=least, most=most))
        return value

    return clean


ZONE_ERROR: Message = _("Choose a time zone from the list, like Europe/Berlin.")
HOURS_ERRORS: Mapping[str, Message] = {
    "day": _("There is no such day."),
    "clock": _("Write spans like 09:00-12:30, 13:30-17:00; a day ends at 24:00."),
    "order": _("The end must be after the start. For a night, use two spans: until 24:00 and from 00:00."),
    "overlap": _("Two spans overlap."),
    "many": format_lazy(_("At most {limit} spans a day."), limit=opening.MOST_SPANS),
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
