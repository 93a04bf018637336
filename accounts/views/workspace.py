"""The settings of a workspace."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import MemberRequest, member_required
from accounts.domain import workspaces
from accounts.forms import WorkspaceForm
from accounts.permissions import Permission


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Permission.MANAGE_WORKSPACE)
def workspace_settings(request: MemberRequest) -> HttpResponse:
    workspace = request.membership.workspace
    initial = {"name": workspace.name, "time_zone": workspace.time_zone}
    form = WorkspaceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        workspaces.change_workspace(membership=request.membership, **form.cleaned_data)
        messages.success(request, _("The settings are saved."))
        return redirect("workspace_settings", slug=workspace.slug)
    return render(request, "accounts/workspace_settings.html", {"form": form})
