"""Names of websites, members and departments for inbox rows, remembered for a few seconds.

A batch shows the same few names hundreds of times a second; asking the database each time would cost more than storing
the messages. A change of name is seen after `SECONDS` at the latest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from accounts.models import Department, Membership
from chats.models import Website

SECONDS = 5.0
MOST = 20_000

_known: dict[tuple[str, int], tuple[float, str]] = {}


def _load_websites(ids: Iterable[int]) -> dict[int, str]:
    return dict(Website.objects.filter(pk__in=ids).values_list("pk", "name"))


def _load_departments(ids: Iterable[int]) -> dict[int, str]:
    return dict(Department.objects.filter(pk__in=ids).values_list("pk", "name"))


def _load_members(ids: Iterable[int]) -> dict[int, str]:
    members = Membership.objects.filter(pk__in=ids).select_related("user")
    return {member.pk: member.user.display_name for member in members}


_LOADERS: dict[str, Callable[[Iterable[int]], dict[int, str]]] = {
    "website": _load_websites,
    "department": _load_departments,
    "member": _load_members,
}


def names(kind: str, ids: Iterable[int]) -> dict[int, str]:
    """The names of `ids` of one `kind` (`website`, `member`, `department`); one query for those not known, or none."""
    now = time.monotonic()
    found: dict[int, str] = {}
    missing: set[int] = set()
    for pk in ids:
        known = _known.get((kind, pk))
        if known is not None and known[0] > now:
            found[pk] = known[1]
        else:
            missing.add(pk)
    if missing:
        if len(_known) > MOST:
            _known.clear()
        loaded = _LOADERS[kind](missing)
        for pk, name in loaded.items():
            _known[(kind, pk)] = (now + SECONDS, name)
        found.update(loaded)
    return found


def forget() -> None:
    """Drops everything known: for tests, whose databases change under the process."""
    _known.clear()
