"""Values spelled in pieces: cut over words, lines, cells or columns, or written backwards.

What stands between letters and digits is left out, so that only their order is left; every stretch of it that is as
long as a value may be one. A stretch is met by chance the more often the longer the text is, which its evidence pays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import permutations

import polars as pl

from hub.gate.fragments import BlobFragment, Fragment, ImageFragment, TableFragment
from hub.gate.sorted_values import are_among
from hub.gate.views import tables, text_of
from hub.gate.words import plain

Columns = tuple[tuple[str, ...], ...]
_MOST_CHARACTERS = 20_000
_MOST_STRETCHES = 40_000
"""Stretches of a text that are looked at, of all lengths together; a longer text is looked at from its beginning."""
_FIRST_ROWS = 50
"""Rows of a table whose columns are joined; one of no more rows is also read cell by cell."""
_MOST_COLUMNS = 8
_SHORTEST = 6
_MOST_LENGTHS = 40
_BITS = {"digit": math.log2(10), "letter": 4.0, "mixed": math.log2(36)}


def bits_of(phrase: str) -> float:
    """Information of a value, by its characters: digits, letters, or both."""
    letters = [c for c in phrase if c.isalnum()]
    digits = sum(c.isdigit() for c in letters)
    sort = "digit" if digits == len(letters) else "letter" if digits == 0 else "mixed"
    return len(letters) * _BITS[sort]


def columns_in(part: Fragment) -> Iterator[Columns]:
    """Yield the columns of each table that is in a fragment: its own, or those of a text's and a document's tables."""
    if isinstance(part, TableFragment):
        yield part.data
        return
    for view in tables(part):
        yield tuple(tuple(cell or "" for cell in view.frame[key].to_list()) for key in view.keys)


def joined_columns(columns: Columns) -> Iterator[list[str]]:
    """Yield the first cells of each two columns joined, in both orders."""
    for one, other in permutations(range(min(len(columns), _MOST_COLUMNS)), 2):
        first = (column[:_FIRST_ROWS] for column in (columns[one], columns[other]))
        yield ["".join(cells) for cells in zip(*first, strict=True)]


def spells(parts: Iterable[Fragment], known: Iterable[pl.Series], needed: int) -> bool:
    """Whether the parts spell values of one of the sorted series; these are words as ``plain`` gives them."""
    texts, pairs = _stretched(parts)
    for values in known:
        known_lengths = values.str.len_chars().unique().sort()
        lengths = known_lengths.filter(known_lengths >= _SHORTEST).head(_MOST_LENGTHS).to_list()
        said = pl.Series("said", list(_candidates(texts, pairs, lengths)), dtype=pl.String)
        chance = math.log2(max(values.len(), 1)) + math.log2(max(said.len(), 1))
        met = said.filter(are_among(said, values)).to_list()
        if sum(max(bits_of(value) - chance, 0.0) for value in met) >= needed:
            return True
    return False


def _stretched(parts: Iterable[Fragment]) -> tuple[list[str], set[str]]:
    """What the parts say with nothing between, along tables and down, and its digits; and columns joined in twos."""
    said, along, down, pairs = list[str](), list[str](), list[str](), set[str]()
    for part in parts:
        if isinstance(part, (BlobFragment, ImageFragment)):
            continue
        if not isinstance(part, TableFragment):
            said.append(text_of(part)[:_MOST_CHARACTERS])
        for columns in columns_in(part):
            if columns and len(columns[0]) <= _FIRST_ROWS:
                rows = "".join("".join(row) for row in zip(*columns, strict=True))
                (said if isinstance(part, TableFragment) else along).append(rows)
                down.append("".join("".join(column) for column in columns))
            pairs.update(plain(cell) for cells in joined_columns(columns) for cell in cells)
    texts = [plain("".join(stretch)[:_MOST_CHARACTERS]) for stretch in (said, along, down)]
    texts.append("".join(filter(str.isdigit, texts[0])))
    return list(dict.fromkeys(text for text in texts if text)), pairs


def _candidates(texts: list[str], pairs: set[str], lengths: list[int]) -> set[str]:
    wanted, most = set(lengths), _MOST_STRETCHES // max(len(lengths), 1)
    found = {pair for pair in pairs if len(pair) in wanted}
    for text in texts:
        for said in (text[:most], text[:most][::-1]):
            found.update(said[at : at + length] for length in lengths for at in range(len(said) - length + 1))
    return found | {pair[::-1] for pair in found & pairs}
