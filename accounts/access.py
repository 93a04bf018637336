"""The door of a workspace: who comes in through a request or a socket, and as what.

A stranger and an unknown address get the same 404, so that nobody learns which workspaces exist;
a colleague without the right gets 403, so that they can ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import constant_time_compare

from accounts.models import Membership, User
from accounts.permissions import Permission, may

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)

# Where the workspace that was used last is remembered, for people who belong to several.
LAST_WORKSPACE = "workspace"


class UserRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


class MemberRequest(UserRequest):
    """A request that came through the door of a workspace."""

    membership: Membership


@dataclass(frozen=True, slots=True)
class SocketMember:
    membership: Membership
    session_key: str


View = Callable[Concatenate[MemberRequest, P], HttpResponseBase]


def active_membership(user: User, slug: str) -> Membership | None:
    members = Membership.objects.active().select_related("workspace", "user")
    return members.filter(user=user, workspace__slug=slug).first()


def user_required(view: Callable[Concatenate[UserRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Opens a view that belongs to no workspace to whoever is signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        return _private(view(cast(UserRequest, request), *args, **kwargs))

    return guarded


def _private(response: R) -> R:
    """What was shown to somebody signed in is in no cache, not even in the browser's after they log out."""
    add_never_cache_headers(response)
    return response


def wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def member_required(permission: Permission) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """Opens a view under `/w/<slug>/…` to members with `permission`; it gets `request.membership` and no slug."""

    def decorate(view: View[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not isinstance(request.user, User):
                if wants_json(request):
                    return JsonResponse({"type": "error", "code": "forbidden"}, status=401)
                return redirect_to_login(request.get_full_path())
            membership = active_membership(request.user, slug)
            if membership is None:
                if wants_json(request):
                    return JsonResponse({"type": "error", "code": "not_found"}, status=404)
                raise Http404
            if not may(membership, permission):
                if wants_json(request):
                    return JsonResponse({"type": "error", "code": "forbidden"}, status=403)
                raise PermissionDenied
            if request.session.get(LAST_WORKSPACE) != slug:
                request.session[LAST_WORKSPACE] = slug
            member_request = cast(MemberRequest, request)
            member_request.membership = membership
            return _private(view(member_request, *args, **kwargs))

        # The access matrix checks that every address of a workspace has a door.
        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def member_of_session(cookies: Mapping[str, str], slug: str) -> SocketMember | None:
    """The member behind a socket's cookies: a live session of an active user who belongs to the workspace."""
    user = _user_of_session(cookies)
    membership = active_membership(user, slug) if user else None
    return SocketMember(membership, cookies[settings.SESSION_COOKIE_NAME]) if membership else None


def signed_in(cookies: Mapping[str, str]) -> bool:
    """Whether the cookies belong to a live session of an active user, member of anything or not."""
    return _user_of_session(cookies) is not None


def _user_of_session(cookies: Mapping[str, str]) -> User | None:
    """`django.contrib.auth.get_user` is not used: with a fallback secret it gives the session a new key,
    and a socket has no answer that could carry the new cookie.
    """
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key=key).load()
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=session.get(SESSION_KEY), is_active=True).first()
    if user is None or not _hash_is_current(user, session.get(HASH_SESSION_KEY, "")):
        return None
    return user


def _hash_is_current(user: User, session_hash: str) -> bool:
    """False for sessions from before the password changed."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(session_hash, wanted) for wanted in hashes)
