"""What a fragment shows, whatever its form: the tables that stand in it, and its text.

A table in a notebook's output, in a JSON document or printed into a log is the same table to a check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

import polars as pl

from hub.gate.array_views import grids, text_of_arrays
from hub.gate.cells import all_plain, decimals_of, numbers_in, written_in
from hub.gate.downward import downward
from hub.gate.fragments import MOST_COLUMNS, ArraysFragment, Fragment, TableFragment, TextFragment, ValueFragment
from hub.gate.headers import Grid
from hub.gate.json_tables import document_tables, scalars
from hub.gate.marks import is_margin, is_suppressed
from hub.gate.printed import printed_tables, word_tables

MOST_TOKENS = 60
"""Words of a line that stand beside each other in a table; a longer line is cut, and its parts overlap by half."""
_HALF = MOST_TOKENS // 2
_LONGEST_RECORDS = 20_000
_TURNED_ROWS = MOST_COLUMNS
_TURNED_COLUMNS = 200
_MOST_LABELS = 2
_BRACKETS = re.compile(r"[│┃|┆,;]|\t")
_WORDS = re.compile(r"[+-]?\w(?:[\w.+:-]*\w)?")
_GROUPS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_PAIRS = re.compile(r"['\"]?\b([^\W\d]\w*)['\"]?\s*[:=]\s*['\"]?([+-]?\w[\w.+:-]*)")


@dataclass(frozen=True, slots=True, eq=False)
class TableView:
    """A table as text cells in columns ``c0``, ``c1``…; ``titled`` where the header names its columns.

    ``whole`` is true for a table that is a file of its own, so that the author's declaration speaks of it.
    """

    place: str
    columns: tuple[str, ...]
    frame: pl.DataFrame
    titled: bool = True
    whole: bool = False
    numbers: tuple[int, ...] = ()
    origins: tuple[int, ...] = ()
    """Of a view that was reshaped, the author's column that each row's figure comes from."""
    _plain: dict[str, pl.Series | None] = field(default_factory=dict, init=False, repr=False)
    _decimals: dict[str, int] = field(default_factory=dict, init=False, repr=False)

    def plain(self, key: str) -> pl.Series | None:
        """The numbers of a column that holds nothing else, as ``all_plain``: none of its cells is a mark."""
        if key not in self._plain:
            self._plain[key] = all_plain(self.frame[key])
        return self._plain[key]

    def number_cells(self, key: str) -> pl.Series:
        """The finite numbers that a column's cells show, or null."""
        plain = self.plain(key)
        return numbers_in(self.frame[key]) if plain is None else plain

    def decimals(self, key: str) -> int:
        """How many decimals the numbers of a column show, at most nine."""
        if key not in self._decimals:
            self._decimals[key] = decimals_of(self.frame[key])
        return self._decimals[key]

    def suppressed(self, key: str) -> pl.Series:
        """Which cells of a column show nothing."""
        return self._marked(key, is_suppressed(self.frame, key) if self.plain(key) is None else None)

    def margins(self, key: str) -> pl.Series:
        """Which cells of a column say that their row sums over it."""
        return self._marked(key, is_margin(pl.col(key)) if self.plain(key) is None else None)

    def _marked(self, key: str, marks: pl.Expr | None) -> pl.Series:
        if marks is None:
            return pl.Series(key, [False] * self.frame.height, pl.Boolean)
        return self.frame.select(marks).to_series()

    def row_numbers(self, rows: Iterable[int]) -> list[int]:
        """Numbers of rows as the author sees them; a view that was reshaped knows where its rows come from."""
        return sorted({self.numbers[row - 1] for row in rows} if self.numbers else set(rows))

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the columns of ``frame``."""
        return tuple(self.frame.columns)


def tables(fragment: Fragment) -> list[TableView]:
    """Return the tables with a header."""
    match fragment:
        case TableFragment():
            data = dict(zip(_keys(len(fragment.columns)), fragment.data, strict=True))
            frame = pl.DataFrame(data, schema=dict.fromkeys(data, pl.String), strict=True)
            return [
                TableView(fragment.place, fragment.columns, frame, whole=fragment.slot is None and not fragment.nested)
            ]
        case TextFragment():
            return [_titled(fragment.place, grid) for grid in printed_tables(fragment.text)]
        case ValueFragment():
            return [_titled(f"{fragment.place}{place}", grid) for place, grid in document_tables("", fragment.value)]
        case _:
            return []


def token_tables(fragment: Fragment) -> list[TableView]:
    """Return the lines of a text as tables without a header: lines of as many words stand below each other.

    So are values that stand one to a line, as far as their kinds come back.
    A model's arrays are such tables as they are, and their names are lines; where several have one axis and one length,
    their names are titles, too.
    """
    if isinstance(fragment, TableFragment):
        return []
    arrays = grids(fragment) if isinstance(fragment, ArraysFragment) else ()
    views = [_of_arrays(fragment.place, titles, columns) for titles, columns in arrays]
    text = "\n".join(a.name for a in fragment.arrays) if isinstance(fragment, ArraysFragment) else text_of(fragment)
    if not text:
        return []
    seen: set[tuple[tuple[str, ...], ...]] = set()
    lines = text.splitlines()
    cuts: tuple[tuple[Callable[[str], list[str]], list[str]], ...] = (
        (str.split, lines),
        (_by_marks, lines),
        (_WORDS.findall, lines),
        (_by_marks, _GROUPS.findall(text)),
    )
    for cut, parts in cuts:
        groups: dict[int, dict[tuple[str, ...], None]] = {}
        for line in parts:
            for tokens in _stretches(cut(line)):
                groups.setdefault(len(tokens), {})[tokens] = None
        for width, found in sorted(groups.items()):
            rows = tuple(found)
            if rows not in seen:
                seen.add(rows)
                views.append(_untitled(fragment.place, width, [list(row) for row in rows]))
    return [*views, *(_untitled(fragment.place, len(rows[0]), rows) for rows in downward(lines))]


def _stretches(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the words of a line, so that up to thirty that follow each other stand in one stretch of at most sixty."""
    if len(words) > 1:
        yield from (tuple(words[at : at + MOST_TOKENS]) for at in range(0, max(len(words) - _HALF, 1), _HALF))


