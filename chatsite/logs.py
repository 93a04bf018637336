"""Structured logs that name nobody: message texts, addresses, tokens and full IP addresses are taken out on the way."""

from __future__ import annotations

import ipaddress
import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# Event keys whose value is about a person or opens a door. The value is dropped, whatever it looks like.
SECRET_KEYS = frozenset(
    {
        "text",
        "email",
        "e_mail",
        "to",
        "name",
        "phone",
        "password",
        "token",
        "authorization",
        "cookie",
        "session_key",
        "secret",
        "body",
    }
)
_EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,255}\.[^\s@<>\"',;)]+")
_BEARER = re.compile(r"(?i)\b(bearer|token|sessionid|session|csrf)([=: ]+)[A-Za-z0-9._~+/=:-]{12,}")
# PostgreSQL quotes the whole failing row here, a message's text included.
_DETAIL = re.compile(r"(?ms)^(DETAIL|CONTEXT):.*?(?=^(?:HINT|CONTEXT|Traceback|The above|During handling)|\Z)")
# Addresses that open a door by themselves: confirmation and reset links.
_KEY_PATH = re.compile(r"(/(?:confirm-email|reset/key|invitations?)/)[^/\s\"']+")
_IPV4 = re.compile(r"\b(\d{1,3}(?:\.\d{1,3}){2})\.\d{1,3}\b")
_IPV6 = re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Fa-f:])")


def _short_v6(match: re.Match[str]) -> str:
    try:
        address = ipaddress.IPv6Address(match.group())
    except ValueError:
        return match.group()
    return str(ipaddress.ip_network((address, 48), strict=False).network_address)


def redact(text: str) -> str:
    """`text` with e-mail addresses and tokens replaced and IP addresses cut to /24 or /48."""
    text = _DETAIL.sub(r"\1: [left out]\n", text)
    text = _KEY_PATH.sub(r"\1[secret]", text)
    text = _EMAIL.sub("[address]", text)
    text = _BEARER.sub(r"\1\2[secret]", text)
    text = _IPV4.sub(r"\1.0", text)
    return _IPV6.sub(_short_v6, text)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: "[left out]" if key in SECRET_KEYS else _redacted(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: drops secret keys and redacts every string left, however deep."""
    for key, value in event.items():
        event[key] = "[left out]" if key in SECRET_KEYS else _redacted(value)
    return event


def configure(*, level: str, json: bool) -> None:
    """Sends structlog and the standard library's logging through the same redaction, one line an event."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact_event,
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": last,
                }
            },
            "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
            "root": {"handlers": ["out"], "level": level},
            "loggers": {
                "django.server": {"level": "WARNING"},
                # Anybody may send any Host as often as they like; each would cost a traceback.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                "daphne": {"level": "WARNING"},
                "celery": {"level": "WARNING"},
            },
        }
    )
