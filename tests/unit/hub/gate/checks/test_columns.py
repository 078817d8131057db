"""Facts about single columns of a dataset, and about values that were planted in it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from hub.domain.errors import InvalidError
from hub.domain.table_context import TableContext
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import from_scans

RULE = "column-leak"


@pytest.mark.parametrize(
    "change",
    [
        lambda column: column,
        lambda column: column.sort(),
        lambda column: column.shuffle(seed=1),
        lambda column: column.round(1),
        lambda column: column.sample(60, seed=2),
    ],
    ids=["as it is", "sorted", "shuffled", "rounded", "sixty of them"],
)
def test_a_column_of_measures_does_not_leave_by_itself(gate: Any, data: pl.DataFrame, make: Any, change: Any) -> None:
    values = change(data["income"]).alias("x").to_frame()
    assert RULE in make.checks(gate.judge("t.csv", values.write_csv()))


def test_a_whole_column_of_small_numbers_does_not_either(gate: Any, data: pl.DataFrame, make: Any) -> None:
    dense = data.with_columns(steps=pl.int_range(pl.len()) * 7919 % 150)
    described = DatasetDescription(name="survey", folder="/", privacy_unit="person")
    steps = replace(gate, datasets=(from_scans(described, {"s.parquet": dense.lazy()}),))
    assert RULE in make.checks(steps.judge("t.csv", dense.select(x="steps").sort("x").write_csv()))
    assert RULE not in make.checks(steps.judge("t.csv", dense.select(x="steps").head(400).write_csv()))


def test_numbers_of_the_same_size_are_no_column(gate: Any, data: pl.DataFrame, make: Any) -> None:
    values = (data["income"].shuffle(seed=3) + 0.37).alias("x").to_frame().head(300)
    assert RULE not in make.checks(gate.judge("t.csv", values.write_csv()))


def test_recomputed_means_are_no_column(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = data.filter(pl.col("region") != "Nord").group_by("visits").agg(n=pl.col("person").n_unique()).sort("visits")
    assert RULE not in make.checks(gate.judge("t.csv", table.write_csv(), TableContext("survey", ("visits",))))


@pytest.fixture
def planted(gate: Any, data: pl.DataFrame) -> Any:
    described = DatasetDescription(
        name="survey", folder="/", privacy_unit="person", canaries=("Zéphyrin Quatremère", "QX-7731-ZK")
    )
    return replace(gate, datasets=(from_scans(described, {"s.parquet": data.lazy()}),))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "who,n\nzephyrin quatremere,40\n"),
        ("t.txt", "It was QX 7731 ZK who came.\n"),
        ("t.json", '{"a": ["qx-7731-zk", 12]}'),
        ("t.md", "ZÉPHYRIN  QUATREMÈRE\n"),
    ],
)
def test_a_planted_value_blocks_however_it_is_written(planted: Any, make: Any, name: str, content: str) -> None:
    judged = planted.judge(name, content)
    assert "canary" in make.checks(judged)
    assert "planted in the dataset survey: rows" in make.sentences(judged)
    assert "7731" not in make.sentences(judged)


@pytest.fixture
def rows_planted(data: pl.DataFrame, gate: Any) -> Any:
    ours = data.head(2).with_columns(
        full_name=pl.lit("Zéphyrin Quatremère"),
        income=pl.Series([812345.67, 900001.5]),
    )
    described = DatasetDescription(
        name="survey", folder="/", privacy_unit="person", canary_rows=({"full_name": "Zéphyrin Quatremère"},)
    )
    return replace(gate, datasets=(from_scans(described, {"s.parquet": pl.concat([data, ours]).lazy()}),))


@pytest.mark.parametrize("said", ["ZEPHYRIN QUATREMERE came", "it was 812345.67", "812 345,67 €"])
def test_a_value_of_a_planted_row_blocks(rows_planted: Any, make: Any, said: str) -> None:
    judged = rows_planted.judge("t.txt", f"Then {said}, they say.\n")
    assert "canary" in make.checks(judged)
    assert "812345" not in make.sentences(judged)


def test_what_other_rows_have_too_is_no_canary(rows_planted: Any, make: Any, data: pl.DataFrame) -> None:
    region, social = data["region"][0], data["social"][0]
    assert "canary" not in make.checks(rows_planted.judge("t.txt", f"In {region} there is {social}, and 900001.\n"))


def test_a_planted_row_that_is_not_there_is_looked_for_in_vain(gate: Any, make: Any, data: pl.DataFrame) -> None:
    described = DatasetDescription(name="survey", folder="/", privacy_unit="person", canary_rows=({"region": "??"},))
    nobody = replace(gate, datasets=(from_scans(described, {"s.parquet": data.lazy()}),))
    assert "canary" not in make.checks(nobody.judge("t.txt", "Nothing.\n"))


def test_a_declaration_of_most_rows_names_no_canaries(gate: Any, make: Any, data: pl.DataFrame) -> None:
    described = DatasetDescription(
        name="survey", folder="/", privacy_unit="person", canary_rows=({"region": data["region"][0]},)
    )
    many = replace(gate, datasets=(from_scans(described, {"s.parquet": data.lazy()}),))
    assert "canary" not in make.checks(many.judge("t.txt", f"{data['income'][0]}\n"))


def test_a_column_that_the_dataset_lacks_is_refused(data: pl.DataFrame) -> None:
    described = DatasetDescription(name="survey", folder="/", privacy_unit="person", canary_rows=({"nobody": "1"},))
    with pytest.raises(InvalidError, match="canary rows"):
        from_scans(described, {"s.parquet": data.lazy()})


def test_what_resembles_a_planted_value_does_not(planted: Any, make: Any) -> None:
    assert "canary" not in make.checks(planted.judge("t.txt", "QX-7731 and Zephyrin, and 7731-ZK\n"))


@pytest.mark.parametrize(("count", "blocks"), [(20, False), (40, True)])
def test_codes_of_units_do_not_leave_by_themselves(on: Any, make: Any, count: int, blocks: bool) -> None:
    """Each code is one of nine hundred, in letters."""
    codes = [f"k{n * 7919 % 100_003:06d}q" for n in range(900)]
    listed = "".join(f"{code}\n" for code in codes[40 : 40 + count])
    assert (RULE in make.checks(on(pl.DataFrame({"code": codes})).judge("t.csv", f"x\n{listed}"))) is blocks


def test_recomputed_figures_of_a_printed_table_are_no_column(on: Any, make: Any) -> None:
    """Each is a value of one row, the largest of its group."""
    draw = random.Random(3)
    rows = pl.DataFrame({"nr": range(2000), "group": [n % 40 for n in range(2000)]})
    rows = rows.with_columns(x=pl.Series([round(draw.uniform(0, 10**6), 2) for _ in range(2000)]))
    other = on(rows, unit="nr")
    largest = rows.group_by("group").agg(pl.col("x").max()).sort("group").rows()
    lines = "".join(f"{group}  {number}\n" for group, number in largest)
    assert RULE not in make.checks(other.judge("t.txt", f"group  max_x\n{lines}"))
    assert RULE in make.checks(other.judge("t.txt", "".join(f"{number}\n" for _, number in largest)))
