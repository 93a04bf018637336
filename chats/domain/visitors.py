"""What a visitor says of themselves and where they come from, cut down to what is kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.domain.lines import one_line
from chats.domain import entries as e
from chats.domain.tokens import Token

LONGEST_NAME = 80
LONGEST_PHONE = 40

# Family names only, most specific first: Edge and Opera also call themselves Chrome, Chrome also Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def _family(agent: str, table: tuple[tuple[str, str], ...]) -> str:
    return next((family for mark, family in table if mark in agent), "")


def person_of(fields: dict[str, str]) -> e.Person:
    """The reserved pre-chat answers. An address that is none is left out, not refused: the message matters more."""
    email = one_line(fields.get("email", ""), 254)
    try:
        validate_email(email)
    except ValidationError:
        email = ""
    return e.Person(
        name=one_line(fields.get("name", ""), LONGEST_NAME),
        email=email,
        phone=one_line(fields.get("phone", ""), LONGEST_PHONE),
    )


def page_address(url: str) -> str:
    """A page's address without user, query and fragment: those carry what nobody meant to tell."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))[:1000]


def origin_of(url: str) -> str:
    """`https://host[:port]` of an address, or nothing."""
    address = page_address(url)
    if not address:
        return ""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"[:255]


def entry_of_start(
    frame: dict[str, Any], *, token: Token, workspace_id: int, address: str, agent: str, somebody_here: bool
) -> e.Start:
    """The entry of a clean `start` frame; `address` is already shortened."""
    page = frame["page"]
    return e.Start(
        visitor_id=token.visitor_id,
        website_id=token.website_id,
        workspace_id=workspace_id,
        cid=frame["cid"],
        text=frame["text"],
        token_digest=token.digest,
        token_expires_at=token.expires_at,
        person=person_of(frame["fields"]),
        origin=e.Origin(
            url=page_address(page.get("url", "")),
            title=one_line(page.get("title", ""), 200),
            referrer=origin_of(page.get("referrer", "")),
            ip=address,
            browser=_family(agent, _BROWSERS),
            system=_family(agent, _SYSTEMS),
        ),
        somebody_here=somebody_here,
    )
