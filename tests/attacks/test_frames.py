"""The short way that whole text frames take must not differ from autobahn's own reading, whatever is sent and however
it is cut."""

from __future__ import annotations

import random
from typing import Any

import pytest
from autobahn.twisted.websocket import WebSocketServerFactory
from daphne.ws_protocol import WebSocketProtocol

from chatsite.server import LARGEST_MESSAGE, LARGEST_PLAIN, MOST_FRAGMENTS, SocketProtocol

UPGRADE = (
    b"GET /ws/visitor HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
STOP = b"stop"


class Wire:
    """A transport that remembers."""

    dataBuffer = b""  # noqa: N815 - twisted's name
    _tempDataBuffer = b""  # noqa: N815

    def __init__(self) -> None:
        self.written = b""
        self.ended = ""

    def write(self, data: bytes) -> None:
        self.written += data

    def abortConnection(self) -> None:  # noqa: N802
        self.ended = "aborted"

    def loseConnection(self) -> None:  # noqa: N802
        self.ended = "closed"

    def __getattr__(self, name: str) -> Any:
        return lambda *_args, **_kwargs: None


class Recorded:
    """What a side heard; at the word `stop` it closes, as the counted queue does in the middle of a read."""

    heard: list[tuple[bytes, bool]]

    def onConnect(self, _request: Any) -> None:  # noqa: N802
        self.heard = []

    def onOpen(self) -> None:  # noqa: N802
        pass

    def onClose(self, *_args: Any) -> None:  # noqa: N802
        pass

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        self.heard.append((payload, isBinary))
        if payload == STOP:
            self.sendCloseFrame(code=4429, isReply=False)  # type: ignore[attr-defined]


class Ours(Recorded, SocketProtocol):
    pass


class Plain(Recorded, WebSocketProtocol):  # type: ignore[misc]
    pass


def connected(kind: type[Any]) -> Any:
    factory = WebSocketServerFactory()
    factory.setProtocolOptions(
        openHandshakeTimeout=0,
        closeHandshakeTimeout=0,
        requireMaskedClientFrames=True,
        maxMessagePayloadSize=LARGEST_MESSAGE,
        maxFramePayloadSize=LARGEST_MESSAGE,
    )
    made = kind()
    made.factory = factory
    made.transport = Wire()
    made._connectionMade()
    made.dataReceived(UPGRADE)
    assert made.state == made.STATE_OPEN
    made.transport.written = b""
    return made


def outcome(side: Any, pieces: list[bytes]) -> tuple[Any, ...]:
    for piece in pieces:
        side.dataReceived(piece)
    return side.heard, side.state, side.transport.written, side.transport.ended


def frame(
    payload: bytes, *, first: int = 0x81, mask: bytes | None = b"\x01\x02\x03\x04", encoding: int | None = None
) -> bytes:
    """A client's frame; `encoding` 126 or 127 writes the length in that many more bytes than it needs."""
    length = len(payload)
    kind = encoding or (length if length < 126 else 126 if length < 65536 else 127)
    extended = length.to_bytes({126: 2, 127: 8}[kind], "big") if kind > 125 else b""
    head = bytes((first, kind | (0x80 if mask is not None else 0))) + extended
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def cut(data: bytes, dice: random.Random) -> list[bytes]:
    places = sorted(dice.sample(range(len(data) + 1), min(len(data), dice.randrange(6))))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


def some_frame(dice: random.Random) -> list[bytes]:
    """One thing a client may do: mostly right, now and then wrong in one of the ways there are."""
    mask = dice.randbytes(4)
    text = ("ä€😀x" * dice.choice([0, 1, 3, 13, 40])).encode()[: dice.choice([0, 1, 4, 125, 126, 127, 400])]
    text = text.decode(errors="ignore").encode()
    whole = frame(text, mask=mask)
    match dice.randrange(16):
        case 0:
            return [frame(text, first=0x01, mask=mask), frame(b"hi", first=0x89), frame(text, first=0x80, mask=mask)]
        case 1:
            return [frame(dice.randbytes(9), first=dice.choice([0x89, 0x8A]), mask=mask)]
        case 2:
            return [frame(dice.randbytes(20), first=0x82, mask=mask)]
        case 3:
            return [frame(b"\xc3\x28" + text, mask=mask)] if dice.random() < 0.3 else [whole]
        case 4:
            return [frame(text, mask=None)] if dice.random() < 0.3 else [whole]
        case 5:
            return [frame(text, first=0x81 | dice.choice([0x10, 0x20, 0x40]))] if dice.random() < 0.3 else [whole]
        case 6:
            return [frame(text, mask=mask, encoding=dice.choice([126, 127]))] if dice.random() < 0.3 else [whole]
        case 7:
            return [frame(b"\x03\xe8", first=0x88, mask=mask)] if dice.random() < 0.3 else [whole]
        case 8:
            return [frame(STOP, mask=mask)] if dice.random() < 0.3 else [whole]
        case 9:
            return [frame(text, first=dice.choice([0x80, 0x83, 0x8B, 0x09]))] if dice.random() < 0.3 else [whole]
        case 10:
            return [frame(b"y" * dice.choice([LARGEST_PLAIN, LARGEST_PLAIN + 1]), mask=mask)]
        case _:
            return [whole]


@pytest.mark.parametrize("seed", range(300))
def test_any_stream_cut_anywhere_is_read_as_autobahn_reads_it(seed: int) -> None:
    dice = random.Random(seed)
    stream = b"".join(part for _ in range(dice.randrange(1, 12)) for part in some_frame(dice))
    pieces = cut(stream, dice)
    assert outcome(connected(Ours), pieces) == outcome(connected(Plain), pieces)


def test_a_stream_is_the_same_cut_at_every_single_place() -> None:
    stream = frame(b"one") + frame("zwei ä".encode() * 30) + frame(b"", first=0x89) + frame(b"") + frame(b"three")
    whole = outcome(connected(Plain), [stream])
    assert len(whole[0]) == 4
    for place in range(len(stream) + 1):
        assert outcome(connected(Ours), [stream[:place], stream[place:]]) == whole
    assert outcome(connected(Ours), [stream[at : at + 1] for at in range(len(stream))]) == whole


def test_a_length_that_is_not_written_the_short_way_is_refused() -> None:
    side = connected(Ours)
    side.dataReceived(frame(b"hello", encoding=126))
    assert side.heard == []
    assert side.transport.ended == "aborted"


def test_the_answer_to_our_closing_is_heard_behind_a_frame_that_came_with_it() -> None:
    side = connected(Ours)
    side.dataReceived(frame(STOP) + frame(b"too late") + frame((4429).to_bytes(2, "big"), first=0x88))
    assert side.heard[0] == (STOP, False)
    assert side.state == side.STATE_CLOSED


def test_fragments_without_content_are_not_kept_for_ever() -> None:
    side = connected(Ours)
    side.dataReceived(frame(b"", first=0x01))
    for _ in range(MOST_FRAGMENTS + 1):
        side.dataReceived(frame(b"", first=0x00))
    assert side.transport.ended == "aborted"
    assert side.heard == []


def test_as_many_fragments_as_allowed_are_one_message() -> None:
    side = connected(Ours)
    side.dataReceived(frame(b"a", first=0x01))
    for _ in range(MOST_FRAGMENTS - 2):
        side.dataReceived(frame(b"b", first=0x00))
    side.dataReceived(frame(b"c", first=0x80))
    assert side.heard == [(b"a" + b"b" * (MOST_FRAGMENTS - 2) + b"c", False)]


def test_a_ping_is_answered_unless_the_client_does_not_read() -> None:
    side = connected(Ours)
    side.dataReceived(frame(b"there", first=0x89))
    assert side.transport.written == b"\x8a\x05there"
    side.pauseProducing()
    side.dataReceived(frame(b"there", first=0x89) * 100)
    assert side.transport.written == b"\x8a\x05there"
    side.resumeProducing()
    side.dataReceived(frame(b"still", first=0x89))
    assert side.transport.written == b"\x8a\x05there\x8a\x05still"


class Narrow(Wire):
    """A kernel that takes so many bytes at once."""

    def __init__(self, takes: Any) -> None:
        super().__init__()
        self.takes = takes
        self.later = b""

    def writeSomeData(self, data: bytes) -> Any:  # noqa: N802
        if not isinstance(self.takes, int):
            return self.takes
        self.written += data[: self.takes]
        return min(self.takes, len(data))

    def write(self, data: bytes) -> None:
        self.later += data


@pytest.mark.parametrize("takes", [0, 1, 5, 130, 10**6, Exception("gone")])
def test_what_the_kernel_does_not_take_at_once_follows_whole(takes: Any) -> None:
    side = connected(Ours)
    texts = [b"a", b"b" * 125, b"c" * 126, b"d" * 65535, b"e" * 65536]
    side.write_texts(texts)
    expected = side.transport.written
    side.transport = Narrow(takes)
    side.write_texts(texts)
    assert side.transport.written + side.transport.later == expected
    # Behind bytes that already wait nothing may overtake.
    side.transport = Narrow(10**6)
    side.transport.dataBuffer = b"waiting"
    side.write_texts(texts)
    assert side.transport.written == b""
    assert side.transport.later == expected
