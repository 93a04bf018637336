"""The demo can be made again and again, and tells scripts what they need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User, Workspace
from chats.models import Chat, ChatState, Message, Visitor, Website
from chatsite.demo import PASSWORD
from tests.house.tree import ROOT

KEYS = {"workspace", "website_key", "demo_page", "console", "login", "ws_visitor", "ws_operator", "operators"}


@pytest.fixture
def demo(db: None, settings: Any) -> dict[str, Any]:
    settings.SITE_URL, settings.DEMO_PORT = "http://127.0.0.1:8000", 8001
    return described()


def described() -> dict[str, Any]:
    out = StringIO()
    call_command("demo", "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def counts() -> list[int]:
    return [model.objects.count() for model in (Workspace, User, Membership, Website, Visitor, Chat, Message)]


def test_it_says_exactly_what_a_script_needs(demo: dict[str, Any]) -> None:
    assert set(demo) == KEYS
    assert demo["workspace"] == "demo"
    assert demo["console"] == "http://127.0.0.1:8000/w/demo/"
    assert demo["demo_page"] == "http://127.0.0.1:8001/"
    assert demo["ws_visitor"] == "ws://127.0.0.1:8000/ws/visitor"
    assert demo["ws_operator"] == "ws://127.0.0.1:8000/ws/w/demo"
    assert [operator["email"] for operator in demo["operators"]] == [
        "owner@demo.example",
        "admin@demo.example",
        "operator@demo.example",
    ]
    assert Website.objects.get(key=demo["website_key"]).workspace.slug == "demo"


def test_over_tls_the_sockets_are_over_tls_too(demo: dict[str, Any], settings: Any) -> None:
    settings.SITE_URL = "https://chat.example.com"
    assert described()["ws_visitor"] == "wss://chat.example.com/ws/visitor"


def test_doing_it_again_changes_nothing(demo: dict[str, Any]) -> None:
    before = counts()
    assert described() == demo
    assert counts() == before


def test_a_removed_part_is_made_again(demo: dict[str, Any]) -> None:
    Membership.objects.filter(user__email="operator@demo.example").update(removed_at=timezone.now())
    described()
    assert Membership.objects.filter(user__email="operator@demo.example", removed_at=None).exists()


def test_the_logins_work(demo: dict[str, Any]) -> None:
    for operator in demo["operators"]:
        client = Client()
        answer = client.post(reverse("account_login"), {"login": operator["email"], "password": operator["password"]})
        assert answer.status_code == 302, operator
        assert "sessionid" in client.cookies or "session" in client.cookies


def test_a_changed_password_is_the_demos_again(demo: dict[str, Any]) -> None:
    user = User.objects.get(email="owner@demo.example")
    user.set_password("something else entirely")
    user.save()
    described()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_there_is_a_chat_of_every_state(demo: dict[str, Any]) -> None:
    assert set(Chat.objects.values_list("state", flat=True)) == set(ChatState.values)


def test_the_stories_are_numbered_without_a_hole(demo: dict[str, Any]) -> None:
    for chat in Chat.objects.all():
        assert list(chat.messages.order_by("number").values_list("number", flat=True)) == list(range(1, chat.head + 1))


@pytest.mark.parametrize("command", ["demo", "demo_site"])
@pytest.mark.django_db
def test_production_has_no_demo(command: str, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError):
        call_command(command)
    assert User.objects.count() == 0


def test_another_terminal_need_not_be_told_the_port(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}

    def manage(*arguments: str, **environment: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, capture_output=True, text=True, check=True,
            env={**kept, "DATA_DIR": str(tmp_path), **environment},
        ).stdout  # fmt: skip

    manage("migrate", "--verbosity", "0", MODE="demo")
    first = json.loads(manage("demo", "--json", MODE="demo", PORT="8123"))
    again = json.loads(manage("demo", "--json"))
    assert first["login"] == "http://127.0.0.1:8123/accounts/login/"
    assert first["demo_page"] == "http://127.0.0.1:8124/"
    assert again == first


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL"])
def test_a_set_up_of_its_own_is_no_demo_by_itself(tmp_path: Path, name: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}
    values = {"SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnop", "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"}
    done = subprocess.run(
        [sys.executable, "manage.py", "demo"], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**kept, "DATA_DIR": str(tmp_path), "ALLOWED_HOSTS": "chat.example.com", name: values[name]},
    )  # fmt: skip
    assert done.returncode != 0
    assert not (tmp_path / "x.sqlite3").exists()
