"""The address a request really came from, and its short form: the only one that is stored.

Each proxy we trust appends the address it saw to `X-Forwarded-For`. So the true peer is found by counting
from the right; everything further left was written by the client and proves nothing.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address

from django.conf import settings
from django.http import HttpRequest

V4_PREFIX = 24
V6_PREFIX = 48
# What one customer of a provider gets at least: whoever has an IPv6 address has 2**64 of them.
V6_CUSTOMER = 64


def _parse(text: str | None) -> IPv4Address | IPv6Address | None:
    """An address from `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]:80` or `fe80::1%eth0`; mapped IPv4 becomes IPv4."""
    text = (text or "").strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def peer_address(*, remote: str | None, forwarded: str | None) -> str:
    """The true peer, or "" if it cannot be told. With fewer hops than trusted proxies, the furthest hop there is."""
    trusted: int = settings.TRUSTED_PROXIES
    chain = [hop for hop in (forwarded or "").split(",") if hop.strip()] if trusted else []
    chain.append(remote or "")
    address = _parse(chain[max(len(chain) - 1 - trusted, 0)]) or _parse(remote)
    return str(address) if address else ""


def peer_of(request: HttpRequest) -> str:
    return peer_address(remote=request.META.get("REMOTE_ADDR"), forwarded=request.META.get("HTTP_X_FORWARDED_FOR"))


def shorten(address: str) -> str:
    """The network of `address`: /24 for IPv4, /48 for IPv6, written as its first address; "" for no address."""
    parsed = _parse(address)
    if parsed is None:
        return ""
    prefix = V4_PREFIX if isinstance(parsed, IPv4Address) else V6_PREFIX
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)


def counted_as(address: str) -> str:
    """Whom a limit counts: an IPv4 address itself, of an IPv6 address the customer's network; "" for no address."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ipaddress.ip_network((parsed, V6_CUSTOMER), strict=False).network_address)
    return str(parsed) if parsed else ""
