"""The front door: where a person lands, and where they choose among their workspaces."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import LAST_WORKSPACE, UserRequest, user_required
from accounts.models import Membership, User


def _memberships(user: User) -> list[Membership]:
    return list(Membership.objects.active().filter(user=user).select_related("workspace").order_by("workspace__name"))


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Signed out: what this is. Signed in: the inbox of the only or last workspace, else the choice, else the start."""
    if not isinstance(request.user, User):
        return render(request, "public/home.html")
    slugs = [membership.workspace.slug for membership in _memberships(request.user)]
    last = request.session.get(LAST_WORKSPACE)
    if last in slugs:
        return redirect("inbox", slug=last)
    if len(slugs) == 1:
        return redirect("inbox", slug=slugs[0])
    if slugs:
        return redirect("workspace_switch")
    return redirect("admin:index" if request.user.is_staff else "start")


@require_safe
@user_required
def workspace_switch(request: UserRequest) -> HttpResponse:
    return render(request, "accounts/workspaces.html", {"memberships": _memberships(request.user)})
