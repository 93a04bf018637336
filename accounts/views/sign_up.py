"""Signing up is allauth's; here it is only made one transaction."""

from __future__ import annotations

from allauth.account import views as allauth_views
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase


def sign_up(request: HttpRequest) -> HttpResponseBase:
    """The account and the mail that confirms its address are written together or not at all."""
    answer: HttpResponseBase
    if request.method != "POST":
        # Looking at the form must not take SQLite's one write lock.
        answer = allauth_views.signup(request)
        return answer
    with transaction.atomic():
        answer = allauth_views.signup(request)
    return answer
