"""What the widget weighs on the wire, as a browser that takes gzip gets it."""

import gzip
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from chats.domain.websites import create_website
from chats.views import widget_assets

STAGE_0 = 4 * 1024
OPENED = 20 * 1024


def weight(client: Client, url: str) -> int:
    answer = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200, url
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content)
    return len(answer.content)


@pytest.fixture
def key(owner: Membership) -> str:
    return create_website(membership=owner, name="Shop").key


def test_a_page_pays_four_kilobytes_in_two_requests_for_the_launcher(client: Client, key: str) -> None:
    loader, config = weight(client, "/widget.js"), weight(client, reverse("widget_config", args=[key]))
    assert loader + config <= STAGE_0, f"{loader} + {config}"


def test_the_opened_chat_weighs_twenty_kilobytes_in_all(client: Client, key: str) -> None:
    page = client.get(reverse("widget_frame", args=[key])).content.decode()
    named = set(re.findall(r'(?:href|src)="(/widget/app/[^"]+)"', page))
    assert len(named) == len(widget_assets.MODULES) + 1
    stage_0 = ["/widget.js", reverse("widget_config", args=[key])]
    weights = {url: weight(client, url) for url in [*stage_0, reverse("widget_frame", args=[key]), *named]}
    assert sum(weights.values()) <= OPENED, weights


def test_everything_that_the_modules_import_is_named_in_the_page() -> None:
    """An import that is not preloaded would cost a round trip more."""
    for name in widget_assets.MODULES:
        folder = name.split("/", maxsplit=1)[0]
        for path in re.findall(r'from "([^"]+)";', widget_assets.asset(name).plain.decode()):
            wanted = path.removeprefix("../") if path.startswith("../") else f"{folder}/{path.removeprefix('./')}"
            assert wanted in widget_assets.MODULES
