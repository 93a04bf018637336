"""What a newcomer does: clone, `make run`, talk, Ctrl-C. Everything over HTTP and WebSocket, as anybody's client would.

Left out of the ordinary suite (`-m clone` runs it) because it installs a virtual environment of its own.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.house.tree import ROOT
from tests.support.server import free_port

pytestmark = pytest.mark.clone

INSTALL_SECONDS = 400.0
SECOND_START_SECONDS = 30.0
STOP_SECONDS = 25.0
# The suite's own set-up must not help the clone.
KEPT = re.compile(r"^(PATH|HOME|LANG|LC_\w+|TMPDIR|PIP_\w+|SSL_\w+|\w+_proxy|\w+_PROXY|REQUESTS_CA_BUNDLE)$")


@dataclass
class Clone:
    folder: Path
    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.data.parent / "make-run.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if KEPT.match(name)}

    def start(self, within: float) -> float:
        """Seconds until the service says that it is ready."""
        begun = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["make", "run", f"PORT={self.port}", f"DATA_DIR={self.data}"], cwd=self.folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        while time.monotonic() - begun < within:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/healthz/ready", timeout=5):
                    return time.monotonic() - begun
            except OSError:
                time.sleep(0.3)
        pytest.fail(f"make run did not get ready:\n{self.output()[-6000:]}")

    def interrupt(self) -> None:
        """Ctrl-C: SIGINT to everything in the foreground."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(STOP_SECONDS)
        self.process = None

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def processes(self) -> list[str]:
        """Command lines of what still runs in the clone's folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                inside = (entry / "cwd").resolve() == self.folder
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
            if inside and line:
                found.append(line)
        return found

    def demo(self) -> dict[str, Any]:
        done = subprocess.run(
            [".venv/bin/python", "manage.py", "demo", "--json"],
            cwd=self.folder, capture_output=True, text=True, check=True,
            env={**self.environment, "MODE": "demo", "PORT": str(self.port), "DATA_DIR": str(self.data)},
        )  # fmt: skip
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    folder = tmp_path_factory.mktemp("clone")
    # In a container the checkout may belong to another user than the one who tests it.
    git = ["git", "-c", "safe.directory=*"]
    subprocess.run([*git, "clone", "--quiet", str(ROOT), str(folder / "chatsite")], check=True)
    made = Clone(folder=folder / "chatsite", data=folder / "data", port=free_port())
    made.start(INSTALL_SECONDS)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.interrupt()


def get(url: str) -> tuple[int, str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status, answer.read().decode(), answer.headers


def post(url: str, body: Any) -> Any:
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def sign_in(demo: dict[str, Any]) -> str:
    """The session as a Cookie header, by the form that people use."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(demo["login"], timeout=10).read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found, "the sign-in page has no form"
    login = demo["operators"][-1]
    fields = {"csrfmiddlewaretoken": found.group(1), "login": login["email"], "password": login["password"]}
    data = urllib.parse.urlencode(fields).encode()
    request = urllib.request.Request(demo["login"], data=data, headers={"Referer": demo["login"]})
    browser.open(request, timeout=10)
    with browser.open(demo["console"], timeout=10) as console:
        assert console.status == 200
        assert console.url == demo["console"]
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


class Talk:
    """A socket and everything that it was sent."""

    def __init__(self, link: ClientConnection) -> None:
        self.link = link
        self.frames: list[dict[str, Any]] = []

    def say(self, **frame: Any) -> None:
        self.link.send(json.dumps(frame))

    def until(self, wanted: Callable[[dict[str, Any]], bool], within: float = 15.0) -> dict[str, Any]:
        deadline = time.monotonic() + within
        seen = 0
        while True:
            for frame in self.frames[seen:]:
                if wanted(frame):
                    return frame
            seen = len(self.frames)
            self.frames.append(json.loads(self.link.recv(timeout=max(0.1, deadline - time.monotonic()))))


def texts(frame: dict[str, Any]) -> list[str]:
    return [entry.get("text", "") for entry in frame.get("events", [])] if frame["type"] == "events" else []


