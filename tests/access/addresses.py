"""Every address the service answers, read from the resolver itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    route: str
    name: str
    namespace: str
    view: Callable[..., Any]
    arguments: frozenset[str]

    @property
    def owner(self) -> str:
        """`admin` and `allauth` are third-party; everything else is ours."""
        if self.namespace == "admin":
            return "admin"
        return "allauth" if self.route.startswith("accounts/") else "own"


def addresses() -> list[Address]:
    return list(_walk(get_resolver().url_patterns, "", "", frozenset()))


def _walk(
    patterns: list[URLPattern | URLResolver], route: str, namespace: str, arguments: frozenset[str]
) -> Iterator[Address]:
    for entry in patterns:
        here = route + str(entry.pattern)
        named = arguments | set(getattr(entry.pattern, "converters", {})) | set(_groups(entry))
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, here, entry.namespace or namespace, named)
        else:
            yield Address(here, entry.name or "", namespace, entry.callback, named)


def _groups(entry: URLPattern | URLResolver) -> list[str]:
    regex = getattr(entry.pattern, "regex", None)
    return list(regex.groupindex) if regex is not None else []
