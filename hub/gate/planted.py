"""What was planted in a dataset: single values, and rows whose values stand in no other row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from hub.gate.cells import ValueClass
from hub.gate.column_forms import text_of
from hub.gate.datasets import ROW, DataFile
from hub.gate.words import plain

_SHORTEST = 6
_TELLING_DIGITS = 8
"""A number of so many digits stands by chance in one of a hundred million places; of shorter ones, two have to meet."""
MOST_ROWS = 100
"""Rows that one declaration picks; one that picks more names no canaries."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Values as ``words.plain`` has them: each of ``telling`` tells by itself, and two of one of ``rows`` together."""

    telling: frozenset[str] = frozenset()
    rows: tuple[frozenset[str], ...] = ()

    @property
    def all(self) -> frozenset[str]:
        """Every value."""
        return self.telling.union(*self.rows)

    def is_met(self, said: frozenset[str]) -> bool:
        """Whether what was said of these values betrays that rows were copied."""
        return bool(self.telling & said) or any(len(row & said) > 1 for row in self.rows)


def planted(values: Iterable[str], rows: Iterable[Mapping[str, str]], files: Iterable[DataFile]) -> Planted:
    """Return what is looked for; rows are picked by columns with their values, in every file that has the columns."""
    known = list(files)
    found = [row for wanted in rows for file in known if wanted.keys() <= set(file.schema) for row in _of(file, wanted)]
    telling = {plain(value) for value in values} | {word for strong, _ in found for word in strong}
    return Planted(frozenset(telling - {""}), tuple(dict.fromkeys(weak for _, weak in found if len(weak) > 1)))


def _of(file: DataFile, wanted: Mapping[str, str]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """For each row that is picked, the values that tell by themselves, and those of which two tell."""
    names = list(wanted)
    texts = file.select(*(text_of(name, file.schema[name]).str.strip_chars().alias(name) for name in names))
    is_picked = pl.all_horizontal(pl.col(name) == wanted[name].strip() for name in names)
    numbers = texts.filter(is_picked).select(ROW).head(MOST_ROWS + 1).collect(engine=file.engine)[ROW]
    if not 0 < numbers.len() <= MOST_ROWS:
        return
    rows = file.rows(numbers)
    own = {name: _own(file, name, rows) for name in file.schema}
    for at in range(rows.height):
        cells = {name: text for name, texts_of in own.items() if (text := texts_of[at]) is not None}
        words = {word: file.value_class(name) for name, text in cells.items() if len(word := plain(text)) >= _SHORTEST}
        strong = {w for w, kind in words.items() if kind is ValueClass.TEXT or len(w) >= _TELLING_DIGITS}
        yield frozenset(strong), frozenset(words)


def _own(file: DataFile, name: str, rows: pl.DataFrame) -> list[str | None]:
    """The values of a column that no other row has, as text; dates and truths say nothing of their own."""
    if file.value_class(name) not in (ValueClass.TEXT, ValueClass.NUMBER):
        return [None] * rows.height
    places = file.finest(name)
    keys = rows.select(file.key(name, places).alias("key"))["key"]
    counted = dict(file.counts(name, places, keys).select("key", "count").rows())
    here = keys.value_counts().rows()
    alone = {key for key, count in here if key is not None and counted.get(key) == count}
    texts = rows[name].cast(pl.String).to_list()
    return [text if key in alone else None for key, text in zip(keys.to_list(), texts, strict=True)]
