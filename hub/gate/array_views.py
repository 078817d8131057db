"""Arrays as tables of text cells, so that rows and identifiers of a dataset are found in a model, too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from hub.gate.arrays import Numbers, numbers_of
from hub.gate.fragments import ArrayPart, ArraysFragment

WIDEST, HIGHEST = 60, 1_000
_FEWEST_LETTERS = 8
_LAST_LETTER = 0x10FFFF
_EXACT = 2.0**53
Grid = tuple[tuple[str, ...], list[pl.Series]]


def grids(fragment: ArraysFragment) -> Iterator[Grid]:
    """Yield titles and columns: lists of one length beside each other, and matrices of one width below each other.

    A matrix that is wider than sixty columns is cut, and one of at most sixty rows is turned as well. No grid is higher
    than a thousand rows, since checks look at so many of a table in any case.
    """
    lines: dict[int, list[ArrayPart]] = {}
    stacks: dict[int, list[Numbers]] = {}
    for array in fragment.arrays:
        if len(array.shape) < 2:
            lines.setdefault(array.count, []).append(array)
        else:
            for cells in _cut(shown(array).reshape(-1, array.shape[-1])):
                stacks.setdefault(cells.shape[1], []).append(cells)
    for same in lines.values():
        for start in range(0, len(same), WIDEST):
            part = same[start : start + WIDEST]
            yield from _pieces(
                np.array([shown(array).ravel() for array in part]).T, tuple(array.name for array in part)
            )
    for width, parts in stacks.items():
        yield from _pieces(np.concatenate(parts), ("",) * width)


def _pieces(cells: Numbers, titles: tuple[str, ...]) -> Iterator[Grid]:
    for start in range(0, len(cells), HIGHEST):
        yield titles, [pl.Series(column, dtype=pl.String) for column in cells[start : start + HIGHEST].T.tolist()]


def _cut(cells: Numbers) -> Iterator[Numbers]:
    height, width = cells.shape
    yield from (cells[:, start : start + WIDEST] for start in range(0, width, WIDEST))
    if height <= WIDEST:
        yield cells.T


def shown(array: ArrayPart) -> Numbers:
    """Return the numbers as texts, with the digits that their type keeps."""
    numbers = numbers_of(array)
    flat = numbers.ravel()
    if not array.type.is_fraction:
        texts = pl.Series(flat).cast(pl.String)
    elif array.type.size == 2:
        texts = pl.Series([_short(number, array.type.digits) for number in flat.tolist()], dtype=pl.String)
    else:
        texts = pl.Series(flat.astype(np.float32) if array.type.size == 4 else flat).cast(pl.String)
    return np.array(texts.to_list(), dtype=object).reshape(numbers.shape)


def _short(number: float, digits: int) -> str:
    return str(int(number)) if number.is_integer() else f"{number:.{digits}g}"


def text_of_arrays(fragment: ArraysFragment) -> str:
    """Return the arrays' names, their different whole numbers, and what they spell as codes of letters."""
    lines: dict[str, None] = {}
    for array in fragment.arrays:
        lines[array.name] = None
        held = numbers_of(array)
        numbers = np.unique(held)
        whole = numbers[(numbers == np.round(numbers)) & (abs(numbers) < _EXACT)] if array.type.is_fraction else numbers
        lines |= dict.fromkeys(str(int(number)) for number in whole.tolist())
        lines |= dict.fromkeys(spelled(held))
    return "\n".join(lines)


def spelled(numbers: Numbers) -> list[str]:
    """The lines of the text that numbers spell as codes of letters, if they are one; fractions may be codes, too."""
    codes = numbers.ravel()
    if codes.size < _FEWEST_LETTERS or codes.min() < 0 or codes.max() > _LAST_LETTER:
        return []
    if codes.dtype.kind == "f" and (codes != np.round(codes)).any():
        return []
    letters = "".join(map(chr, codes.astype(np.int64).tolist()))
    return [line for line in letters.replace("\x00", "\n").splitlines() if line.strip() and line.isprintable()]
