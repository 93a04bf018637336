"""The inbox: whose turn it is, and the way in for the script that keeps it alive."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, member_required
from accounts.domain.members import set_availability
from accounts.models import Availability
from accounts.permissions import Permission
from chats.domain.desk import desk
from chats.views import panes

ROWS = 20
MOST_ROWS = 500


@never_cache
@member_required(Permission.SEE_CHATS)
@require_safe
def inbox(request: MemberRequest) -> HttpResponse:
    return render(request, "chats/inbox.html", list_context(request))


def list_context(request: MemberRequest) -> dict[str, Any]:
    """The left pane: a screenful of rows, or with `?rows=all` as many as a socket would bring."""
    membership = request.membership
    begun = desk(membership=membership, limit=MOST_ROWS if request.GET.get("rows") == "all" else ROWS)
    counts = {"mine": begun.mine, "waiting": begun.waiting, "all": begun.all}
    tab = request.GET.get("tab", "all")
    return {
        "sections": panes.sections(begun.rows, membership=membership, now=timezone.now()),
        "tab": tab if tab in counts else "all",
        "tabs": [{"key": key, "title": title, "count": counts[key]} for key, title in panes.TABS],
        "more_rows": begun.all - len(begun.rows),
        "blank_row": panes.BLANK_ROW,
        "blank_entries": panes.blank_entries(),
        "section": "inbox",
    }


@member_required(Permission.SEE_CHATS)
@require_POST
def own_status(request: MemberRequest) -> HttpResponse:
    """Online, away or invisible by form; a live console says it over its socket."""
    chosen = request.POST.get("availability", "")
    if chosen not in Availability.values:
        return HttpResponseBadRequest()
    set_availability(membership=request.membership, availability=chosen)
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        # One slash: with two it would be another host.
        return redirect("/" + urlsplit(came_from).path.lstrip("/"))
    return redirect("inbox", slug=request.membership.workspace.slug)
