"""One chat: its page, its older entries as JSON, and the forms that work without a socket."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, member_required
from accounts.permissions import Permission
from chats.domain import archive, chats, inbox
from chats.domain.errors import Refused
from chats.live import protocol
from chats.models import Chat
from chats.views import panes
from chats.views.inbox import list_context

SHOWN = 60
MOST = 200
STATUS = {"forbidden": 403, "not_found": 404, "closed": 409, "conflict": 409, "taken": 409, "too_large": 413}
BUSY = {"too_fast": 429, "unavailable": 503}


def found(request: MemberRequest, chat_id: uuid.UUID) -> Chat:
    """The chat, or the same 404 for an id that does not exist and for one of another workspace."""
    try:
        return inbox.chat_for(membership=request.membership, chat_id=chat_id)
    except Chat.DoesNotExist:
        raise Http404 from None


def number(request: MemberRequest, name: str, default: int, *, most: int) -> int:
    try:
        return max(0, min(int(request.GET.get(name, default)), most))
    except ValueError:
        return default


@never_cache
@member_required(Permission.SEE_CHATS)
@require_safe
def chat(request: MemberRequest, chat_id: uuid.UUID) -> HttpResponse:
    """The inbox with one chat open; with `?panes` only the two panes, for a script that already has the list."""
    shown = found(request, chat_id)
    context = chat_context(request, shown)
    if "panes" in request.GET:
        return render(request, "chats/parts/panes.html", context)
    return render(request, "chats/inbox.html", {**list_context(request), **context})


def chat_context(request: MemberRequest, shown: Chat) -> dict[str, Any]:
    membership = request.membership
    before = number(request, "before", shown.head + 1, most=shown.head + 1)
    entries = inbox.entries_before(chat=shown, before=before, limit=SHOWN)
    zone = ZoneInfo(membership.workspace.time_zone)
    return {
        "chat": shown,
        "entries": panes.drawn_entries(entries, member_id=membership.pk, zone=zone),
        "chat_key": str(shown.pk),
        "page_is_link": shown.page_url.startswith(("https://", "http://")),
        "first_number": entries[0]["n"] if entries else 1,
        "last_number": before - 1,
        "earlier": archive.earlier_chats(chat=shown),
        "holds": shown.operator_id == membership.pk,
        "reply_cid": panes.new_cid(),
        "note_cid": panes.new_cid(),
    }


@never_cache
@member_required(Permission.SEE_CHATS)
@require_safe
def chat_messages(request: MemberRequest, chat_id: uuid.UUID) -> JsonResponse:
    """Older entries: those before `before` in the operators' numbering (default: the newest)."""
    shown = found(request, chat_id)
    before = number(request, "before", shown.head + 1, most=shown.head + 1)
    limit = number(request, "limit", MOST, most=MOST) or MOST
    return JsonResponse(inbox.page_before(chat=shown, before=before, limit=limit))


@member_required(Permission.ACCEPT_CHATS)
@require_POST
def chat_accept(request: MemberRequest, chat_id: uuid.UUID) -> HttpResponse:
    return done(request, chat_id, lambda: chats.accept(chat_id=chat_id, membership=request.membership))


@member_required(Permission.ANSWER_CHATS)
@require_POST
def chat_reply(request: MemberRequest, chat_id: uuid.UUID) -> HttpResponse:
    def verb() -> object:
        return chats.reply(chat_id=chat_id, membership=request.membership, **written(request, chat_id, "send"))

    return done(request, chat_id, verb)


@member_required(Permission.ANSWER_CHATS)
@require_POST
def chat_note(request: MemberRequest, chat_id: uuid.UUID) -> HttpResponse:
    def verb() -> object:
        return chats.note(chat_id=chat_id, membership=request.membership, **written(request, chat_id, "note"))

    return done(request, chat_id, verb)


@member_required(Permission.CLOSE_CHATS)
@require_POST
def chat_close(request: MemberRequest, chat_id: uuid.UUID) -> HttpResponse:
    return done(request, chat_id, lambda: chats.close(chat_id=chat_id, membership=request.membership))


@member_required(Permission.CLOSE_CHATS)
@require_POST
def chat_reopen(request: MemberRequest, chat_id: uuid.UUID) -> HttpResponse:
    return done(request, chat_id, lambda: chats.reopen(chat_id=chat_id, membership=request.membership))


@member_required(Permission.SEE_CHATS)
@require_POST
def chat_read(request: MemberRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Reading by form, for consoles without a script; a live one says it over the socket."""
    head = found(request, chat_id).head
    return done(request, chat_id, lambda: chats.mark_read(chat_id=chat_id, membership=request.membership, number=head))


def written(request: MemberRequest, chat_id: uuid.UUID, kind: str) -> dict[str, str]:
    """What a form says, held to the rules for a frame. Browsers send line ends as CR LF; nobody typed a CR."""
    frame = {
        "type": kind,
        "chat": str(chat_id),
        "cid": request.POST.get("cid"),
        "text": request.POST.get("text", "").replace("\r\n", "\n"),
    }
    try:
        clean = protocol.clean(frame, protocol.OPERATOR_FRAMES)
    except protocol.BadFrame as wrong:
        raise Refused(wrong.code) from None
    return {"cid": clean["cid"], "text": clean["text"]}


def done(request: MemberRequest, chat_id: uuid.UUID, verb: Callable[[], object]) -> HttpResponse:
    """One verb, then back to the chat, or for scripts the protocol's answer with its HTTP status."""
    found(request, chat_id)
    script = "application/json" in request.headers.get("Accept", "")
    try:
        verb()
    except Refused as refusal:
        if script:
            return refused_json(refusal, chat_id)
        messages.error(request, refused_words(refusal.code))
    if script:
        return JsonResponse({"type": "done", "chat": str(chat_id)})
    return redirect("chat", slug=request.membership.workspace.slug, chat_id=chat_id)


def refused_json(refusal: Refused, chat_id: uuid.UUID) -> JsonResponse:
    answer: dict[str, Any] = {"type": "error", "code": refusal.code, "chat": str(chat_id)}
    response = JsonResponse(answer, status=BUSY.get(refusal.code) or STATUS.get(refusal.code, 400))
    if refusal.code in BUSY:
        response["Retry-After"] = str(int(refusal.retry_after or 1) + 1)
    return response


def refused_words(code: str) -> str:
    known = {
        "bad_frame": _("Write something first; nothing was sent."),
        "too_large": _("Not sent: the text is too long. Send it in parts."),
        "closed": _("Not done: the chat is closed. Reopen it and try again."),
        "taken": _("A colleague took this chat first. You can still read it and reply."),
        "conflict": _("Not sent: this form was already used for another text. Send it again."),
        "too_fast": _("Too fast. Wait a moment and try again."),
    }
    return known.get(code, _("That did not work and nothing was changed. Try again."))
