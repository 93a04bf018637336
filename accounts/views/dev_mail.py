"""What a demo would have mailed, to be read in the browser. Anywhere else these pages do not exist."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import Mail

PAGE = 50


def demo_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@demo_only
@require_safe
def dev_mail(request: HttpRequest) -> HttpResponse:
    page = Paginator(Mail.objects.order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/dev_mail.html", {"page": page})


@demo_only
@require_safe
def dev_mail_message(request: HttpRequest, mail_id: int) -> HttpResponse:
    return render(request, "accounts/dev_mail_message.html", {"mail": get_object_or_404(Mail, pk=mail_id)})
