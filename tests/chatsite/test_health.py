"""The two probes: alive, and ready."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from chatsite import health


@pytest.fixture(autouse=True)
def forget_the_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", True)


@pytest.fixture(autouse=True)
def with_a_queue_folder(settings: Any, tmp_path: Path) -> None:
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_URL = "filesystem://localhost/"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(tmp_path)}


def test_a_live_process_answers_without_the_database() -> None:
    answer = Client().get(reverse("healthz_live"))
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_a_process_with_all_it_needs_is_ready() -> None:
    answer = Client().get(reverse("healthz_ready"))
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert set(answer.json()["checks"].values()) == {"ok"}


def test_without_the_database_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def cursor(self) -> None:
            raise OperationalError("connection to 10.1.2.3 as chatsite refused")

    monkeypatch.setattr(health, "connection", Gone())
    answer = Client().get(reverse("healthz_ready"))
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "down"
    assert "10.1.2.3" not in answer.content.decode()


@pytest.mark.django_db
def test_with_migrations_to_apply_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_args: [("a migration", False)])
    answer = Client().get(reverse("healthz_ready"))
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "unapplied"


@pytest.mark.django_db
def test_without_redis_it_is_degraded_but_chat_goes_on(settings: Any) -> None:
    settings.REDIS_URL = settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    answer = Client().get(reverse("healthz_ready"))
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"] == {"database": "ok", "migrations": "ok", "layer": "down", "broker": "down"}


@pytest.mark.django_db
def test_without_the_queues_folder_it_is_degraded(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    answer = Client().get(reverse("healthz_ready"))
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


@pytest.mark.parametrize("name", ["healthz_live", "healthz_ready"])
@pytest.mark.django_db
def test_a_probe_is_never_cached_and_sets_no_cookie(name: str) -> None:
    answer = Client().get(reverse(name))
    assert "no-store" in answer["Cache-Control"]
    assert answer.cookies == {}
