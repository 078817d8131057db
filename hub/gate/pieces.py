"""The small parts of a file, and what they are when they stand below each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain

from hub.gate.context import Context
from hub.gate.fragments import Fragment, TableFragment, TextFragment, ValueFragment
from hub.gate.views import tables, text_of

LONGEST = 4_000
"""Characters of a text, or a document, that is small; longer ones are read by a steward, and judged by themselves."""
MOST_ROWS = 50
_MOST_CHARACTERS = 200_000
"""What is put together of a request; more small parts than that are not small."""
_WHOLE = re.compile(r"(?<![\w.,-])\d{2,9}(?![\w.,-]*\d)")
_FRACTION = re.compile(r"(?<![\w.,-])\d+\.\d+(?![\w.,-]*\d)")


def small_pieces(context: Context) -> list[Fragment]:
    """Return the small texts, documents and tables of a file."""
    return context.once("pieces", (context.parts,), lambda: [part for part in context.parts if _is_small(part)])


def small_leaving(context: Context) -> list[Fragment]:
    """Return the same of what would leave of a file, in which numbers may be shorter than they were offered."""
    return context.once("leaving", (context.leaves,), lambda: [part for part in context.leaves if _is_small(part)])


def _is_small(part: Fragment) -> bool:
    if isinstance(part, TableFragment):
        return part.height <= MOST_ROWS
    return isinstance(part, (TextFragment, ValueFragment)) and 0 < len(text_of(part)) <= LONGEST


def joined(pieces: Iterable[Fragment]) -> Iterator[Fragment]:
    """Yield all texts as one, all documents as one list, and tables below each other, by width."""
    texts = list(dict.fromkeys(part.text for part in pieces if isinstance(part, TextFragment)))
    if len(texts) > 1:
        yield TextFragment(text="\n".join(texts)[:_MOST_CHARACTERS])
    documents = [part.value for part in pieces if isinstance(part, ValueFragment)]
    if len(documents) > 1:
        yield ValueFragment(value=documents)
    by_width: dict[int, list[TableFragment]] = defaultdict(list)
    for table in chain.from_iterable(map(_tables, pieces)):
        by_width[len(table.columns)].append(table)
    yield from chain.from_iterable(_stacks(below) for below in by_width.values() if len(below) > 1)


def _tables(part: Fragment) -> list[TableFragment]:
    """A table as it is, and those that a text prints or a document holds."""
    if isinstance(part, TableFragment):
        return [part]
    found = [(view.columns, [view.frame[key].fill_null("").to_list() for key in view.keys]) for view in tables(part)]
    return [TableFragment(nested=True, columns=titles, data=tuple(map(tuple, data))) for titles, data in found]


def _stacks(below: list[TableFragment]) -> Iterator[TableFragment]:
    """Tables of one width below each other; headers that differ name nothing, and are rows themselves in a second one.

    Without them a column stands by itself, of which names among the cells of tables of one row would be half.
    """
    headers = {tuple(title.strip().casefold() for title in table.columns) for table in below}
    if len(headers) == 1:
        columns, tops = below[0].columns, [table.header for table in below]
    else:
        columns, tops = ("",) * len(below[0].columns), [table.header or (table.columns,) for table in below]
    yield _stacked(columns, [table.data for table in below])
    if any(tops):
        both = ((tuple(zip(*top, strict=True)), table.data) for table, top in zip(below, tops, strict=True))
        yield _stacked(columns, [part for parts in both for part in parts if part])


def _stacked(columns: tuple[str, ...], below: list[tuple[tuple[str, ...], ...]]) -> TableFragment:
    data = [tuple(chain.from_iterable(part[at] for part in below)) for at in range(len(columns))]
    return TableFragment(nested=True, columns=columns, data=tuple(data))


def is_cut(pieces: Iterable[Fragment]) -> bool:
    """Whether the texts are longer together than what is read of them."""
    return sum(len(text) + 1 for text in _texts(pieces)) > _MOST_CHARACTERS


def _texts(pieces: Iterable[Fragment]) -> list[str]:
    return list(dict.fromkeys(text_of(part) for part in pieces if not isinstance(part, TableFragment)))


def numbers_of(pieces: Iterable[Fragment]) -> tuple[TableFragment, TableFragment]:
    """Return the different whole numbers of all small texts, and their different fractions, as columns."""
    text = "\n".join(_texts(pieces))[:_MOST_CHARACTERS]
    return _column(_WHOLE.findall(text)), _column(_FRACTION.findall(text))


def _column(numbers: Iterable[str]) -> TableFragment:
    return TableFragment(nested=True, columns=("",), data=(tuple(dict.fromkeys(numbers)),))
