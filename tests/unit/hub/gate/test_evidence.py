"""Facts about evidence for rows: which of a table's rows are looked at further, and what the best of several say."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate import evidence
from hub.gate.datasets import ROW, UNIT, DataFile
from hub.gate.evidence import _excess, _meeting, _read, _told
from hub.gate.near_rows import MOST_ALIKE, least_bits
from hub.gate.shared import TELLING_BITS, Alignment
from hub.policy.load import load_profile

HEIGHT = 2**20
POLICY = load_profile("uk-sacro")
ALIGNMENTS = [Alignment(f"c{at}", name, 0) for at, name in enumerate("wxyz")]


@pytest.fixture(scope="module")
def file() -> DataFile:
    """Rows of numbers, each of which stands in many rows, and a column of numbers that are all different."""
    numbers = pl.int_range(HEIGHT, eager=True)
    columns = {name: numbers // 2**at % 2**12 for at, name in enumerate("wxyz")}
    return DataFile("d", "d.parquet", pl.DataFrame({"n": numbers, **columns}).lazy(), "")


def keyed(bits: list[tuple[float, ...]]) -> pl.DataFrame:
    named = {f"bits {a.name}": [row[at] for row in bits] for at, a in enumerate(ALIGNMENTS)}
    keys = {a.name: [5] * len(bits) for a in ALIGNMENTS}
    return pl.DataFrame({"row": range(1, len(bits) + 1), **keys, **named}, schema_overrides={"row": pl.Int64})


def test_a_row_is_looked_at_further_where_its_three_best_values_tell_enough(file: DataFile) -> None:
    part = least_bits(file) / 3
    assert part + 1 < TELLING_BITS
    rows = [(part, part, part, 0.0), (0.0, part, part, part), (part - 0.1, part - 0.1, part - 0.1, part - 0.1)]
    told, left = _told(keyed(rows), ALIGNMENTS, file)
    assert told.height == 0
    assert sorted(left["row"]) == [1, 2]


def test_rows_that_share_one_telling_value_are_told_at_once(file: DataFile) -> None:
    told, left = _told(keyed([(TELLING_BITS, 0.0, 0.0, 0.0)]), ALIGNMENTS, file)
    assert told.columns == ["row", ROW]
    assert set(told["row"]) == {1}
    assert sorted(told[ROW])[:2] == [5, 5 + 2**12]
    assert left.height == 0


@pytest.mark.parametrize(("other", "count"), [("x", 0), ("z", 32)])
def test_rows_that_share_a_combination_are_met_unless_too_many_do(file: DataFile, other: str, count: int) -> None:
    """The first column and the second have 128 rows in common, the first and the last 32."""
    pair = ALIGNMENTS[0], next(a for a in ALIGNMENTS if a.column == other)
    rows = keyed([(least_bits(file),) * 4])
    rows = rows.with_columns(pl.lit(5 // 2 ** "wxyz".index(a.column), pl.Int64).alias(a.name) for a in pair)
    met = _meeting(rows, pair, file, None).collect()
    assert sorted(met[ROW]) == [5 + 2**15 * at for at in range(count)]
    assert count <= MOST_ALIKE


@pytest.mark.parametrize("at_once", [1, 30, 2**16])
def test_the_best_fit_of_a_row_is_held_against_the_policy_and_not_all_that_fit_a_little(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row of the dataset has all three values; two of them are shared by as many units as the policy asks."""
    monkeypatch.setattr(evidence, "_PAIRS_AT_ONCE", at_once)
    numbers = pl.int_range(2**16, eager=True)
    alike = numbers < POLICY.minimum_units + 5
    rows = pl.DataFrame(
        {
            "x": pl.select(pl.when(alike).then(7).otherwise(numbers + 100)).to_series(),
            "y": pl.select(pl.when(alike).then(8).otherwise(numbers + 200)).to_series(),
            "z": pl.select(pl.when(numbers == 3).then(9).otherwise(numbers + 300)).to_series(),
        }
    )
    file = DataFile("d", "d.parquet", rows.lazy(), "")
    chosen = [Alignment(f"c{at}", name, 0) for at, name in enumerate("xyz")]
    table = pl.DataFrame({"row": [1, 2, 3], **{a.name: [n] * 3 for a, n in zip(chosen, (7, 8, 9), strict=True)}})
    table = table.with_columns(pl.lit(12.0).alias(f"bits {a.name}") for a in chosen)
    data = rows.rename({a.column: a.name for a in chosen}).with_row_index(ROW).with_columns(pl.col(ROW).alias(UNIT))
    pairs = table.select("row").join(data.filter(pl.col(chosen[0].name) == 7).select(ROW), how="cross")
    best = _excess(pairs, data, table, chosen, file, POLICY)
    assert sorted(best.rows()) == [(row, 36.0 - 16.0) for row in (1, 2, 3)]


def test_rows_are_their_own_units_where_a_file_has_none(file: DataFile) -> None:
    pairs = pl.DataFrame({"row": 1, ROW: range(5_000)}, schema_overrides={ROW: pl.UInt32})
    read = _read(pairs, ALIGNMENTS, file)
    assert read.height == 5_000
    assert read[UNIT].equals(read[ROW].alias(UNIT))
