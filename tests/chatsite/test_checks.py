"""Set-ups that are refused before they lose anything."""

from __future__ import annotations

from typing import Any

from chatsite.checks import production_knows_its_address, several_processes_share_a_layer

MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
REDIS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}}


def ids(messages: Any) -> list[str]:
    return [message.id for message in messages]


def test_one_process_may_keep_its_layer_in_memory(settings: Any) -> None:
    settings.WEB_PROCESSES, settings.CHANNEL_LAYERS = 1, MEMORY
    assert ids(several_processes_share_a_layer()) == []


def test_several_processes_on_the_in_memory_layer_are_refused(settings: Any) -> None:
    settings.WEB_PROCESSES, settings.CHANNEL_LAYERS = 2, MEMORY
    assert ids(several_processes_share_a_layer()) == ["chatsite.E001"]


def test_several_processes_on_redis_are_fine(settings: Any) -> None:
    settings.WEB_PROCESSES, settings.CHANNEL_LAYERS = 8, REDIS
    assert ids(several_processes_share_a_layer()) == []


def test_no_process_at_all_is_refused(settings: Any) -> None:
    settings.WEB_PROCESSES, settings.CHANNEL_LAYERS = 0, REDIS
    assert ids(several_processes_share_a_layer()) == ["chatsite.E002"]


def test_a_public_address_is_fine(settings: Any) -> None:
    settings.SITE_URL, settings.INSECURE_HTTP = "https://chat.example.com", False
    assert ids(production_knows_its_address()) == []


def test_this_machines_own_address_is_warned_about(settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert ids(production_knows_its_address()) == ["chatsite.W001"]


def test_an_address_without_tls_is_warned_about(settings: Any) -> None:
    settings.SITE_URL, settings.INSECURE_HTTP = "http://chat.example.com", False
    assert ids(production_knows_its_address()) == ["chatsite.W002"]
