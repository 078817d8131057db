"""Released tables brought onto one dataset: families of disjoint cells, and the atoms that they cut the dataset into.

A family is the cells of a table that keep the same dimensions. The dataset's rows fall into *atoms*: rows that lie in
the same cells of every family. Atoms are found on the different combinations of the dimensions' values, which are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from hub.gate.cells import ValueClass
from hub.gate.datasets import UNIT, DataFile
from hub.gate.exchange import TablePart
from hub.gate.registered import ALL, MISSING

MOST_FAMILIES = 120
MOST_COMBINATIONS = 3_000_000
_FIRST_ROWS = 500_000
Key = tuple[str, int]
"""A column of the dataset and the decimals at which its values are compared."""


@dataclass(slots=True, eq=False)
class Family:
    """Disjoint cells: ``cells`` has a column for each key, ``cell``, a number, and ``at``, its place in its table.

    ``tables`` are the numbers of the tables that show these very cells; ``at`` is the place in the first of them.
    """

    keys: tuple[Key, ...]
    cells: pl.DataFrame
    figures: frozenset[str]
    tables: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True, eq=False)
class Atoms:
    """Rows of the dataset by the cells that they lie in: ``combinations`` has the keys, ``rows``, and ``atom``.

    ``cells`` has for each atom its ``rows`` and for each family the cell, null where it lies in none.
    """

    file: DataFile
    keys: dict[str, Key]
    combinations: pl.DataFrame
    cells: pl.DataFrame


def families(file: DataFile, tables: Sequence[TablePart]) -> list[Family]:
    """Return the families of tables whose cells are exactly known; the same cells of several tables are one."""
    found: dict[object, Family] = {}
    for number, table in enumerate(tables):
        if not _is_usable(file, table):
            continue
        for keys, cells in _split(file, table):
            figures = frozenset(table.figures)
            known = (keys, figures, frozenset(cells.drop("at").rows()))
            family = found.setdefault(known, Family(keys, cells.with_row_index("cell"), figures))
            family.tables.add(number)
    return list(found.values())


def _is_usable(file: DataFile, table: TablePart) -> bool:
    named = (table.dataset, table.file) == (file.dataset, file.name)
    return named and table.exact and not table.filter and all(d in file.schema for d in table.dimensions)


def _split(file: DataFile, table: TablePart) -> Iterable[tuple[tuple[Key, ...], pl.DataFrame]]:
    """The cells by the dimensions that they do not sum over, in the order of the columns' names."""
    all_keys = tuple(zip(table.dimensions, table.decimals, strict=True))
    groups: dict[tuple[int, ...], dict[tuple[str, ...], int]] = {}
    for place, cell in enumerate(table.cells):
        kept = tuple(at for at, word in enumerate(cell) if word != ALL)
        groups.setdefault(kept, {}).setdefault(tuple(cell[at] for at in kept), place)
    for kept, cells in groups.items():
        order = sorted(range(len(kept)), key=lambda n: all_keys[kept[n]])
        keys = tuple(all_keys[kept[n]] for n in order)
        columns = {_name(key): [cell[n] for cell in cells] for key, n in zip(keys, order, strict=True)}
        words = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
        frame = words.select(_parsed(name, file, key[0]) for name, key in zip(columns, keys, strict=True))
        places = pl.Series("at", list(cells.values()), dtype=pl.Int64)
        yield keys, frame.with_columns(places) if columns else places.to_frame()


def _name(key: Key) -> str:
    return f"{key[0]} {key[1]}"


def _parsed(name: str, file: DataFile, column: str) -> pl.Expr:
    """A word of a cell as the key that the dataset has."""
    text = pl.when(pl.col(name) != MISSING).then(pl.col(name).str.strip_prefix("="))
    is_text = file.value_class(column) is ValueClass.TEXT
    return text.alias(name) if is_text else text.cast(pl.Int64, strict=False).alias(name)


def atoms(file: DataFile, among: Sequence[Family]) -> Atoms | None:
    """Cut the dataset into atoms; None where the dimensions have too many combinations to look at."""
    keys = {_name(key): key for family in among for key in family.keys}
    cube = file.combinations(keys, MOST_COMBINATIONS)
    if cube is None:
        return None
    flags = []
    for number, family in enumerate(among):
        name = f"family {number}"
        flags.append(name)
        on = [_name(key) for key in family.keys]
        cells = family.cells.with_columns(pl.col("cell").cast(pl.Int32).alias(name))
        if on:
            cube = cube.join(cells.select(*on, name), on=on, how="left", nulls_equal=True)
        else:
            cube = cube.with_columns(pl.lit(0, pl.Int32).alias(name))
    # Atoms are numbered by their cells: the order of what a group-by finds differs from run to run.
    counted = cube.group_by(flags).agg(pl.col("rows").sum()).sort(flags).with_row_index("atom")
    combinations = cube.join(counted.select(*flags, "atom"), on=flags, how="left", nulls_equal=True)
    return Atoms(file, keys, combinations.select(*keys, "rows", "atom"), counted)


def units_of(found: Atoms, sets: pl.DataFrame, enough: int) -> dict[int, int]:
    """Count the different units of each set of atoms, exactly where they are fewer than ``enough``.

    ``sets`` has the columns ``set`` and ``atom``. A set that reaches the number in the first rows is counted no more.
    """
    if not found.file.unit:
        counted = sets.join(found.cells.select("atom", "rows"), on="atom").group_by("set").agg(pl.col("rows").sum())
        return dict(counted.rows())
    known: dict[int, int] = {}
    for first in (_FIRST_ROWS, None):
        left = sets.filter(~pl.col("set").is_in(list(known)))
        if left.height:
            counts = _units(found, left, first)
            is_last = first is None or found.file.height <= _FIRST_ROWS
            known |= {number: units for number, units in counts.items() if is_last or units >= enough}
    return known


def _units(found: Atoms, sets: pl.DataFrame, first: int | None) -> dict[int, int]:
    wanted = found.combinations.join(sets.select("atom").unique(), on="atom", how="semi")
    names = list(found.keys)
    if names:
        rows = found.file.matching(found.keys, wanted, first=first)
        met = rows.join(wanted.lazy().select(*names, "atom"), on=names, how="inner", nulls_equal=True)
    else:
        met = found.file.matching({}, wanted, first=first).with_columns(pl.lit(0, pl.UInt32).alias("atom"))
    pairs = met.select("atom", UNIT).drop_nulls(UNIT).unique().collect(engine="streaming")
    counted = pairs.join(sets, on="atom").group_by("set").agg(pl.col(UNIT).n_unique())
    return {int(number): int(units) for number, units in counted.rows()}
