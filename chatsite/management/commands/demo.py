"""`manage.py demo`: makes the demo workspace where it is missing, and says how to use it."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.demo import description, make_demo


class Command(BaseCommand):
    help = "Makes the demo workspace, its people, website and chats (again: only what is missing)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the addresses and logins as JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo's passwords are known to everybody, so it is refused in production.")
        demo = description(make_demo())
        if settings.DEMO:
            (settings.DATA_DIR / "port").write_text(f"{settings.PORT}\n", encoding="utf-8")
        if options["json"]:
            self.stdout.write(json.dumps(demo))
            return
        logins = [f"              {operator['email']}  {operator['password']}" for operator in demo["operators"]]  # type: ignore[attr-defined]
        lines = [
            "",
            f"  Visitor     {demo['demo_page']}  (a page of another origin, with the widget)",
            f"  Console     {demo['console']}",
            *(["  Sign in as" + logins[0][12:], *logins[1:]]),
            f"  Mail        {settings.SITE_URL}/dev/mail/",
            "",
            "  Ctrl-C ends everything.",
            "",
        ]
        self.stdout.write("\n".join(lines))
