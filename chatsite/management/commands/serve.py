"""`manage.py serve`: the web process, the same in a demo and in production."""

from __future__ import annotations

import errno
import socket
from typing import Any

from django.conf import settings
from django.core.management import CommandParser
from django.core.management.base import BaseCommand, CommandError

from chatsite.alone import AnotherProcess, claim


class Command(BaseCommand):
    help = "Serves HTTP and WebSockets until SIGTERM, then says goodbye to its clients."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        _refuse_busy(host, port)
        try:
            claim()
        except AnotherProcess:
            raise CommandError(
                f"A web process already serves {settings.DATA_DIR} from its own memory; two would not hear of each "
                "other. Set REDIS_URL for several, or give this one a DATA_DIR of its own."
            ) from None
        # daphne installs its reactor when it is imported, so not before the command is really this one.
        from chatsite.asgi import application
        from chatsite.server import serve

        serve(application, host=host, port=port, ready=lambda: self.stdout.write(f"Serving on {host}:{port}"))


def _refuse_busy(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(f"Port {port} on {host} is busy. Choose another one: --port, or PORT=…") from None
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.") from None
