"""System checks: set-ups that would start and then quietly lose messages or guard nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name

MEMORY_LAYER = "channels.layers.InMemoryChannelLayer"


@register
def several_processes_share_a_layer(**kwargs: Any) -> Sequence[CheckMessage]:
    """The in-memory layer ends at the process: with two of them, half the sockets would only hear of a message from
    the sweeper, and presence would be wrong for good."""
    in_memory = settings.CHANNEL_LAYERS["default"]["BACKEND"] == MEMORY_LAYER
    if settings.WEB_PROCESSES < 1:
        return [Error("WEB_PROCESSES must be at least 1.", id="chatsite.E002")]
    if settings.WEB_PROCESSES == 1 or not in_memory:
        return []
    return [
        Error(
            f"WEB_PROCESSES is {settings.WEB_PROCESSES}, but the channel layer is in memory and serves one process.",
            hint="Set REDIS_URL, or run one web process.",
            id="chatsite.E001",
        )
    ]


@register(Tags.security, deploy=True)
def production_knows_its_address(**kwargs: Any) -> Sequence[CheckMessage]:
    """Links in mails, the embed snippet and the sockets' Origin check are all built from SITE_URL."""
    site = urlsplit(settings.SITE_URL)
    if site.hostname in {None, "127.0.0.1", "localhost"}:
        return [
            Warning(
                "SITE_URL is this machine's own address; mails and embed snippets would point nowhere.",
                hint="Set SITE_URL to the public address, such as https://chat.example.com.",
                id="chatsite.W001",
            )
        ]
    if site.scheme != "https" and not settings.INSECURE_HTTP:
        return [
            Warning(
                "SITE_URL is not https, but cookies are only sent over https.",
                hint="Use an https:// SITE_URL.",
                id="chatsite.W002",
            )
        ]
    return []
