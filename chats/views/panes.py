"""What the three panes of the inbox show, worked out once for the templates.

Everything here starts from the protocol's shapes (an inbox row, an entry), so a page drawn by the server and a page
kept alive by its socket cannot disagree about what there is to show.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from chats.domain.wire import Wire
from chats.views.words import event_words, last_words

TABS: tuple[tuple[str, Promise], ...] = (("mine", _("Mine")), ("waiting", _("Waiting")), ("all", _("All")))
WARNING_SECONDS = 40
DANGER_SECONDS = 120
GROUP_SECONDS = 180


@dataclass
class Section:
    key: str
    title: Promise
    empty: Promise
    rows: list[Wire] = field(default_factory=list)


def sections(rows: Iterable[Wire], *, membership: Membership, now: dt.datetime) -> list[Section]:
    """Rows in the three places that the tabs show: unanswered first, within each what needs somebody first."""
    waiting = Section("waiting", _("Waiting"), _("Nobody is waiting."))
    mine = Section("mine", _("Yours"), _("You hold no chat."))
    others = Section("colleagues", _("With colleagues"), _("Colleagues hold no chat."))
    slug, reader = membership.workspace.slug, membership.user.display_name
    zone = ZoneInfo(membership.workspace.time_zone)
    for row in rows:
        drawn = drawn_row(row, slug=slug, reader=reader, zone=zone, now=now)
        if row["state"] in {"queued", "missed"}:
            waiting.rows.append(drawn)
        elif row["state"] == "active":
            holder = row["operator"] or {}
            (mine if holder.get("id") == str(membership.pk) else others).rows.append(drawn)
    waiting.rows.sort(key=_oldest_first)
    for section in (mine, others):
        section.rows.sort(key=lambda row: row["last"]["at"], reverse=True)
        section.rows.sort(key=_unread_first)
    return [waiting, mine, others]


def _oldest_first(row: Wire) -> tuple[str, str]:
    return (row["waiting_since"] or row["created_at"], row["id"])


def _unread_first(row: Wire) -> tuple[bool, str]:
    return (not row["unread"], row["waiting_since"] or "~")


def drawn_row(row: Wire, *, slug: str, reader: str, zone: ZoneInfo, now: dt.datetime) -> Wire:
    """The row with what a template cannot work out, or only slowly: how long, how urgent, which words."""
    return {
        **row,
        "url": reverse("chat", args=[slug, row["id"]]),
        "wait": wait_of(row["waiting_since"], now=now),
        "words": last_words(row["last"], reader=reader),
        "at": dt.datetime.fromisoformat(row["last"]["at"]).astimezone(zone).strftime("%H:%M"),
    }


def wait_of(since: str | None, *, now: dt.datetime) -> dict[str, str] | None:
    if not since:
        return None
    seconds = max(0, int((now - dt.datetime.fromisoformat(since)).total_seconds()))
    level = "danger" if seconds >= DANGER_SECONDS else "warning" if seconds >= WARNING_SECONDS else "calm"
    return {"since": since, "level": level, "words": duration(seconds)}


def duration(seconds: int) -> str:
    """Short enough for a row: 0:41, 12:07, 3 h, 2 d."""
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    if seconds < 86_400:
        return gettext("%(hours)d h") % {"hours": seconds // 3600}
    return gettext("%(days)d d") % {"days": seconds // 86_400}


def drawn_entries(entries: Sequence[Wire], *, member_id: int, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Entries with their day lines and groups: same author, within three minutes, nothing between them."""
    removed = {entry["data"]["n"] for entry in entries if entry["kind"] == "deleted" and "n" in entry.get("data", {})}
    edited = {
        entry["data"]["n"]: entry.get("text", "")
        for entry in entries
        if entry["kind"] == "edited" and "n" in entry.get("data", {})
    }
    drawn: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for entry in entries:
        if entry["kind"] in {"edited", "deleted"}:
            continue
        at = dt.datetime.fromisoformat(entry["at"]).astimezone(zone)
        shape = _shape(entry)
        item = {
            **entry,
            "at": at,
            "stamp": entry["at"],
            "shape": shape,
            "text": edited.get(entry["n"], entry.get("text", "")),
            "removed": entry["n"] in removed,
            "own": entry["author"].get("id") == str(member_id),
            "who": _who(entry),
            "words": event_words(entry["kind"], entry["author"]) if shape == "event" else "",
            "new_day": before is None or before["at"].date() != at.date(),
            "first": True,
            "last": True,
        }
        if before is not None and not item["new_day"] and _together(before, item):
            item["first"] = before["last"] = False
        drawn.append(item)
        before = item
    return drawn


def _who(entry: Wire) -> str:
    author = entry["author"]
    return "visitor" if author["type"] == "visitor" else f"{author['type']}:{author.get('id', author['name'])}"


def _shape(entry: Wire) -> str:
    if entry["kind"] == "note":
        return "note"
    if entry["kind"] in {"text", "file"}:
        return "visitor" if entry["author"]["type"] == "visitor" else "operator"
    return "event"


def _together(before: dict[str, Any], item: dict[str, Any]) -> bool:
    return (
        item["shape"] in {"visitor", "operator"}
        and before["shape"] == item["shape"]
        and before["who"] == item["who"]
        and (item["at"] - before["at"]).total_seconds() <= GROUP_SECONDS
    )


def new_cid() -> str:
    """For the forms: the same form sent twice is one message."""
    return str(uuid.uuid4())


# What the <template> elements are drawn from: the script clones them, so there is one markup for server and script.
BLANK_ROW: Wire = {
    "id": "00000000-0000-0000-0000-000000000000",
    "state": "queued",
    "visitor": {"id": "", "name": ""},
    "website": {"id": "", "name": ""},
    "operator": None,
    "unread": 0,
    "wait": {"since": "", "level": "calm", "words": ""},
    "words": "",
    "at": "",
    "url": "",
    "last": {"at": ""},
}


def blank_entries() -> list[dict[str, Any]]:
    blank = {
        "n": "",
        "cid": "",
        "kind": "",
        "stamp": "",
        "at": None,
        "who": "",
        "author": {"type": "", "name": ""},
        "text": "",
        "words": "",
        "own": False,
        "removed": False,
        "new_day": False,
        "first": True,
        "last": True,
    }
    return [{**blank, "shape": shape} for shape in ("visitor", "operator", "note", "event")]
