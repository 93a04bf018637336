"""Small words for the partials in `templates/parts/`. `static/js/drawing.js` follows the same rules."""

from __future__ import annotations

from django import template

register = template.Library()

HUES = 12


@register.filter
def hue(key: object) -> int:
    """One of the twelve avatar hues, always the same for the same id."""
    return sum(ord(letter) for letter in str(key)) % HUES


@register.filter
def initials(name: str) -> str:
    """At most two letters: of the first and the last word that begin with a letter or digit."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    ends = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()
