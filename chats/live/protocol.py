"""Frames in and out: a static table of types, what each field must be, and the constants of errors and close codes.

Nothing is looked up by a name that came from outside except in these tables, and no exception's text ever goes back.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from django.conf import settings

VERSION = 1
LARGEST_NUMBER = 2**31 - 1
LONGEST_REF = 64
MOST_WATCHED = 1_000

CLOSE_BAD_FRAMES = 4400
CLOSE_TOKEN = 4401
CLOSE_REVOKED = 4403
CLOSE_WORKSPACE_GONE = 4404
CLOSE_NO_HELLO = 4408
CLOSE_SLOW = 4409
CLOSE_ERASED = 4410
CLOSE_TOO_OLD = 4426
CLOSE_LIMIT = 4429
CLOSE_SILENT = 1001
CLOSE_RESTART = 1012

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")

Frame = dict[str, Any]
Field = Callable[[Any], Any]


class BadFrame(Exception):
    """A frame that is not done. `code` is a constant of the protocol; `ref` and `cid` go back if they were readable."""

    def __init__(self, code: str, frame: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.ref = _echo(frame, "ref", LONGEST_REF)
        self.cid = _echo(frame, "cid", 36)


def _echo(frame: Mapping[str, Any] | None, key: str, longest: int) -> str | None:
    value = frame.get(key) if frame else None
    return value if isinstance(value, str) and len(value) <= longest else None


def encode(frame: Frame) -> bytes:
    return orjson.dumps(frame)


def error(code: str, **details: Any) -> Frame:
    """An `error` frame; details that are None are left out."""
    return {"type": "error", "code": code, **{key: value for key, value in details.items() if value is not None}}


# What a field may be. Each takes the raw value (None if it is absent) and returns the clean one or raises ValueError.


def string(longest: int, *, required: bool = False) -> Field:
    def clean(value: Any) -> str:
        if value is None and not required:
            return ""
        if not isinstance(value, str) or len(value) > longest or "\x00" in value:
            raise ValueError
        return value

    return clean


def number(value: Any) -> int:
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value <= LARGEST_NUMBER:
        raise ValueError
    return value


def optional_number(value: Any) -> int | None:
    return None if value is None else number(value)


def revision(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError
    return value


def switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - every wrong field is one kind of error here
    return value


def version(value: Any) -> int:
    if type(value) is not int:
        raise ValueError
    return value


def client_id(value: Any) -> str:
    if not isinstance(value, str) or not _UUID.match(value):
        raise ValueError
    return value


def chat_id(value: Any) -> uuid.UUID | None:
    """None for a well-formed string that is no id: it names no chat, like an id that was never given out."""
    if not isinstance(value, str) or len(value) > 64:
        raise ValueError
    return uuid.UUID(value) if _UUID.match(value) else None


def optional_chat_id(value: Any) -> uuid.UUID | None:
    return None if value is None else chat_id(value)


def positions(value: Any) -> dict[uuid.UUID, int]:
    """`{chat id: last number held}`; strings that are no ids name nothing and are left out."""
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MOST_WATCHED:
        raise ValueError
    cleaned = {chat_id(key): number(held) for key, held in value.items()}
    return {key: held for key, held in cleaned.items() if key is not None}


def text(value: Any) -> str:
    """What a person wrote, exactly as written."""
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise ValueError
    return value


def answers(value: Any) -> dict[str, str]:
    """Pre-chat answers: short strings by key."""
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > 20:
        raise ValueError
    clean = string(1000)
    return {clean(key): clean(answer) for key, answer in value.items()}


def page(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError  # noqa: TRY004 - every wrong field is one kind of error here
    clean = string(4000)
    return {key: clean(value.get(key)) for key in ("url", "title", "referrer")}


def availability(value: Any) -> str:
    if value not in ("online", "away", "invisible"):
        raise ValueError
    return str(value)


VISITOR_FRAMES: dict[str, dict[str, Field]] = {
    "hello": {"v": version, "token": string(1000, required=True), "chat": optional_chat_id, "after": number},
    "start": {"cid": client_id, "text": text, "fields": answers, "page": page, "department": string(64)},
    "send": {"cid": client_id, "text": text},
    "typing": {"on": switch, "text": string(10_000)},
    "read": {"n": number},
    "close": {},
    "ping": {"chat": optional_chat_id, "after": number},
}
OPERATOR_FRAMES: dict[str, dict[str, Field]] = {
    "hello": {"v": version, "rev": revision, "after": positions},
    "watch": {"chat": chat_id, "after": number},
    "unwatch": {"chat": chat_id},
    "accept": {"chat": chat_id},
    "send": {"chat": chat_id, "cid": client_id, "text": text},
    "note": {"chat": chat_id, "cid": client_id, "text": text},
    "close": {"chat": chat_id},
    "typing": {"chat": chat_id, "on": switch},
    "read": {"chat": chat_id, "n": number},
    "status": {"state": availability},
    "ping": {"rev": revision, "after": positions},
}
WRITES = frozenset({"start", "send", "note"})


def parse(raw: str | bytes, table: Mapping[str, Mapping[str, Field]]) -> Frame:
    """A clean frame (`type`, `ref` and exactly the fields of its type), or `BadFrame`."""
    if len(raw) > settings.LIVE_FRAME_LIMIT or (
        isinstance(raw, str)
        and len(raw) * 4 > settings.LIVE_FRAME_LIMIT
        and len(raw.encode(errors="surrogatepass")) > settings.LIVE_FRAME_LIMIT
    ):
        raise BadFrame("too_large")
    try:
        frame = orjson.loads(raw)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise BadFrame("bad_frame") from None
    if not isinstance(frame, dict):
        raise BadFrame("bad_frame")
    return clean(frame, table)


def clean(frame: Mapping[str, Any], table: Mapping[str, Mapping[str, Field]]) -> Frame:
    """The clean form of a decoded object; shared by sockets and the HTTP fallback."""
    kind = frame.get("type")
    if not isinstance(kind, str):
        raise BadFrame("bad_frame", frame)
    fields = table.get(kind)
    if fields is None:
        raise BadFrame("unknown_type", frame)
    ref = frame.get("ref")
    if ref is not None and (not isinstance(ref, str) or len(ref) > LONGEST_REF):
        raise BadFrame("bad_frame", frame)
    done: Frame = {"type": kind, "ref": ref}
    try:
        for name, field in fields.items():
            done[name] = field(frame.get(name))
    except ValueError:
        raise BadFrame("bad_frame", frame) from None
    if kind in WRITES and len(done["text"]) > settings.LIVE_TEXT_LIMIT:
        raise BadFrame("too_large", frame)
    return done


def limits(rate: tuple[float, int]) -> Frame:
    """The `limits` of a welcome."""
    return {
        "text": settings.LIVE_TEXT_LIMIT,
        "frame": settings.LIVE_FRAME_LIMIT,
        "rate": {"per_s": rate[0], "burst": rate[1]},
    }
