"""What a host page loads: the loader, the public settings, the frame. Nobody is known in any of it."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, WorkspaceState
from chats.domain.websites import change_website, create_website
from chats.models import Website
from chats.views import widget_assets

ORIGIN = "https://shop.example"


@pytest.fixture
def website(owner: Membership) -> Website:
    return create_website(membership=owner, name="Shop")


@pytest.fixture
def frame_url(website: Website) -> str:
    return reverse("widget_frame", args=[website.key])


@pytest.fixture
def config_url(website: Website) -> str:
    return reverse("widget_config", args=[website.key])


@pytest.fixture
def module_url() -> str:
    return reverse("widget_module", args=[widget_assets.version(), "widget/frame.js"])


def test_the_loader_is_the_same_for_everybody(client: Client, alice_client: Client) -> None:
    anonymous, signed_in = client.get("/widget.js"), alice_client.get("/widget.js")
    assert anonymous.content == signed_in.content
    assert anonymous["Content-Type"] == "text/javascript; charset=utf-8"
    assert "public" in anonymous["Cache-Control"]
    assert anonymous["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("accepted", "coding", "decode"),
    [
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("GZIP;q=1.0", "gzip", gzip.decompress),
        ("", "", bytes),
        ("identity", "", bytes),
    ],
)
def test_the_loader_comes_compressed(
    client: Client, accepted: str, coding: str, decode: Callable[[bytes], bytes]
) -> None:
    answer = client.get("/widget.js", headers={"Accept-Encoding": accepted})
    assert answer.get("Content-Encoding", "") == coding
    assert decode(answer.content) == widget_assets.asset(widget_assets.LOADER).plain
    assert answer["Vary"] == "Accept-Encoding"
    assert "Content-Language" not in answer


def test_the_loader_that_a_browser_has_is_not_sent_again(client: Client) -> None:
    first = client.get("/widget.js")
    again = client.get("/widget.js", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize("url", ["/widget.js", "config", "frame", "module"])
def test_no_cookie_is_set_and_no_session_decides(
    client: Client, alice_client: Client, config_url: str, frame_url: str, module_url: str, url: str
) -> None:
    address = {"config": config_url, "frame": frame_url, "module": module_url}.get(url, url)
    for someone in (client, alice_client):
        answer = someone.get(address)
        assert answer.status_code == 200
        assert not answer.cookies
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.get("Vary", "")


def test_the_loader_needs_no_database(client: Client) -> None:
    """Without the `db` fixture any query fails."""
    assert client.get("/widget.js").status_code == 200


def test_the_settings_and_the_frame_need_one_query(
    client: Client, website: Website, config_url: str, frame_url: str, django_assert_num_queries: Any
) -> None:
    client.get(config_url, headers={"Origin": ORIGIN})
    for url in (config_url, frame_url):
        with django_assert_num_queries(1):
            assert client.get(url, headers={"Origin": ORIGIN}).status_code == 200


def test_the_settings_may_be_read_from_anywhere_and_kept_for_a_minute(client: Client, config_url: str) -> None:
    answer = client.get(config_url, headers={"Origin": ORIGIN})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert answer["Cache-Control"] == "public, max-age=60"
    again = client.get(config_url, headers={"Origin": ORIGIN, "If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert again["Access-Control-Allow-Origin"] == "*"


def test_the_settings_hold_what_the_widget_shows_and_nothing_else(
    client: Client, website: Website, owner: Membership
) -> None:
    change_website(membership=owner, website=website, changes={"allowed_origins": [ORIGIN]})
    text = client.get(reverse("widget_config", args=[website.key])).content.decode()
    public = json.loads(text)
    assert public["title"] == "Shop"
    assert public["frame"] == reverse("widget_frame", args=[website.key])
    for secret in (ORIGIN, owner.user.email, owner.workspace.slug, "missed_after", "seen_at", "plan"):
        assert secret not in text


def test_the_first_load_is_noted(client: Client, website: Website, config_url: str) -> None:
    client.get(config_url, headers={"Origin": ORIGIN})
    website.refresh_from_db()
    assert website.seen_origin == ORIGIN
    assert website.seen_at is not None


def test_a_load_without_an_origin_is_not_noted(client: Client, website: Website, config_url: str) -> None:
    client.get(config_url)
    website.refresh_from_db()
    assert website.seen_at is None


def test_any_page_may_frame_a_website_that_names_no_origins(client: Client, frame_url: str) -> None:
    policy = client.get(frame_url)["Content-Security-Policy"]
    assert "frame-ancestors" not in policy


def test_only_the_named_origins_may_frame_the_chat(
    client: Client, website: Website, frame_url: str, owner: Membership
) -> None:
    change_website(membership=owner, website=website, changes={"allowed_origins": [ORIGIN, "http://localhost:8241"]})
    answer = client.get(frame_url)
    assert answer["Content-Security-Policy"].endswith(f"frame-ancestors {ORIGIN} http://localhost:8241")
    kept = client.get(frame_url, headers={"If-None-Match": answer["ETag"]})
    assert kept.status_code == 304
    # Browsers replace the headers that they kept by those of a 304.
    assert kept["Content-Security-Policy"] == answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in kept


def test_the_frame_alone_may_be_framed(client: Client, frame_url: str, config_url: str) -> None:
    assert "X-Frame-Options" not in client.get(frame_url)
    for url in (config_url, "/accounts/login/", "/widget/unknown/frame", "/nowhere/"):
        answer = client.get(url)
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_the_frame_allows_no_inline_script_or_style(client: Client, frame_url: str) -> None:
    answer = client.get(frame_url)
    policy, page = answer["Content-Security-Policy"], answer.content.decode()
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';")
    assert "unsafe" not in policy
    assert "<style" not in page
    assert " style=" not in page
    assert " on" not in page.replace(" one", "").split("<body>")[0].split("<script")[0]


def test_the_frame_is_a_page_with_the_headers_of_one(client: Client, frame_url: str) -> None:
    answer = client.get(frame_url)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "geolocation=()" in answer["Permissions-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_texts_of_a_website_stay_text(client: Client, website: Website, frame_url: str, owner: Membership) -> None:
    nasty = "</script><script>alert(1)</script>{{ 7*7 }}<img src=x onerror=alert(1)>"
    texts = {"title": "<b>Shop</b>", "greeting": nasty, "notice": nasty, "away": nasty}
    change_website(membership=owner, website=website, changes={"texts": texts})
    page = client.get(frame_url).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>" not in page
    assert "{{ 7*7 }}" in page


@pytest.mark.parametrize("name", ["widget_config", "widget_frame"])
def test_an_unknown_key_a_switched_off_website_and_a_suspended_workspace_are_404(
    client: Client, website: Website, owner: Membership, name: str
) -> None:
    url = reverse(name, args=[website.key])
    assert client.get(url).status_code == 200
    assert client.get(reverse(name, args=["0" * 32])).status_code == 404
    change_website(membership=owner, website=website, changes={"is_active": False})
    assert client.get(url).status_code == 404
    change_website(membership=owner, website=website, changes={"is_active": True})
    owner.workspace.state = WorkspaceState.SUSPENDED
    owner.workspace.save()
    assert client.get(url).status_code == 404


def test_modules_are_kept_for_ever_under_their_version(client: Client, module_url: str) -> None:
    assert "immutable" in client.get(module_url)["Cache-Control"]
    old = reverse("widget_module", args=["0123456789ab", "widget/frame.js"])
    assert client.get(old)["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["widget/widget.js", "../manage.py", "widget/../widget/frame.js", "css/base.css", ""])
def test_only_the_frames_own_files_are_served_there(client: Client, name: str) -> None:
    assert client.get(f"/widget/app/{widget_assets.version()}/{name}").status_code == 404


@pytest.mark.parametrize("url", ["/widget.js", "/widget/0/config.json", "/widget/0/frame"])
def test_nothing_can_be_posted_here(client: Client, url: str) -> None:
    assert client.post(url).status_code == 405


def test_comments_stay_in_the_repository() -> None:
    source = '/** Why.\n * @param {x} y */\nconst a = "// kept";\n  // gone\n  b(); // kept\n/* c { } */\n'
    assert widget_assets.strip(source) == 'const a = "// kept";\nb(); // kept\n'
