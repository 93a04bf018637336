"""Texts of people, drawn safely. `static/console/text.js` follows the same rule; one list of cases tests both."""

from __future__ import annotations

import re

from django import template
from django.template import Context
from django.utils.html import conditional_escape, format_html, json_script
from django.utils.safestring import SafeString, mark_safe

from chats.views.words import words

register = template.Library()

LINK = re.compile(r"""(?:https?://|mailto:)[^\s<>"'`\\]+""", re.IGNORECASE)
TRAILING = ".,;:!?*_~"
PAIRS = {")": "(", "]": "[", "}": "{"}


def link_end(found: str) -> int:
    """How much of what looks like an address is one: not the full stop behind it, not the bracket around it.

    Brackets are counted once: a text of nothing but brackets would otherwise be counted again for each of them.
    """
    end = len(found)
    extra = {closer: found.count(closer) - found.count(opener) for closer, opener in PAIRS.items()}
    while end:
        last = found[end - 1]
        if extra.get(last, 0) > 0:
            extra[last] -= 1
        elif last not in TRAILING:
            break
        end -= 1
    return end


@register.filter
def linked(text: str) -> SafeString:
    """Everything escaped; http, https and mailto addresses made clickable."""
    parts: list[str] = []
    position = 0
    for match in LINK.finditer(text):
        address = match.group()[: link_end(match.group())]
        if address.lower() in {"http://", "https://", "http:", "https:", "mailto:", "http", "https", "mailto"}:
            continue
        parts.append(conditional_escape(text[position : match.start()]))
        parts.append(
            format_html('<a href="{}" target="_blank" rel="noopener noreferrer nofollow ugc">{}</a>', address, address)
        )
        position = match.start() + len(address)
    parts.append(conditional_escape(text[position:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part was escaped above


@register.simple_tag(takes_context=True)
def console_words(context: Context) -> SafeString:
    """The console's sentences as data for its scripts, and the workspace whose chats they are about."""
    return json_script({**words(), "slug": context["member"].workspace.slug}, "console-words")
