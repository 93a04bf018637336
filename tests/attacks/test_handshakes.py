"""Headers of a WebSocket's handshake that somebody wrote with an intention."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from accounts.domain.peers import peer_address
from chats.live.routing import _cookies, header, own_origin

HOST = "chat.example"


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "websocket", "headers": list(headers)}


def opened_by(origin: str | None, host: str = HOST) -> bool:
    sent = [(b"host", host.encode())]
    if origin is not None:
        sent.append((b"origin", origin.encode()))
    return own_origin(scope(*sent))


@pytest.fixture
def production(settings: Settings) -> Settings:
    settings.ALLOWED_HOSTS = [HOST]
    settings.SITE_URL = settings.WIDGET_ORIGIN = f"https://{HOST}"
    settings.INSECURE_HTTP = False
    settings.TRUSTED_PROXIES = 1
    return settings


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        f"http://{HOST}",
        f"https://{HOST}:8443",
        f"https://www.{HOST}",
        f"https://{HOST}.evil.example",
        f"https://evil.example/{HOST}",
        f"https://{HOST}@evil.example",
        f"https://evil{HOST}",
        f"https://user@{HOST}",
        f"ws://{HOST}",
        f"file://{HOST}",
        "https://[::1",
        f"https://evil.example,https://{HOST}",
        f"https://{HOST},https://evil.example",
    ],
)
def test_an_origin_that_is_not_quite_ours_is_refused(origin: str | None) -> None:
    assert not opened_by(origin)
    assert opened_by(f"https://{HOST}")


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("host", ["evil.example", "", f"{HOST}.evil.example", f"{HOST}@evil.example"])
def test_a_host_that_the_client_made_up_proves_no_origin(host: str) -> None:
    assert not opened_by(f"https://{host}", host)


def test_the_proxys_own_line_counts_and_not_the_clients(production: Settings) -> None:
    sent = scope((b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-for", b"198.51.100.9"))
    forwarded = header(sent, b"x-forwarded-for")
    assert peer_address(remote="10.0.0.1", forwarded=forwarded) == "198.51.100.9"


def test_a_strange_cookie_of_somebody_else_hides_no_session() -> None:
    sent = scope((b"cookie", b'prefs={"a":1, "b":"\xff"}; odd name=x; session=kept; =nameless'))
    assert _cookies(sent)["session"] == "kept"
