"""The demo's host page: another origin, one script tag, and a page with the strictest policy."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest
from django.conf import settings

from chats.models import Website
from chatsite.demo import make_demo
from chatsite.management.commands.demo_site import Handler, strict_policy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def website() -> Website:
    return make_demo()


@pytest.fixture
def page(website: Website) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["/", "/pricing", "/strict", "/?utm=1"])
def test_every_page_carries_the_widget_and_nothing_else_of_ours(page: str, path: str, website: Website) -> None:
    with urllib.request.urlopen(page + path, timeout=10) as answer:
        text = answer.read().decode()
    assert text.count("<script") == 1
    assert f'/widget.js" data-website="{website.key}"' in text
    assert "style=" not in text


def test_the_strict_page_allows_the_service_only(page: str) -> None:
    with urllib.request.urlopen(f"{page}/strict", timeout=10) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert policy == strict_policy(settings.WIDGET_ORIGIN)


@pytest.mark.parametrize("path", ["/nothing", "/../pyproject.toml", "/host.css/../../../manage.py"])
def test_nothing_else_is_served(page: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(page + path, timeout=10)
    assert refused.value.code == 404
    refused.value.close()
