"""What production refuses, and what the environment changes. Each case is a process of its own, as a start is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

GOOD = {
    "MODE": "production",
    "SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnop",
    "ALLOWED_HOSTS": "chat.example.com",
    "SITE_URL": "https://chat.example.com",
}
KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "PYTHONPATH")


def start(tmp_path: Path, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Loads the settings as a production start would; prints those that the tests ask about."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "chatsite.settings"}
    environment |= {name: value for name, value in (GOOD | changes).items() if value is not None}
    code = (
        "import json; from django.conf import settings as s; "
        "print(json.dumps({name: getattr(s, name) for name in ("
        "'DEBUG', 'SECRET_KEY', 'SECRET_KEY_FALLBACKS', 'SESSION_COOKIE_NAME', 'CSRF_COOKIE_NAME', "
        "'SECURE_HSTS_SECONDS', 'SECURE_SSL_REDIRECT', 'SESSION_COOKIE_SECURE', 'ALLOWED_HOSTS', 'MODE', "
        "'SECURE_PROXY_SSL_HEADER', 'CELERY_BROKER_URL', 'CHANNEL_LAYERS', 'ACCOUNT_DEFAULT_HTTP_PROTOCOL')} "
        "| {'ENGINE': s.DATABASES['default']['ENGINE']}))"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_production_starts_with_a_secret_and_its_hosts(tmp_path: Path) -> None:
    done = start(tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["DEBUG"] is False
    assert found["ALLOWED_HOSTS"] == ["chat.example.com"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY"),
        ({"SECRET_KEY": "too-short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + "x" * 50}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 60}, "SECRET_KEY"),
        ({"DEBUG": "1"}, "DEBUG"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "chat.example.com,*"}, "ALLOWED_HOSTS"),
        ({"SITE_URL": "chat.example.com"}, "SITE_URL"),
        ({"MODE": "prodution"}, "MODE"),
        ({"SQLITE_SYNCHRONOUS": "OFF"}, "SQLITE_SYNCHRONOUS"),
        ({"SECRET_KEY_FILE": "/nowhere/secret"}, "SECRET_KEY_FILE"),
    ],
)
def test_production_refuses_what_is_only_good_enough_for_a_demo(
    tmp_path: Path, changes: dict[str, str | None], named: str
) -> None:
    done = start(tmp_path, **changes)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last
    assert named in last


def test_the_refusal_does_not_print_the_secret(tmp_path: Path) -> None:
    done = start(tmp_path, SECRET_KEY="short-but-private")
    assert done.returncode != 0
    assert "short-but-private" not in done.stderr + done.stdout


def test_forgetting_the_mode_means_production(tmp_path: Path) -> None:
    assert json.loads(start(tmp_path, MODE=None).stdout)["MODE"] == "production"


def test_cookies_in_production_are_bound_to_the_host_and_to_https(tmp_path: Path) -> None:
    found = json.loads(start(tmp_path).stdout)
    assert found["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert found["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert found["ACCOUNT_DEFAULT_HTTP_PROTOCOL"] == "https"


def test_a_forwarded_scheme_is_only_believed_behind_a_trusted_proxy(tmp_path: Path) -> None:
    assert json.loads(start(tmp_path).stdout)["SECURE_PROXY_SSL_HEADER"] is None
    behind = json.loads(start(tmp_path, TRUSTED_PROXIES="1").stdout)
    assert behind["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_secrets_can_come_from_files(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("from-a-file-" + "0123456789abcdefghijklmnop\n", encoding="utf-8")
    found = json.loads(start(tmp_path, SECRET_KEY=None, SECRET_KEY_FILE=str(path)).stdout)
    assert found["SECRET_KEY"] == path.read_text(encoding="utf-8").strip()


def test_an_old_secret_stays_valid_while_it_is_rotated_out(tmp_path: Path) -> None:
    found = json.loads(start(tmp_path, SECRET_KEY_FALLBACKS="old-one,older-one").stdout)
    assert found["SECRET_KEY_FALLBACKS"] == ["old-one", "older-one"]


def test_two_addresses_switch_to_postgresql_and_redis(tmp_path: Path) -> None:
    plain = json.loads(start(tmp_path).stdout)
    assert plain["ENGINE"] == "django.db.backends.sqlite3"
    assert plain["CELERY_BROKER_URL"].startswith("filesystem://")
    assert plain["CHANNEL_LAYERS"]["default"]["BACKEND"] == "channels.layers.InMemoryChannelLayer"
    both = json.loads(
        start(tmp_path, DATABASE_URL="postgres://u:p@db.example/chatsite", REDIS_URL="redis://redis.example/0").stdout
    )
    assert both["ENGINE"] == "django.db.backends.postgresql"
    assert both["CELERY_BROKER_URL"] == "redis://redis.example/0"
    assert both["CHANNEL_LAYERS"]["default"]["BACKEND"] == "channels_redis.core.RedisChannelLayer"


def test_a_demo_makes_its_own_secret_and_keeps_it(tmp_path: Path) -> None:
    demo: dict[str, str | None] = {"MODE": "demo", "SECRET_KEY": None, "ALLOWED_HOSTS": None}
    first = json.loads(start(tmp_path, **demo).stdout)["SECRET_KEY"]
    again = json.loads(start(tmp_path, **demo).stdout)["SECRET_KEY"]
    other = json.loads(start(tmp_path / "other", **demo).stdout)["SECRET_KEY"]
    assert first == again
    assert len(first) >= 32
    assert other != first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
