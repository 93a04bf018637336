"""Fills a server's own database with workspaces, a website each, and operators who are already signed in.

    python -m tests.support.seed --workspaces 2 --operators 8

Run with the server's environment; prints JSON. Rows are written directly: the bench and the fault runs need a hundred
operators in a second, and how people come to be is tested elsewhere.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any


def seed(*, workspaces: int, operators: int, prefix: str) -> list[dict[str, Any]]:
    from django.db import transaction

    with transaction.atomic():
        return [seed_workspace(slug=f"{prefix}-{number}", operators=operators) for number in range(workspaces)]


def seed_workspace(*, slug: str, operators: int) -> dict[str, Any]:
    from accounts.models import Membership, Role, User, Workspace
    from chats.models import Website

    workspace = Workspace.objects.create(name=slug, slug=slug, seat_limit=operators + 10)
    website = Website.objects.create(workspace=workspace, name=f"{slug}.example")
    people = []
    for number in range(operators):
        user = User.objects.create(email=f"operator{number}@{slug}.example", name=f"Operator {number}", password="!")
        role = Role.OWNER if number == 0 else Role.OPERATOR
        member = Membership.objects.create(workspace=workspace, user=user, role=role)
        people.append({"member": str(member.pk), "cookie": sign_in(user)})
    return {
        "slug": slug,
        "workspace": workspace.pk,
        "website": website.pk,
        "website_key": website.key,
        "operators": people,
    }


def sign_in(user: Any) -> str:
    """A session as the sign-in page makes it; returned as a Cookie header."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes workspaces with signed-in operators; prints JSON.")
    parser.add_argument("--workspaces", type=int, default=1)
    parser.add_argument("--operators", type=int, default=1)
    parser.add_argument("--prefix", default="work")
    options = parser.parse_args()

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    rows = seed(workspaces=options.workspaces, operators=options.operators, prefix=options.prefix)
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()
