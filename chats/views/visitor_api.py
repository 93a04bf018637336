"""What the widget's frame asks over HTTP: a token, and the fallback without a socket (protocol section 2).

No cookie is set or read and no session touched; the body of every refusal is the protocol's error frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.peers import peer_of, shorten
from accounts.domain.throttle import wait_for
from chats.domain import entries as e
from chats.domain import tokens, wire
from chats.domain.errors import Refused
from chats.domain.messages import append_messages
from chats.domain.visitors import entry_of_start
from chats.live import presence, protocol, reads
from chats.live.limits import visitor_messages
from chats.live.protocol import BadFrame
from chats.live.visitor import new_chat_wait
from chats.models import Website

log = structlog.get_logger(__name__)

STATUS = {
    "bad_frame": 400,
    "unknown_type": 400,
    "forbidden": 403,
    "banned": 403,
    "not_found": 404,
    "conflict": 409,
    "closed": 409,
    "taken": 409,
    "too_large": 413,
    "consent_required": 422,
    "consent_stale": 422,
    "too_fast": 429,
    "limit_reached": 429,
    "unavailable": 503,
}
SENDS = {kind: protocol.VISITOR_FRAMES[kind] for kind in ("start", "send")}


def refused(code: str, *, status: int | None = None, cid: str | None = None, wait: float | None = None) -> JsonResponse:
    frame = protocol.error(code, cid=cid, retry_after=None if wait is None else round(wait, 1))
    answer = JsonResponse(frame, status=status or STATUS[code])
    if answer.status_code in (429, 503):
        answer["Retry-After"] = str(max(1, math.ceil(wait or 1)))
    return answer


def _steady(view: Callable[[HttpRequest, str], JsonResponse]) -> Callable[[HttpRequest, str], JsonResponse]:
    """A database that is away is told in the protocol's words: what was sent is to be repeated, not lost."""

    @wraps(view)
    def answered(request: HttpRequest, key: str) -> JsonResponse:
        try:
            return view(request, key)
        except (OperationalError, InterfaceError) as error:
            log.warning("database unavailable", error=type(error).__name__)
            return refused("unavailable", wait=2)

    return answered


def _website(key: str) -> Website | None:
    return Website.objects.served().filter(key=key).first()


def _bearer(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@csrf_exempt
@never_cache
@require_POST
@_steady
def session(request: HttpRequest, key: str) -> JsonResponse:
    """A token for a new visitor, or a fresh one for the visitor of the token that is shown."""
    website = _website(key)
    if website is None:
        return refused("not_found")
    wait = _session_wait(website, shorten(peer_of(request)))
    if wait:
        return refused("too_fast", wait=wait)
    held = _bearer(request)
    token = tokens.renew(held, website=website) if held else tokens.issue(website_id=website.pk)
    if token is None:
        return refused("forbidden", status=401)
    return JsonResponse(
        {
            "token": token,
            "expires_in": settings.VISITOR_TOKEN_SECONDS,
            "online": presence.someone_is_here(website.workspace_id),
            "limits": protocol.limits(settings.LIVE_VISITOR_RATE),
        }
    )


def _session_wait(website: Website, address: str) -> float:
    count, seconds = settings.LIVE_SESSIONS_PER_IP
    wait = wait_for("sessions-per-ip", f"{website.pk}:{address}", count=count, seconds=seconds)
    if wait:
        return wait
    count, seconds = settings.LIVE_SESSIONS_PER_WEBSITE
    return wait_for("sessions-per-website", str(website.pk), count=count, seconds=seconds)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
@_steady
def messages(request: HttpRequest, key: str) -> JsonResponse:
    """GET: a page of the visitor's current chat. POST: the `start` or `send` of a client without a socket."""
    website = _website(key)
    if website is None:
        return refused("not_found")
    admitted = tokens.admit(_bearer(request), website_id=website.pk)
    if admitted is None:
        return refused("forbidden", status=401)
    token, _visitor = admitted
    if request.method == "GET":
        return _page(request, token)
    return _store(request, website, token)


def _page(request: HttpRequest, token: tokens.Token) -> JsonResponse:
    try:
        after = protocol.number(int(request.GET.get("after") or 0))
    except ValueError:
        return refused("bad_frame")
    head = reads.current_chat(token.visitor_id, token.website_id)
    if head is None:
        return JsonResponse({"chat": None, "state": None, "head": 0, "events": [], "more": False})
    if request.GET.get("chat") not in (None, "", str(head.chat_id)):
        after = 0
    return JsonResponse(reads.visitor_page(head.chat_id, after))


def _store(request: HttpRequest, website: Website, token: tokens.Token) -> JsonResponse:
    try:
        if int(request.headers.get("Content-Length") or 0) > settings.LIVE_FRAME_LIMIT:
            raise BadFrame("too_large")
        frame = protocol.parse(request.body, SENDS)
    except RequestDataTooBig:
        # A body in chunks has no length that could be looked at first.
        return refused("too_large")
    except (BadFrame, ValueError) as bad:
        code, cid = (bad.code, bad.cid) if isinstance(bad, BadFrame) else ("bad_frame", None)
        return refused(code, cid=cid)
    address = shorten(peer_of(request))
    wait = visitor_messages().wait(token.visitor_id) or _start_wait(frame, website, token, address)
    if wait:
        return refused("too_fast", cid=frame["cid"], wait=wait)
    (answer,) = append_messages([_entry(request, frame, website, token, address)])
    if isinstance(answer, Refused):
        return refused(answer.code, cid=frame["cid"], wait=answer.retry_after)
    assert isinstance(answer, e.Sent)
    sent = {"type": "sent", "cid": answer.cid, "chat": str(answer.chat_id), "n": answer.number}
    return JsonResponse({**sent, "at": wire.moment(answer.at)})


def _start_wait(frame: protocol.Frame, website: Website, token: tokens.Token, address: str) -> float:
    if frame["type"] != "start":
        return 0.0
    head = reads.current_chat(token.visitor_id, website.pk)
    return new_chat_wait(website.pk, address) if head is None or head.state == "closed" else 0.0


def _entry(
    request: HttpRequest, frame: protocol.Frame, website: Website, token: tokens.Token, address: str
) -> e.Start | e.VisitorSend:
    here = presence.someone_is_here(website.workspace_id)
    if frame["type"] == "send":
        return e.VisitorSend(token.visitor_id, website.pk, frame["cid"], frame["text"], somebody_here=here)
    return entry_of_start(
        frame,
        token=token,
        workspace_id=website.workspace_id,
        address=address,
        agent=request.headers.get("User-Agent", ""),
        somebody_here=here,
    )
