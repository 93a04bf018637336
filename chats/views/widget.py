"""What a host page and the chat's frame are told: the public settings, and the frame.

Everybody gets the same. Nothing here may touch the session, `request.user` or the CSRF token.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, get_language_bidi
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from chats.domain import websites
from chats.live.presence import someone_is_here
from chats.models import Website
from chats.views import widget_assets
from chats.views.widget_words import WORDS

KEPT_SECONDS = 60


@require_safe
def config(request: HttpRequest, key: str) -> HttpResponseBase:
    """The public settings. The first page that loads them from an allowed origin tells that the widget is installed."""
    website = _website(key)
    websites.saw_install(website=website, origin=request.headers.get("Origin", ""), at=timezone.now())
    body = json.dumps(_settings(website), ensure_ascii=False, separators=(",", ":"))
    response = _answer(request, body, "application/json")
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, key: str) -> HttpResponseBase:
    """The chat's own page. Which websites may frame it is said by `frame-ancestors`; without a list, any may."""
    website = _website(key)
    base = f"/widget/app/{widget_assets.version()}/"
    context = {
        "key": website.key,
        "settings": _settings(website),
        "origins": website.allowed_origins,
        "words": WORDS,
        "base": base,
        "modules": widget_assets.MODULES,
        "language": get_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
    }
    response = _answer(request, render_to_string("chats/widget_frame.html", context), "text/html; charset=utf-8")
    # Also on a 304, whose headers replace those that the browser kept.
    response["Content-Security-Policy"] = _policy(website)
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    # So that the chat also opens on pages that isolate themselves; all that the frame loads is its own.
    response["Cross-Origin-Embedder-Policy"] = "require-corp"
    response["Permissions-Policy"] = settings.PERMISSIONS_POLICY
    return response


def _website(key: str) -> Website:
    website = Website.objects.served().filter(key=key).first()
    if website is None:
        raise Http404
    return website


def _settings(website: Website) -> dict[str, Any]:
    online = someone_is_here(website.workspace_id)
    public = websites.public_settings(website, at=timezone.now(), online=online)
    # A path, unless the widget has a host of its own: then it works under whichever name the loader came from.
    own_host = settings.WIDGET_ORIGIN if settings.WIDGET_ORIGIN != settings.SITE_URL else ""
    return {**public, "frame": f"{own_host}/widget/{website.key}/frame"}


def _policy(website: Website) -> str:
    directives = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if website.allowed_origins:
        directives.append(f"frame-ancestors {' '.join(website.allowed_origins)}")
    return "; ".join(directives)


@lru_cache(maxsize=256)
def _compressed(body: bytes) -> tuple[bytes, bytes]:
    return widget_assets.compress(body)


def _answer(request: HttpRequest, text: str, content_type: str) -> HttpResponseBase:
    body = text.encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
    response = widget_assets.encoded(request, body, *_compressed(body), content_type=content_type)
    response["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
