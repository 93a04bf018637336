"""The widget's own files: the loader and the frame's modules, from memory, compressed once, without their comments.

They do not go through the static files app because each byte is paid for by visitors of somebody else's page: comments
and types stay in the repository, and `make run` sends what production sends. The address of a module holds the version
of all of them, so that imports between them need no rewriting and may be kept for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import brotli
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

LOADER = "widget/widget.js"
MODULES = (
    "widget/frame.js",
    "widget/keep.js",
    "widget/transport.js",
    "widget/thread.js",
    "widget/composer.js",
    "live/text.js",
    "live/link.js",
    "live/outbox.js",
    "live/stream.js",
)
STYLES = "widget/frame.css"
TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
LOADER_SECONDS = 3600
# A script or a JSON file needs no more of these, and visitors pay for each byte of them.
SHORT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=()",
}
FOREVER = "public, max-age=31536000, immutable"
# Comments that have their lines for themselves; a comment behind code is left alone, because it could be a string.
_COMMENTS = re.compile(r"^[ \t]*(?:/\*.*?\*/[ \t]*\n|//[^\n]*\n)", re.DOTALL | re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asset:
    """The bytes of one file, by content coding."""

    kind: str
    plain: bytes
    gzip: bytes
    br: bytes
    etag: str


def strip(source: str) -> str:
    return _INDENT.sub("", _COMMENTS.sub("", source))


def compress(body: bytes) -> tuple[bytes, bytes]:
    return gzip.compress(body, 9, mtime=0), brotli.compress(body, mode=brotli.MODE_TEXT, quality=11)


@lru_cache(maxsize=64)
def _load(path: str, _changed: int) -> Asset:
    body = strip(Path(path).read_text(encoding="utf-8")).encode()
    zipped, br = compress(body)
    return Asset(Path(path).suffix[1:], body, zipped, br, hashlib.sha256(body).hexdigest()[:16])


def asset(name: str) -> Asset:
    path = finders.find(name)
    if not isinstance(path, str):
        raise Http404
    return _load(path, Path(path).stat().st_mtime_ns)


def version() -> str:
    """Of all the frame's files together."""
    tags = "".join(asset(name).etag for name in (*MODULES, STYLES))
    return hashlib.sha256(tags.encode()).hexdigest()[:12]


@require_safe
def loader(request: HttpRequest) -> HttpResponseBase:
    """`/widget.js`: the address is in our customers' pages, so it never changes."""
    response = _answer(request, asset(LOADER), f"public, max-age={LOADER_SECONDS}")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
def module(request: HttpRequest, wanted: str, name: str) -> HttpResponseBase:
    """A file of the frame. An address of another version (a page from before an update) is answered, but not kept."""
    if name not in (*MODULES, STYLES):
        raise Http404
    return _answer(request, asset(name), FOREVER if wanted == version() else "no-cache")


def _answer(request: HttpRequest, found: Asset, caching: str) -> HttpResponseBase:
    response = encoded(request, found.plain, found.gzip, found.br, content_type=TYPES[found.kind])
    response["Cache-Control"] = caching
    # Weak: one tag stands for three encodings of the same content.
    etag = f'W/"{found.etag}"'
    response["ETag"] = etag
    answer = get_conditional_response(request, etag=etag, response=response) or response
    # Read by `chatsite.middleware`: the same bytes in every language.
    vars(answer)["same_for_everybody"] = True
    return answer


def encoded(request: HttpRequest, plain: bytes, zipped: bytes, br: bytes, *, content_type: str) -> HttpResponse:
    accepted = {part.split(";")[0].strip() for part in request.headers.get("Accept-Encoding", "").lower().split(",")}
    coding = next((name for name in ("br", "gzip") if name in accepted), "")
    response = HttpResponse({"br": br, "gzip": zipped, "": plain}[coding], content_type=content_type)
    if coding:
        response["Content-Encoding"] = coding
    for name, value in SHORT_HEADERS.items():
        response[name] = value
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
