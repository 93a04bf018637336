"""A customer's website on an origin of its own, which carries the widget like any other would.

Paths: `/` and `/second` are two ordinary pages that link to each other, `/strict` has a policy of `default-src 'none'`
plus our host, `/twice` includes the script two times, `/hostile` has styles and scripts that get at all they can reach.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOSTILE = """
<style>* { display: none !important; color: red !important; position: static !important }
html, body, h1, a { display: block !important }</style>
<script>
window.heard = [];
window.addEventListener("message", (event) => window.heard.push(event.data));
</script>
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>{head}</head>
<body><h1>{title}</h1><p><a href="/">First</a> <a href="/second">Second</a></p>{scripts}</body></html>
"""


class HostPage:
    """`with HostPage(service, key) as page: page.url`. `service` is the origin that serves the widget."""

    def __init__(self, service: str, key: str) -> None:
        self.service = service
        self.script = f'<script async src="{service}/widget.js" data-website="{key}"></script>'
        self.requested: list[str] = []
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                page.requested.append(self.path)
                body = page.content(path).encode()
                self.send_response(200 if path != "/favicon.ico" else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                if path == "/strict":
                    self.send_header(
                        "Content-Security-Policy",
                        f"default-src 'none'; script-src {service}; connect-src {service}; frame-src {service}; "
                        "require-trusted-types-for 'script'",
                    )
                self.end_headers()
                self.wfile.write(body)

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def content(self, path: str) -> str:
        scripts = {"/none": "", "/twice": self.script * 2}.get(path, self.script)
        head = HOSTILE if path == "/hostile" else ""
        return PAGE.format(title="A shop" if path == "/" else path.strip("/").title(), scripts=scripts, head=head)

    def on(self, host: str) -> str:
        """The same website under another name, which the browser has to be told to find here."""
        return f"http://{host}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
