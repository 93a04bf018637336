"""Headers that every answer carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.decorators import sync_and_async_middleware

Handler = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def page_headers(get_response: Handler) -> Handler:
    """`Permissions-Policy` on everything; `no-store` on whatever read the session.

    An answer that looked at the session may be about the person signed in, and must not be found in a shared or a back
    button's cache after they left. Asking `request.user` here instead would itself read the session and put
    `Vary: Cookie` on the widget's pages, which never touch it.
    """
    if iscoroutinefunction(get_response):
        answer_later = cast(Callable[[HttpRequest], Awaitable[HttpResponseBase]], get_response)

        async def middleware_async(request: HttpRequest) -> HttpResponseBase:
            return finish(request, await answer_later(request))

        return middleware_async

    answer = cast(Callable[[HttpRequest], HttpResponseBase], get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return finish(request, answer(request))

    return middleware


def finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
    session = getattr(request, "session", None)
    if session is not None and session.accessed and not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_store=True)
    if getattr(response, "same_for_everybody", False):
        # The locale middleware cannot know: with its two headers a cache would keep one copy a language.
        response.headers["Vary"] = "Accept-Encoding"
        del response.headers["Content-Language"]
    return response