def pair_tables(fragment: Fragment) -> list[TableView]:
    """Return the records that a text writes as names with values: ``name: value``, ``name=value``, one to a line.

    So are lines of words of as many cells each, the first of which names the others: no number says where they begin.
    """
    text = "" if isinstance(fragment, (TableFragment, ArraysFragment)) else text_of(fragment)
    if not text:
        return []
    records: dict[tuple[str, ...], Grid] = {}
    parts = [*text.splitlines(), *_GROUPS.findall(text), text] if len(text) < _LONGEST_RECORDS else text.splitlines()
    for part in parts:
        pairs = dict(_PAIRS.findall(part)[:MOST_TOKENS])
        if len(pairs) > 1:
            records.setdefault(tuple(pairs), []).append(list(pairs.values()))
    grids = [[list(names), *rows] for names, rows in records.items()]
    grids += word_tables(text.splitlines()) if len(text) < _LONGEST_RECORDS else []
    return [_titled(fragment.place, grid) for grid in grids]


def turned(view: TableView) -> TableView | None:
    """Return a small table with rows and columns exchanged, as a printed record or a transposed frame has them."""
    if not _can_be_turned(view):
        return None
    columns = [view.frame[key].to_list() for key in view.keys]
    if view.titled:
        columns = [[title, *cells] for title, cells in zip(view.columns, columns, strict=True)]
    header, rows = columns[0], columns[1:]
    return TableView(view.place, tuple(header), _frame(len(header), rows), titled=True)


def _can_be_turned(view: TableView) -> bool:
    return 1 <= view.frame.height <= _TURNED_COLUMNS and 2 <= view.frame.width <= _TURNED_ROWS


def turned_by_labels(view: TableView) -> list[TableView]:
    """Return a small table with rows and columns exchanged, once for each of its first columns without numbers."""
    if not _can_be_turned(view):
        return []
    texts = [key for key in view.keys if written_in(view.frame[key]).null_count() == view.frame.height]
    return [other for key in texts[:_MOST_LABELS] if (other := _turned_by(view, key)) is not None]


def _turned_by(view: TableView, label: str) -> TableView | None:
    order = [label, *(key for key in view.keys if key != label)]
    titles = tuple(view.columns[view.keys.index(key)] for key in order)
    other = turned(TableView(view.place, titles, view.frame.select(order), view.titled))
    if other is None or not view.titled:
        return None
    origins = tuple(view.keys.index(key) + 1 for key in order[1:])
    return replace(other, numbers=(1,) * other.frame.height, origins=origins)


def text_of(fragment: Fragment) -> str:
    """Return all text of a fragment, one cell or one value on a line."""
    match fragment:
        case TextFragment():
            return fragment.text
        case TableFragment():
            return "\n".join(dict.fromkeys(chain(fragment.columns, *fragment.header, *fragment.data)))
        case ValueFragment():
            return "\n".join(scalars(fragment.value))
        case ArraysFragment():
            return text_of_arrays(fragment)
        case _:
            return ""


def _keys(width: int) -> list[str]:
    return [f"c{number}" for number in range(width)]


def _frame(width: int, rows: Grid) -> pl.DataFrame:
    data = {key: [row[number] for row in rows] for number, key in enumerate(_keys(width))}
    return pl.DataFrame(data, schema=dict.fromkeys(data, pl.String))


def _titled(place: str, grid: Grid) -> TableView:
    return TableView(place, tuple(grid[0]), _frame(len(grid[0]), grid[1:]))


def _untitled(place: str, width: int, rows: Grid) -> TableView:
    return TableView(place, tuple("" for _ in range(width)), _frame(width, rows), titled=False)


def _of_arrays(place: str, titles: tuple[str, ...], columns: list[pl.Series]) -> TableView:
    frame = pl.DataFrame(dict(zip(_keys(len(columns)), columns, strict=True)))
    return TableView(place, titles, frame.cast(pl.String), titled=any(titles))


def _by_marks(line: str) -> list[str]:
    """Cells between separators, or with two spaces or more between them."""
    parts = _BRACKETS.split(line) if _BRACKETS.search(line) else re.split(r"\s{2,}", line)
    return [part.strip() for part in parts if part.strip()]
