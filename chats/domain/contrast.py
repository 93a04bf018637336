"""Whether text can be read on a colour: the relative luminance and contrast ratio of WCAG 2.2."""

from __future__ import annotations

import re

WHITE = "#ffffff"
BLACK = "#000000"
READABLE = 4.5
_COLOUR = re.compile(r"#[0-9a-f]{6}")


class BadColour(ValueError):
    """Not a colour of six hexadecimal digits."""


def clean_colour(value: str) -> str:
    """`#0B6B83`, `0b6b83` and `#0bc` become six lower-case digits behind a `#`; anything else is refused."""
    text = value.strip().lower().removeprefix("#")
    if len(text) == 3:
        text = "".join(digit * 2 for digit in text)
    colour = f"#{text}"
    if not _COLOUR.fullmatch(colour):
        raise BadColour(value)
    return colour


def luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(colour: str) -> str:
    """White where it can be read, else black. One of the two always reaches 4.5:1 (the worst case is 4.58:1)."""
    return WHITE if ratio(colour, WHITE) >= READABLE else BLACK
