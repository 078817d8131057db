"""How often values stand in the columns of a file, and what meeting one of them tells.

Columns of few values, and all columns of a small file, are counted once for all tables. Of a large column only the
values that are asked for are counted; where they are asked for again, and the file is no larger than that, all are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from hub.gate.cells import ValueClass
from hub.gate.large_columns import MOST_COMBINED
from hub.gate.sorted_values import are_among, places_among

if TYPE_CHECKING:
    from hub.gate.datasets import DataFile

FEW = 1_000
"""Different values of a column that are counted once for all tables."""
MOST_COUNTED = 2_000_000
"""Rows of a file of which all keys of a column are kept with their numbers, once they are asked for a third time."""
_ASKED = 2
"""Times that values of a column are looked for: one table asks once for each number of decimals that it shows."""
MOST_ORDERED = 40_000_000
"""Row numbers of a file that are kept in the order of a column's keys, which are looked up again and again."""
MOST_MET = 1_250_000
"""Rows of all columns together that are kept where values were counted: often they are asked for right afterwards."""
_SCANS = 6
"""Times that a column is read for its rows before these are put in order, which takes about as long as all of them."""
_MOST_LOOKED_FOR = 4_096
_MANY = 16
"""Of more than this part of what is known, a join finds values sooner than one search for each."""
_NO_NUMBERS = 3
"""What a column of numbers may have besides: no number, and two infinities."""
_HITS = {"key": pl.String, "column": pl.String, "row": pl.Int64, "bits": pl.Float64}


