"""The first minutes: a workspace and its first website in one step."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import UserRequest, user_required
from chats.domain import websites
from chats.domain.websites import BadWebsite
from chats.forms import StartForm


@require_http_methods(["GET", "HEAD", "POST"])
@user_required
def start(request: UserRequest) -> HttpResponse:
    form = StartForm(request.POST or None, initial={"time_zone": "UTC"})
    if request.method == "POST" and form.is_valid():
        try:
            website = websites.begin(owner=request.user, **form.cleaned_data)
        except BadWebsite as bad:
            form.refuse(bad)
        else:
            return redirect("website_install", slug=website.workspace.slug, website_id=website.pk)
    return render(request, "chats/start.html", {"form": form})
