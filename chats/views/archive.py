"""Closed chats: the list, and one chat written out."""

from __future__ import annotations

import datetime as dt
import uuid
from unicodedata import category
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MemberRequest, member_required
from accounts.domain.lines import one_line
from accounts.permissions import Permission
from chats.domain import archive, wire
from chats.models import Chat, Kind, Message
from chats.views import panes
from chats.views.chat import found, number
from chats.views.words import event_words

LONGEST_NAME = 80
LOOKED_FOR = "closed_chats"


class SearchForm(forms.Form):
    text = forms.CharField(label=gettext_lazy("Words"), max_length=200, required=False)
    visitor = forms.CharField(label=gettext_lazy("Visitor"), max_length=200, required=False)
    since = forms.DateField(
        label=gettext_lazy("Closed from"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Closed until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


@never_cache
@member_required(Permission.SEE_CHATS)
@require_http_methods(["GET", "HEAD", "POST"])
def closed_chats(request: MemberRequest) -> HttpResponse:
    """A search is posted and kept in the session: what is looked for is often a person, and addresses are logged."""
    if request.method == "POST":
        form = SearchForm(request.POST)
        if form.is_valid():
            request.session[LOOKED_FOR] = {name: str(value) for name, value in form.cleaned_data.items() if value}
            return redirect(f"{request.path}?found=1")
    else:
        form = SearchForm(request.session.get(LOOKED_FOR, {}) if "found" in request.GET else {})
    search = archive.Search(**form.cleaned_data) if form.is_valid() else archive.Search()
    page = archive.closed_page(
        membership=request.membership, search=search, after=archive.Mark.read(request.GET.get("after", ""))
    )
    asked = {"found": 1} if search else {}
    context = {
        "section": "closed",
        "form": form,
        "search": search,
        "page": page,
        "older": urlencode({**asked, "after": str(page.older)}) if page.older else "",
        "first": urlencode(asked),
        "first_page": "after" not in request.GET,
    }
    return render(request, "chats/closed.html", context)


@never_cache
@member_required(Permission.SEE_CHATS)
@require_safe
def transcript(request: MemberRequest, chat_id: uuid.UUID) -> HttpResponse:
    shown = found(request, chat_id)
    after = number(request, "after", 0, most=shown.head)
    lines = archive.lines(chat=shown, after=after)
    entries = [wire.operator_entry(line, shown.visitor.display_name) for line in lines]
    zone = ZoneInfo(request.membership.workspace.time_zone)
    context = {
        "section": "closed",
        "chat": shown,
        "entries": panes.drawn_entries(entries, member_id=request.membership.pk, zone=zone),
        "after": after,
        "next": lines[-1].number if lines and lines[-1].number < shown.head else None,
    }
    return render(request, "chats/transcript.html", context)


@never_cache
@member_required(Permission.SEE_CHATS)
@require_safe
def transcript_text(request: MemberRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Plain text. With `?for=visitor` it holds what the visitor could see: no internal note, not even its place."""
    shown = found(request, chat_id)
    notes = request.GET.get("for") != "visitor"
    zone = ZoneInfo(request.membership.workspace.time_zone)
    lines = [_heading(shown, zone), ""]
    lines += [_line(message, shown, zone) for message in archive.all_lines(chat=shown, notes=notes)]
    response = HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="chat-{shown.pk.hex[-8:]}.txt"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _heading(chat: Chat, zone: ZoneInfo) -> str:
    began = chat.created_at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
    return _("Chat with %(visitor)s on %(website)s, begun %(at)s") % {
        "visitor": one_line(chat.visitor.display_name, LONGEST_NAME),
        "website": chat.website.name,
        "at": began,
    }


def _line(message: Message, chat: Chat, zone: ZoneInfo) -> str:
    entry = wire.operator_entry(message, chat.visitor.display_name)
    entry["author"]["name"] = one_line(entry["author"]["name"], LONGEST_NAME)
    at = _stamp(message.at, zone)
    text = _indented(message.text)
    if message.kind == Kind.TEXT:
        return f"[{at}] {entry['author']['name']}: {text}"
    if message.kind == Kind.NOTE:
        label = _("INTERNAL NOTE by %(name)s") % {"name": entry["author"]["name"]}
        return f"[{at}] {label}: {text}"
    return f"[{at}] -- {event_words(message.kind, entry['author'])} --"


def _indented(text: str) -> str:
    """What somebody wrote, so that no line of it can pass for an entry of the transcript, nor a terminal obey it."""
    lines = text.splitlines() or [""]
    return "\n    ".join("".join(sign for sign in line if sign == "\t" or category(sign) != "Cc") for line in lines)


def _stamp(at: dt.datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
