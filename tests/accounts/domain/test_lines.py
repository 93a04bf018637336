"""Names are one line and turn nothing about."""

from __future__ import annotations

import pytest

from accounts.domain.lines import one_line


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Vera \t Vogel ", "Vera Vogel"),
        ("Vera\r\nBcc: victim@shop.example", "Vera Bcc: victim@shop.example"),
        ("Vera\u2028[12:00] Bob: yes", "Vera [12:00] Bob: yes"),
        ("Vera\x85\x0b\x0c.", "Vera ."),
        ("\x1b[31mVera\x1b[0m\x07", "[31mVera[0m"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2066Vera\u2069", "Vera"),
        ("\u200b\u200d\ufeff", ""),
        ("\u202e", ""),
        ("", ""),
        ("دانیال علی\u200cپور", "دانیال علی\u200cپور"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("שרה", "שרה"),
    ],
)
def test_a_name_is_one_line_that_obeys_nobody(written: str, kept: str) -> None:
    assert one_line(written, 80) == kept


def test_a_name_is_cut_and_ends_in_no_space() -> None:
    assert one_line("ab cd", 3) == "ab"
