"""Words of a text without accents, case and marks, so that a name or number meets itself however it is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import polars as pl

MOST_PARTS = 8
_PART = re.compile(r"[^\W_]+")
_ASCII_PART = "[a-z0-9]+"
_SHORT = 2_000
"""Characters below which a text is cut in Python, which is ready sooner."""
_LINES = {"words": pl.List(pl.String)}


def plain(text: str) -> str:
    """A text in lower case, without accents and without anything that is no letter or digit."""
    if text.isascii():
        return text.lower() if text.isalnum() else "".join(filter(str.isalnum, text.lower()))
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in folded if c.isalnum())


def plain_words(values: pl.Series) -> pl.Series:
    """The different plain forms of values, sorted, as ``plain`` gives each of them; none is empty."""
    is_simple = values.str.contains("^[A-Za-z0-9]+$")
    simple = values.filter(is_simple).str.to_lowercase().alias("plain")
    others = pl.Series("plain", [plain(value) for value in values.filter(~is_simple).to_list()], dtype=pl.String)
    words = pl.concat([simple, others]).unique()
    return words.filter(words != "").sort()


def phrases(text: str) -> pl.Series:
    """Every run of up to eight words of a line, without what stands between them; each of them once."""
    if len(text) < _SHORT:
        return pl.Series("plain", sorted(_phrases_of_lines(text.splitlines())), dtype=pl.String)
    words = _words(text)
    said = words["word"]
    found = [said]
    for more in range(1, MOST_PARTS):
        is_same_line = words["line"] == words["line"].shift(-more)
        if not is_same_line.any():
            break
        said = said + words["word"].shift(-more)
        found.append(said.filter(is_same_line))
    return pl.concat(found).unique().alias("plain")


def _phrases_of_lines(lines: Iterable[str]) -> set[str]:
    """The same of a few lines, without the cost of starting."""
    found: set[str] = set()
    for words in map(_parts, lines):
        for length in range(1, min(MOST_PARTS, len(words)) + 1):
            found.update("".join(words[at : at + length]) for at in range(len(words) - length + 1))
    return found


def _words(text: str) -> pl.DataFrame:
    """The plain words of each different line, in their order, with the line's number."""
    lines = pl.Series("words", text.splitlines(), dtype=pl.String).unique()
    is_ascii = lines.str.len_bytes() == lines.str.len_chars()
    ascii_lines, others = lines.filter(is_ascii), lines.filter(~is_ascii).to_list()
    cut = pl.concat(
        [
            ascii_lines.str.to_lowercase().str.extract_all(_ASCII_PART).to_frame(),
            pl.DataFrame({"words": [_parts(line) for line in others]}, schema=_LINES),
        ]
    )
    return cut.with_row_index("line").explode("words").drop_nulls("words").rename({"words": "word"})


def _parts(line: str) -> list[str]:
    return [plain(part) for part in _PART.findall(unicodedata.normalize("NFC", line))]