class ValueCounts:
    """The counts of one file; ``counted`` has for each column and its decimals the keys, sorted, with their numbers."""

    def __init__(self, file: DataFile) -> None:
        self._file = file
        self._asked: dict[tuple[str, int], int] = {}
        self._counted: dict[tuple[str, int], pl.DataFrame] = {}
        self._sought: dict[tuple[str, int], int] = {}
        self._order: dict[tuple[str, int], tuple[pl.DataFrame, pl.Series]] = {}
        self._room = MOST_ORDERED
        self._met: dict[tuple[str, int], tuple[pl.Series, pl.DataFrame]] = {}
        self._too_many: set[tuple[str, int]] = set()
        self._few: dict[tuple[ValueClass, int], pl.DataFrame] = {}

    def counts(self, column: str, decimals: int, wanted: pl.Series | None = None) -> pl.DataFrame:
        """How often each key stands in the column, or each that is wanted, with the bits that meeting it carries."""
        file, scale = self._file, self._scale(column, decimals)
        decimals = 0 if scale > 1 else decimals
        asked = None if wanted is None else _unscaled(wanted, scale)
        if asked is None or file.is_kept or self.has_few(column, FEW) or self._is_asked_again(column, decimals):
            counts = self._all(column, decimals)
            counts = counts if asked is None else _picked(counts, asked)
        else:
            counts = self._some(column, decimals, asked)
        bits = (math.log2(max(file.height, 1)) - pl.col("count").cast(pl.Float64).log(2)).alias("bits")
        scaled = counts.filter(pl.col("key").is_between(-(2**62) // scale, 2**62 // scale)) if scale > 1 else counts
        return scaled.select((pl.col("key") * scale).alias("key") if scale > 1 else pl.col("key"), "count", bits)

    def met(self, values: pl.DataFrame, value_class: ValueClass, decimals: int) -> pl.DataFrame:
        """Return ``key``, ``row`` and ``bits`` of the values that columns of a class have, with the ``column``."""
        file = self._file
        columns = [column for column in file.schema if file.value_class(column) is value_class]
        if values.height == 0 or not columns:
            return pl.DataFrame(schema=_HITS)
        found = [values.join(self._index(columns, value_class, decimals), on="value", how="inner").select(list(_HITS))]
        wanted = values["value"].unique()
        for column in (column for column in columns if not self.has_few(column, FEW)):
            counts = self.counts(column, decimals, wanted)
            if counts.height:
                met = values.join(counts.select(pl.col("key").alias("value"), "bits"), on="value", how="inner")
                found.append(met.select("key", pl.lit(column).alias("column"), "row", "bits"))
        return pl.concat(found)

    def rows_having(self, column: str, decimals: int, wanted: pl.Series) -> pl.DataFrame:
        """Return the numbers of the rows that have each wanted key of a column: ``key`` and ``at``."""
        scale = self._scale(column, decimals)
        asked = _unscaled(wanted, scale)
        found = self._found(column, 0 if scale > 1 else decimals, asked)
        return found.select((pl.col("key") * scale).alias("key") if scale > 1 else pl.col("key"), "at")

    def _found(self, column: str, decimals: int, asked: pl.Series) -> pl.DataFrame:
        file, known = self._file, (column, decimals)
        wanted, rows = self._met.get(known, (None, None))
        if wanted is not None and rows is not None and bool(are_among(asked, wanted).all()):
            return rows.join(asked.alias("key").to_frame(), on="key", how="semi")
        self._sought[known] = self._sought.get(known, 0) + 1
        is_new = self._sought[known] > _SCANS and known not in self._order
        if is_new and file.height <= min(self._room, MOST_COUNTED):
            self._room -= file.height
            self._order[known] = self._ordered(*known)
        if known not in self._order:
            keys = file.keys(*known).with_row_index("at")
            return _among(keys, asked).collect(engine=file.engine)
        counted, order = self._order[known]
        picked = counted[places_among(asked, counted["key"]).drop_nulls()]
        spread = picked.select("key", pl.int_ranges(pl.col("end") - pl.col("count"), "end").alias("at")).explode("at")
        return spread.with_columns(order.gather(spread["at"]).alias("at"))

    def _ordered(self, column: str, decimals: int) -> tuple[pl.DataFrame, pl.Series]:
        """The keys with the place after their last row, and the rows' numbers in the order of their keys."""
        rows = self._file.keys(column, decimals).with_row_index("at").drop_nulls("key").sort("key").select("at")
        counted = self._all(column, decimals).with_columns(pl.col("count").cum_sum().alias("end"))
        return counted, rows.collect(engine=self._file.engine)["at"]

    def _scale(self, column: str, decimals: int) -> int:
        """What keys at some decimals are, of whole numbers, beyond the numbers themselves."""
        return 10**decimals if self._file.schema[column].is_integer() else 1

    def has_few(self, column: str, most: int) -> bool:
        """Whether the column has at most so many different values; where a few rows have more, no more are read."""
        file = self._file
        at_most = file.keys_by_code.at_most(column)
        if at_most is not None and at_most <= most:
            return True
        coded = file.keys_by_code.counts(column, file.finest(column))
        if coded is not None:
            return len(coded) - (None in coded) <= most
        return file.large.sampled(column) <= most and self._all(column, file.finest(column)).height <= most

    def two_values(self, column: str) -> tuple[float, float] | None:
        """The two values of a column that has no others, the lower first; None for any other column."""
        file = self._file
        if file.value_class(column) is ValueClass.TRUTH:
            return 0.0, 1.0
        if file.value_class(column) is not ValueClass.NUMBER or not self.has_few(column, 2 + _NO_NUMBERS):
            return None
        value = pl.col(column).cast(pl.Float64)
        rows = file.select(pl.col(column)).select(value.filter(value.is_finite()).unique().sort())
        found = rows.collect(engine=file.engine)[column]
        return (float(found[0]), float(found[1])) if found.len() == 2 else None

    def _index(self, columns: list[str], value_class: ValueClass, decimals: int) -> pl.DataFrame:
        """The values of the columns of few values, one below the other."""
        known = (value_class, decimals)
        if known not in self._few:
            empty = pl.DataFrame(schema={"value": _kind(value_class), "column": pl.String, "bits": pl.Float64})
            parts = [
                self.counts(column, decimals).select(
                    pl.col("key").alias("value"), pl.lit(column).alias("column"), "bits"
                )
                for column in columns
                if self.has_few(column, FEW)
            ]
            self._few[known] = pl.concat([empty, *parts])
        return self._few[known]

    def _is_asked_again(self, column: str, decimals: int) -> bool:
        times = self._asked[column, decimals] = self._asked.get((column, decimals), 0) + 1
        return times > _ASKED and self._file.height <= MOST_COUNTED

    def _all(self, column: str, decimals: int) -> pl.DataFrame:
        known = (column, decimals)
        if known not in self._counted:
            self._counted[known] = self._count(column, decimals)
        return self._counted[known]

    def _count(self, column: str, decimals: int) -> pl.DataFrame:
        file = self._file
        coded = file.keys_by_code.counts(column, decimals)
        if coded is not None:
            ordered = sorted((key, rows) for key, rows in coded.items() if key is not None)
            kind = _kind(file.value_class(column))
            return pl.DataFrame(ordered, [("key", kind), ("count", pl.Int64)], orient="row")
        is_few = file.large.have_few_combinations([column])
        found = file.combinations({"key": (column, decimals)}, MOST_COMBINED) if is_few else None
        if found is not None:
            return found.drop_nulls("key").rename({"rows": "count"}).sort("key")
        keys = file.keys(column, decimals).drop_nulls()
        return keys.group_by("key").len("count").sort("key").collect(engine=file.engine)

    def _some(self, column: str, decimals: int, wanted: pl.Series) -> pl.DataFrame:
        keys, known = self._file.keys(column, decimals), (column, decimals)
        if wanted.len() == 0:
            return keys.head(0).group_by("key").len("count").collect()
        if known not in self._too_many and self._look_for(keys, known, wanted):
            looked_for, rows = self._met[known]
            is_more = looked_for.len() > wanted.len()
            own = rows.join(wanted.alias("key").to_frame(), on="key", how="semi") if is_more else rows
            return own.group_by("key").len("count")
        return _among(keys, wanted).group_by("key").len("count").collect(engine="streaming")

    def _look_for(self, keys: pl.LazyFrame, known: tuple[str, int], wanted: pl.Series) -> bool:
        """Keep the rows of wanted keys beside those that are kept of the column, if there is room for them.

        Only keys that were not looked for are: the canonical form of a table has most cells of what was offered.
        """
        before = self._met.pop(known, None)
        room = MOST_MET - sum(rows.height for _, rows in self._met.values())
        if before is not None:
            new = wanted.filter(~are_among(wanted, before[0]))
            found = _collected(keys, new, room - before[1].height)
            if found is not None and before[0].len() + new.len() <= MOST_MET:
                asked = pl.concat([before[0], new]).sort()
                self._met[known] = asked, pl.concat([before[1], found])
                return True
        found = None if self._is_too_much(known, wanted, room) else _collected(keys, wanted, room)
        if found is not None:
            self._met[known] = wanted.sort(), found
            return True
        self._too_many.add(known)
        return False

    def _is_too_much(self, known: tuple[str, int], wanted: pl.Series, room: int) -> bool:
        """Whether a few rows tell that there are more rows of wanted keys than there is room for: it spares a look."""
        file, large = self._file, self._file.large
        is_text = file.value_class(known[0]) is ValueClass.TEXT
        key = pl.col(known[0]).cast(pl.String, strict=False) if is_text else file.key(*known)
        return known[0] in large.sample and large.seen(key.is_in(wanted.implode())) > room


def _kind(value_class: ValueClass) -> type[pl.DataType]:
    return pl.String if value_class is ValueClass.TEXT else pl.Int64


def _among(keys: pl.LazyFrame, wanted: pl.Series) -> pl.LazyFrame:
    """The rows whose ``key`` is wanted; a few values are looked for sooner without a join."""
    if wanted.len() <= _MOST_LOOKED_FOR:
        return keys.filter(pl.col("key").is_in(wanted.implode()))
    return keys.join(wanted.alias("key").to_frame().lazy(), on="key", how="semi")


def _collected(keys: pl.LazyFrame, wanted: pl.Series, room: int) -> pl.DataFrame | None:
    """The rows whose ``key`` is wanted, with their numbers; None where there are more than so many."""
    numbered = keys.with_row_index("at")
    if wanted.len() == 0:
        return numbered.head(0).select("at", "key").collect()
    rows = _among(numbered, wanted).select("at", "key").head(max(room, 0) + 1).collect(engine="streaming")
    return rows if rows.height <= room else None


def _picked(counts: pl.DataFrame, asked: pl.Series) -> pl.DataFrame:
    """The counts of the keys that are asked for."""
    if asked.len() * _MANY > counts.height:
        return counts.join(asked.alias("key").to_frame(), on="key", how="semi")
    return counts[places_among(asked, counts["key"]).drop_nulls()]


def _unscaled(wanted: pl.Series, scale: int) -> pl.Series:
    """Keys of whole numbers, without the decimals at which a table shows them."""
    asked = wanted.drop_nulls().unique()
    return asked.filter(asked % scale == 0) // scale if scale > 1 else asked
