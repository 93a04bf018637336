"""Plain HTTP bodies against the server itself: what is too long is refused while it comes in, unparsed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from daphne.server import HTTPFactory
from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chats.domain import tokens
from chats.domain.websites import create_website
from chats.views.visitor_api import messages
from chatsite.bodies import LARGEST_BODY, bounded
from tests.cast import Cast

WHOLE = b"Content-Length: 3\r\n\r\na=b"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n"
HEAD = b"POST /anything HTTP/1.1\r\nHost: chat.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CHUNK = 1024 * 1024


class Asked:
    """Stands for daphne's server: remembers what reached the application."""

    request_buffer_size = 8192
    proxy_forwarded_address_header = None
    root_path = ""
    server_name = "Chatsite"

    def __init__(self) -> None:
        self.reached: list[Any] = []

    def create_application(self, request: Any, _scope: dict[str, Any]) -> None:
        self.reached.append(request)

    def protocol_connected(self, _protocol: Any) -> None:
        pass

    protocol_disconnected = protocol_connected


class Client:
    def __init__(self) -> None:
        factory = HTTPFactory(Asked())
        self.asked = factory.server
        self.transport = StringTransport()
        self.channel = bounded(factory.buildProtocol)(None)
        self.channel.factory = factory
        self.channel.makeConnection(self.transport)
        # What twisted would end later, and a test has no later.
        self.channel._channel.setTimeout(None)

    def send(self, data: bytes) -> None:
        self.channel.dataReceived(data)

    @property
    def refused(self) -> bool:
        return self.transport.value().startswith(b"HTTP/1.1 413 ") and bool(self.transport.disconnecting)


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.channel.connectionLost(Failure(ConnectionDone()))


def test_a_body_that_announces_too_much_is_refused_at_once(client: Client) -> None:
    client.send(HEAD + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + 1))
    assert client.refused
    client.send(b"a" * CHUNK)
    assert not client.asked.reached


def test_a_body_without_a_length_is_refused_where_it_becomes_too_much(client: Client) -> None:
    client.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(LARGEST_BODY // CHUNK):
        client.send(b"%x\r\n" % CHUNK + b"a" * CHUNK + b"\r\n")
        assert not client.refused
    client.send(b"1\r\na\r\n")
    assert client.refused
    client.send(b"0\r\n\r\n")
    assert not client.asked.reached


@pytest.mark.parametrize(
    "head", [b"Content-Length: 3\r\n\r\na=b", b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n"]
)
def test_a_form_reaches_the_application_and_is_parsed_by_nobody_before(client: Client, head: bytes) -> None:
    client.send(HEAD + head)
    (request,) = client.asked.reached
    assert request.args == {}
    request.content.seek(0)
    assert request.content.read() == b"a=b"


def test_the_servers_own_error_page_carries_no_style_and_names_no_software(client: Client) -> None:
    client.send(b"GET /?\xff HTTP/1.1\r\nHost: chat.example\r\n\r\n")
    answer = client.transport.value().lower()
    assert answer.startswith(b"http/1.1 400 ")
    assert b"<style" not in answer
    assert b"daphne" not in answer
    assert b"twisted" not in answer


def test_a_message_in_chunks_without_end_is_answered_in_the_protocols_words(cast: Cast) -> None:
    website = create_website(membership=cast.member(cast.alice), name="Shop")
    token = tokens.issue(website_id=website.pk)
    answer = RequestFactory().post(
        reverse("widget_messages", args=[website.key]),
        b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    # A body in chunks announces no length.
    del answer.META["CONTENT_LENGTH"]
    refused = messages(answer, website.key)
    assert refused.status_code == 413
    assert refused.content == b'{"type": "error", "code": "too_large"}'
