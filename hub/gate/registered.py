"""Tables as the registry of releases keeps them: which cells they show, as groups of a dataset, and never a figure.

A cell is written as one word for each dimension: ``*`` sums over it, ``?`` is the missing value, ``=`` and a key is
that value. How many rows and units stand behind a shown cell is kept, too, so that other snapshots can be compared.
"""

from __future__ import annotations

import polars as pl

from hub.gate.cells import number
from hub.gate.column_names import is_count_name
from hub.gate.exchange import FilePath, TablePart
from hub.gate.tabulation import Tabulation
from hub.gate.views import TableView
from hub.policy.model import Policy

ALL, MISSING = "*", "?"
COUNT = "count"
_FEWEST_NUMBERS = 2


def describe(tabulation: Tabulation, path: FilePath, policy: Policy) -> TablePart:
    """Return the cells that a table shows; where no figure agrees with the dataset, an unknown part of them."""
    shown = tabulation.cells.filter("shown").sort("row")
    # Cells of a part of the dataset are compared by near counts, as those of an unknown part are.
    exact = bool(tabulation.agreeing) and _known(shown) and not tabulation.file.filter
    counts = [] if exact else _shown_numbers(tabulation.view, tabulation.differing, policy)
    numbers = dict(enumerate(counts, 1))
    words = _words(tabulation)
    known = shown.join(words, on="row", how="inner")
    return TablePart(
        path=path,
        dataset=tabulation.file.dataset,
        file=tabulation.file.name,
        dimensions=tuple(d.column for d in tabulation.dimensions),
        decimals=tuple(d.decimals for d in tabulation.dimensions),
        filter=tabulation.file.filter,
        figures=_figures(tabulation, policy),
        exact=exact,
        cells=tuple(tuple(cell) for cell in known["cell"].to_list()),
        rows=tuple(known["rows"].fill_null(0).to_list()),
        units=tuple(known["units"].fill_null(0).to_list()),
        counts=tuple(numbers.get(row, -1) for row in known["row"].to_list()) if counts else (),
    )


def shown_rows(tabulation: Tabulation) -> list[int]:
    """The rows of a table that show something, in the order in which their cells are registered."""
    return [int(row) for row in tabulation.cells.filter("shown").sort("row")["row"]]


def untraced(view: TableView, path: FilePath, policy: Policy) -> TablePart:
    """Return what is kept of a table that no dataset explains: its whole numbers, which may be counts."""
    numbers = _shown_numbers(view, view.keys, policy)
    return TablePart(path=path, dataset="", file="", exact=False, counts=tuple(numbers))


def family_of(figure: object) -> str:
    """The measure that a figure is of, or the word for counts and their shares."""
    name = str(figure)
    return name.partition(" of ")[2] if " of " in name and not name.startswith("share") else COUNT


def _known(shown: pl.DataFrame) -> bool:
    """Every shown row is a group of the dataset."""
    return shown.height > 0 and shown["rows"].null_count() == 0


def _figures(tabulation: Tabulation, policy: Policy) -> tuple[str, ...]:
    """What the table tells of its cells; counts that are rounded as the policy asks tell too little to subtract."""
    found: dict[str, None] = {}
    for key, figure in tabulation.agreeing.items():
        if family_of(figure) != COUNT or not _is_rounded(tabulation.view, key, policy):
            found[family_of(figure)] = None
    return tuple(found)


def _is_rounded(view: TableView, key: str, policy: Policy) -> bool:
    shown = view.frame.filter(~view.suppressed(key))
    value = number(pl.col(key))
    multiple = (value % policy.rounding_base == 0).all() & value.is_not_null().all()
    return policy.rounding_base > 1 and shown.height > 0 and bool(shown.select(multiple).item())


def _shown_numbers(view: TableView, keys: tuple[str, ...], policy: Policy) -> list[int]:
    """The whole numbers of a column that shows nothing else and is not rounded, one for each row; -1: none.

    Of several, it is one that is named like a count, and the one that tells the most: codes are numbers, too.
    """
    found: list[tuple[bool, int, list[int]]] = []
    for key in _without_fractions(view.frame, keys):
        title = view.columns[view.keys.index(key)]
        shown = pl.col(key).str.strip_chars().replace("", None)
        value = view.number_cells(key)
        cells = view.frame.select(value.alias("value"), shown.alias("text"), view.suppressed(key).alias("no"))
        told = cells.filter(~pl.col("no"))
        whole = (pl.col("value") % 1 == 0) & (pl.col("value") >= 0) & (pl.col("value") < 1e15)
        if told.height >= _FEWEST_NUMBERS and told.select(whole.fill_null(value=False).all()).item():
            is_told = told["value"].n_unique() >= _FEWEST_NUMBERS and not _is_rounded(view, key, policy)
            if is_told:
                filled = cells.select(pl.when(~pl.col("no")).then("value").fill_null(-1)).to_series()
                numbers = [int(n) for n in filled]
                found.append((is_count_name(title), max(numbers) - min(n for n in numbers if n >= 0), numbers))
    return max(found, key=lambda told: told[:2], default=(False, 0, []))[2]


def _without_fractions(frame: pl.DataFrame, keys: tuple[str, ...]) -> list[str]:
    """The columns that may show whole numbers alone, by one look at all of them: most hold a fraction somewhere."""
    number = pl.col(list(keys)).cast(pl.Float64, strict=False)
    has = number.is_finite() & ((number % 1 != 0) | (number < 0))
    broken = frame.select(has.fill_null(value=False).any()).row(0, named=True) if keys else {}
    return [key for key in keys if not broken[key]]


def _words(tabulation: Tabulation) -> pl.DataFrame:
    """Each row of the table as a cell."""
    parts = [pl.DataFrame(schema={"row": pl.Int64, "cell": pl.List(pl.String)})]
    for kept, rows in tabulation.groups:
        keys = {d.key for d in kept}
        words = [_word(d.key) if d.key in keys else pl.lit(ALL) for d in tabulation.dimensions]
        cell = pl.concat_list(words) if words else pl.lit([], pl.List(pl.String))
        parts.append(rows.select("row", cell.alias("cell")))
    return pl.concat(parts)


def _word(key: str) -> pl.Expr:
    return (pl.lit("=") + pl.col(key).cast(pl.String)).fill_null(MISSING)
