"""The team: who belongs to the workspace, in which role, and who may do what."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, member_required
from accounts.domain import members
from accounts.forms import RoleForm
from accounts.models import Membership, Role
from accounts.models.workspace import MembershipQuerySet
from accounts.permissions import Permission, matrix

REASONS = {
    members.LastOwner: _("A workspace needs an owner. Make somebody else an owner first."),
    members.NotAllowed: _("Only an owner can do that."),
    members.NotAMember: _("That member was removed in the meantime."),
}


@require_safe
@member_required(Permission.SEE_TEAM)
def team(request: MemberRequest) -> HttpResponse:
    me, now = request.membership, timezone.now()
    rows = [
        {
            "member": member,
            "is_here": member.is_here(now),
            "roles": [
                (value, label) for value, label in Role.choices if members.may_give(actor=me, target=member, role=value)
            ],
            "may_remove": member.pk != me.pk and members.may_remove(actor=me, target=member),
        }
        for member in _present(me).select_related("user").order_by("user__name", "user__email")
    ]
    return render(
        request,
        "accounts/team.html",
        {"rows": rows, "matrix": matrix(), "roles": Role.labels},
    )


@require_POST
@member_required(Permission.MANAGE_TEAM)
def member_role(request: MemberRequest, member_id: int) -> HttpResponse:
    member = get_object_or_404(_present(request.membership), pk=member_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            members.change_role(membership=member, role=form.cleaned_data["role"], actor=request.membership)
            messages.success(request, _("The role is changed."))
        except members.MemberRefused as refused:
            messages.error(request, REASONS[type(refused)])
    return redirect("team", slug=request.membership.workspace.slug)


@require_POST
@member_required(Permission.MANAGE_TEAM)
def member_remove(request: MemberRequest, member_id: int) -> HttpResponse:
    member = get_object_or_404(_present(request.membership), pk=member_id)
    try:
        members.remove_member(membership=member, actor=request.membership)
        messages.success(request, _("The member is removed and signed out of this workspace."))
    except members.MemberRefused as refused:
        messages.error(request, REASONS[type(refused)])
    return redirect("team", slug=request.membership.workspace.slug)


def _present(me: Membership) -> MembershipQuerySet:
    return Membership.objects.for_workspace(me.workspace).filter(removed_at=None)
