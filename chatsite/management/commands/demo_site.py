"""`manage.py demo_site`: a small website of another origin that carries the widget, as a customer's would."""

from __future__ import annotations

import threading
import time
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.template.loader import render_to_string

from chats.models import Website
from chatsite.demo import SLUG

PAGES = {"/": "home", "/pricing": "pricing", "/strict": "strict"}
FOLDER = settings.ROOT / "static" / "demo"
FILES = {"/host.css": "text/css", "/host.svg": "image/svg+xml"}


def strict_policy(origin: str) -> str:
    """The strictest policy of a host page: nothing from anywhere, but the widget's service."""
    names = ("script-src", "connect-src", "frame-src", "style-src", "img-src", "media-src")
    own = {"style-src": " 'self'", "img-src": " 'self'"}
    return "; ".join(["default-src 'none'", *(f"{name} {origin}{own.get(name, '')}" for name in names)])


class Handler(BaseHTTPRequestHandler):
    server_version = "demo"
    sys_version = ""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path in FILES:
            self._answer((FOLDER / path[1:]).read_text(encoding="utf-8"), FILES[path])
        elif path in PAGES:
            close_old_connections()
            try:
                website = Website.objects.filter(workspace__slug=SLUG).order_by("pk").first()
            finally:
                close_old_connections()
            page = {"page": PAGES[path], "service": settings.WIDGET_ORIGIN, "key": website.key if website else ""}
            policy = strict_policy(settings.WIDGET_ORIGIN) if path == "/strict" else ""
            self._answer(render_to_string("demo/host.html", page), "text/html", policy)
        else:
            self._answer("Not found\n", "text/plain", status=HTTPStatus.NOT_FOUND)

    def _answer(self, text: str, kind: str, policy: str = "", status: HTTPStatus = HTTPStatus.OK) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Quiet: requests of the demo page are nothing to report."""


class Command(BaseCommand):
    help = "Serves the demo's host page, which carries the widget from another origin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=settings.DEMO_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo's host page is not served in production.")
        port = options["port"]
        try:
            server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise CommandError(f"Port {port} cannot be used: {error.strerror}.") from None
        threading.Thread(target=self._announce, args=(port,), daemon=True).start()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()

    def _announce(self, port: int) -> None:
        """Says that the whole demo can be used, once it can."""
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{settings.SITE_URL}/healthz/ready", timeout=2):  # noqa: S310 - our own
                    break
            except OSError:
                time.sleep(0.2)
        else:
            return
        console = f"{settings.SITE_URL}/w/{SLUG}/"
        self.stdout.write(f"Ready: write as a visitor at http://127.0.0.1:{port}/ and answer at {console}")
