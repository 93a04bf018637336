"""Colours: which are accepted, and which text can be read on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chats.domain.contrast import BLACK, READABLE, WHITE, BadColour, clean_colour, ratio, text_on


@pytest.mark.parametrize(
    ("written", "kept"),
    [("#0B6B83", "#0b6b83"), ("0b6b83", "#0b6b83"), (" #abc ", "#aabbcc")],
)
def test_a_colour_may_be_written_in_several_ways(written: str, kept: str) -> None:
    assert clean_colour(written) == kept


@pytest.mark.parametrize(
    "written", ["", "#12", "#12345", "#12345g", "red", "url(//evil)", "#0b6b83;}", "#0b6b8３", "javascript:1"]
)
def test_what_is_no_colour_is_refused(written: str) -> None:
    with pytest.raises(BadColour):
        clean_colour(written)


def test_black_on_white_has_the_greatest_contrast() -> None:
    assert ratio(BLACK, WHITE) == pytest.approx(21)
    assert ratio(WHITE, WHITE) == pytest.approx(1)


def test_light_colours_get_black_text_and_dark_ones_white() -> None:
    assert text_on("#ffe066") == BLACK
    assert text_on("#0b6b83") == WHITE


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_the_text_on_any_colour_can_be_read(number: int) -> None:
    colour = f"#{number:06x}"
    assert ratio(colour, text_on(colour)) >= READABLE