def test_the_pages_are_there(clone: Clone) -> None:
    demo = clone.demo()
    status, page, _ = get(demo["demo_page"])
    assert status == 200
    assert f"{clone.url}/widget.js" in page
    assert demo["website_key"] in page
    status, script, headers = get(f"{clone.url}/widget.js")
    assert status == 200
    assert "javascript" in headers["Content-Type"]
    assert script
    widget = f"/widget/{demo['website_key']}"
    for path in (f"{widget}/config.json", f"{widget}/frame", "/", "/accounts/login/"):
        assert get(clone.url + path)[0] == 200, path


def test_it_says_where_to_click(clone: Clone) -> None:
    deadline = time.monotonic() + 30
    while "Ready:" not in clone.output() and time.monotonic() < deadline:
        time.sleep(0.3)
    said = clone.output()
    demo = clone.demo()
    for part in (demo["demo_page"], demo["console"], "owner@demo.example", demo["operators"][0]["password"], "Ready:"):
        assert part in said
    assert "Traceback" not in said


def test_a_visitor_and_an_operator_talk(clone: Clone) -> None:
    demo = clone.demo()
    session = post(f"{clone.url}/widget/{demo['website_key']}/session", {})
    cookie = {"Cookie": sign_in(demo)}
    with (
        connect(demo["ws_visitor"], origin=Origin(clone.url)) as visitor_link,
        connect(demo["ws_operator"], origin=Origin(clone.url), additional_headers=cookie) as operator_link,
    ):
        visitor, operator = Talk(visitor_link), Talk(operator_link)
        visitor.say(type="hello", v=1, token=session["token"], after=0)
        visitor.until(lambda frame: frame["type"] == "welcome")
        operator.say(type="hello", v=1, after={})
        operator.until(lambda frame: frame["type"] == "welcome")

        question = f"Is anybody there? {uuid.uuid4()}"
        page = {"url": demo["demo_page"]}
        visitor.say(type="start", cid=str(uuid.uuid4()), text=question, fields={}, consent=[], page=page)
        chat = visitor.until(lambda frame: frame["type"] == "sent")["chat"]
        operator.until(lambda frame: frame["type"] == "chats" and any(row["id"] == chat for row in frame["rows"]))
        operator.say(type="watch", chat=chat, after=0)
        operator.until(lambda frame: question in texts(frame))
        operator.say(type="accept", chat=chat)
        operator.say(type="send", chat=chat, cid=str(uuid.uuid4()), text="Yes, I am.")
        operator.until(lambda frame: frame["type"] == "sent")
        visitor.until(lambda frame: "Yes, I am." in texts(frame))


def test_a_second_start_on_the_same_port_says_what_to_do(clone: Clone) -> None:
    done = subprocess.run(
        ["make", "run", f"PORT={clone.port}", f"DATA_DIR={clone.data}"], cwd=clone.folder, env=clone.environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert f"Port {clone.port}" in done.stdout + done.stderr
    assert "PORT=" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert get(f"{clone.url}/healthz/live")[0] == 200


def test_ctrl_c_ends_every_process_and_the_next_start_is_quick(clone: Clone) -> None:
    clone.interrupt()
    deadline = time.monotonic() + 5
    while clone.processes() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert clone.processes() == []
    with pytest.raises(OSError, match="refused"):
        get(f"{clone.url}/healthz/live")
    assert clone.start(INSTALL_SECONDS) < SECOND_START_SECONDS


def test_sigterm_ends_every_process_too(clone: Clone) -> None:
    assert clone.process is not None
    clone.process.send_signal(signal.SIGTERM)
    clone.process.wait(STOP_SECONDS)
    clone.process = None
    deadline = time.monotonic() + STOP_SECONDS
    while clone.processes() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert clone.processes() == []


def test_the_clone_is_still_clean(clone: Clone) -> None:
    """Nothing that runs writes into the source tree outside ignored folders."""
    command = ["git", "status", "--porcelain"]
    listing = subprocess.run(command, cwd=clone.folder, capture_output=True, text=True, check=True)
    assert listing.stdout == ""
