"""The websites of a workspace: the list, a new one, its settings, and whether it is installed."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MemberRequest, member_required, wants_json
from accounts.permissions import Permission
from chats.domain import websites as domain
from chats.domain.websites import BadWebsite
from chats.domain.wire import moment
from chats.forms import NewWebsiteForm, WebsiteForm
from chats.models import Website


@require_safe
@member_required(Permission.MANAGE_WEBSITES)
def websites(request: MemberRequest) -> HttpResponse:
    listed = Website.objects.for_workspace(request.membership.workspace).order_by("name", "pk")
    return render(request, "chats/websites.html", {"websites": listed})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Permission.MANAGE_WEBSITES)
def website_new(request: MemberRequest) -> HttpResponse:
    form = NewWebsiteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            website = domain.create_website(membership=request.membership, **form.cleaned_data)
        except BadWebsite as bad:
            form.refuse(bad)
        else:
            return redirect("website_install", slug=request.membership.workspace.slug, website_id=website.pk)
    return render(request, "chats/website_new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Permission.MANAGE_WEBSITES)
def website_settings(request: MemberRequest, website_id: int) -> HttpResponse:
    website = _website(request, website_id)
    form = WebsiteForm.of(website, request.POST if request.method == "POST" else None)
    if request.method == "POST" and _changed(request, website, form):
        messages.success(request, _("The website is saved. Pages that are open show it within a minute."))
        return redirect("website_settings", slug=website.workspace.slug, website_id=website.pk)
    context = {"website": website, "form": form, "snippet": _snippet(website), "section": "websites"}
    return render(request, "chats/website_settings.html", context)


@require_safe
@member_required(Permission.MANAGE_WEBSITES)
def website_install(request: MemberRequest, website_id: int) -> HttpResponseBase:
    """The snippet, and whether a page with it was seen; as JSON the latter alone, for the page that waits for it."""
    website = _website(request, website_id)
    if wants_json(request):
        seen = {"at": moment(website.seen_at), "origin": website.seen_origin} if website.seen_at else None
        return JsonResponse({"seen": seen})
    return render(
        request, "chats/website_install.html", {"website": website, "snippet": _snippet(website), "section": "websites"}
    )


def _changed(request: MemberRequest, website: Website, form: WebsiteForm) -> bool:
    """Whether what was sent is kept now. If not, the form says all that is wrong, and holds all that was typed."""
    try:
        if form.is_valid():
            domain.change_website(membership=request.membership, website=website, changes=form.changes())
            return True
        domain.check(form.changes())
    except BadWebsite as bad:
        form.refuse(bad)
    form.name_what_is_wrong()
    return False


def _website(request: MemberRequest, website_id: int) -> Website:
    found = Website.objects.for_workspace(request.membership.workspace).filter(pk=website_id).first()
    if found is None:
        raise Http404
    found.workspace = request.membership.workspace
    return found


def _snippet(website: Website) -> str:
    template = '<script async src="{}/widget.js" data-website="{}"></script>'
    return format_html(template, settings.WIDGET_ORIGIN, website.key)
