"""One line from somebody: a name, a title. It must not hold what could make it look like more than that."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
# Embeddings, overrides and isolates turn the words around them about; a name needs none to be written from the right.
_TURNS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def one_line(text: str, longest: int) -> str:
    """`text` without line breaks, control characters and bidirectional overrides, cut to `longest`; "" if nothing of
    it can be seen."""
    line = _SPACE.sub(" ", text).strip()
    line = "".join(sign for sign in line if sign not in _TURNS and unicodedata.category(sign) != "Cc")
    line = line[:longest].strip()
    return line if any(unicodedata.category(sign)[0] not in "CZ" for sign in line) else ""
