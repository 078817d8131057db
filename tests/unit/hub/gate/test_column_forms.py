"""Facts about columns of every type that Parquet brings: beside them what is harmless is judged, and rows are seen."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.errors import InvalidError
from hub.gate.column_forms import MOST_ELEMENTS, formed
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans

HEIGHT = 600
Column = Callable[[], pl.Series]
"""Made when it is asked for: a file of tests that computes with Polars when it is imported starts threads."""
MOMENT = datetime(1990, 1, 1)


def drawn(low: int, high: int) -> list[int]:
    draw = random.Random(f"{low} {high}")
    return [draw.randrange(low, high) for _ in range(HEIGHT)]


MOMENTS = [MOMENT + timedelta(seconds=n) for n in drawn(0, 10**9)]
COLUMNS: dict[str, Column] = {
    "duration in µs": lambda: pl.Series([timedelta(microseconds=n) for n in drawn(0, 10**11)], dtype=pl.Duration("us")),
    "duration in ms": lambda: pl.Series(
        [timedelta(seconds=n) for n in drawn(-(10**6), 10**6)], dtype=pl.Duration("ms")
    ),
    "duration in ns": lambda: pl.Series([timedelta(seconds=n) for n in drawn(0, 10**6)], dtype=pl.Duration("ns")),
    "time": lambda: pl.Series([time(n % 24, n % 60, n // 7 % 60, n) for n in drawn(0, 10**6)]),
    "date": lambda: pl.Series([date(1950, 1, 1) + timedelta(days=n) for n in drawn(0, 20_000)]),
    "datetime": lambda: pl.Series(MOMENTS, dtype=pl.Datetime("ms")),
    "datetime in ns": lambda: pl.Series(MOMENTS, dtype=pl.Datetime("ns")),
    "datetime in UTC": lambda: pl.Series(MOMENTS).dt.replace_time_zone("UTC"),
    "datetime in Paris": lambda: pl.Series(MOMENTS).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Paris"),
    "text": lambda: pl.Series([f"t{n}" for n in drawn(0, 10**6)]),
    "bytes": lambda: pl.Series([n.to_bytes(6) for n in drawn(0, 2**48)]),
    "bytes of text": lambda: pl.Series([b"t%d" % n for n in drawn(0, 10**6)]),
    "categories": lambda: pl.Series([f"c{n}" for n in drawn(0, 10**6)], dtype=pl.Categorical),
    "enumerated": lambda: pl.Series([f"e{n}" for n in drawn(0, 500)], dtype=pl.Enum([f"e{n}" for n in range(500)])),
    "decimal": lambda: pl.Series([Decimal(n) / 100 for n in drawn(0, 10**9)], dtype=pl.Decimal(20, 2)),
    "decimal without decimals": lambda: pl.Series([Decimal(n) for n in drawn(0, 10**16)], dtype=pl.Decimal(38, 0)),
    "long decimal": lambda: pl.Series([Decimal(n) for n in drawn(10**28, 10**29)], dtype=pl.Decimal(38, 0)),
    "whole of 8 bits": lambda: pl.Series(drawn(-100, 100), dtype=pl.Int8),
    "whole of 64 bits": lambda: pl.Series(drawn(2**62, 2**63), dtype=pl.Int64),
    "positive of 64 bits": lambda: pl.Series(drawn(2**63, 2**64), dtype=pl.UInt64),
    "whole of 128 bits": lambda: pl.Series(drawn(-(10**30), 10**30), dtype=pl.Int128),
    "positive of 128 bits": lambda: pl.Series(drawn(0, 10**9), dtype=pl.UInt128),
    "half": lambda: pl.Series([n / 16 for n in drawn(0, 16_000)], dtype=pl.Float16),
    "single": lambda: pl.Series([n / 997 for n in drawn(0, 10**6)], dtype=pl.Float32),
    "double": lambda: pl.Series([n / 997 for n in drawn(0, 10**6)], dtype=pl.Float64),
    "list": lambda: pl.Series([[n, n // 3] for n in drawn(0, 10**6)], dtype=pl.List(pl.Int64)),
    "array": lambda: pl.Series([[n, n // 3] for n in drawn(0, 10**6)], dtype=pl.Array(pl.Int64, 2)),
    "structure": lambda: pl.Series([{"a": n, "b": {"c": f"t{n % 997}"}} for n in drawn(0, 10**6)]),
}
SAYING_LITTLE: dict[str, Column] = {
    "truth": lambda: pl.Series([n == 0 for n in drawn(0, 2)]),
    "null": lambda: pl.Series([None] * HEIGHT, dtype=pl.Null),
    "empty lists": lambda: pl.Series([[]] * HEIGHT, dtype=pl.List(pl.Int64)),
    "lists of lengths": lambda: pl.Series(
        [[timedelta(seconds=n)] for n in drawn(0, 9)], dtype=pl.List(pl.Duration("us"))
    ),
    "missing durations": lambda: pl.Series([None] * HEIGHT, dtype=pl.Duration("us")),
}
OTHERS = {"unit": list(range(HEIGHT)), "town": [f"town {n}" for n in drawn(0, 5)], "age": drawn(18, 90)}


def table(column: Column) -> pl.DataFrame:
    """A table with the column, as Parquet brings it."""
    written = io.BytesIO()
    pl.DataFrame(OTHERS | {"col": column()}).write_parquet(written)
    return pl.read_parquet(written.getvalue())


def dataset(rows: pl.DataFrame, unit: str = "unit", *, is_kept: bool = True) -> MountedDataset:
    opened = from_scans(DatasetDescription(name="d", folder="/", privacy_unit=unit), {"d.parquet": rows.lazy()})
    if not is_kept:
        opened.files[0].__dict__["is_kept"] = False
    return opened


def cell(value: Any) -> Any:
    """A value as Python writes it into JSON."""
    if isinstance(value, (list, dict)):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        made = {str(key): cell(part) for key, part in inner}
        return made if isinstance(value, dict) else list(made.values())
    return value if isinstance(value, (int, float, str)) or value is None else str(value)


def dresses(rows: pl.DataFrame, column: str) -> dict[str, str]:
    """Rows in the forms in which programs write them, as far as each can."""
    made = {"rows.json": json.dumps([{k: cell(v) for k, v in row.items()} for row in rows.to_dicts()])}
    if "128" not in column:
        made["pandas.csv"] = rows.to_pandas().to_csv(index=False)
    if not (rows["col"].dtype.is_nested() or isinstance(rows["col"].dtype, (pl.Duration, pl.Binary))):
        made["polars.csv"] = rows.write_csv()
    return made


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "large"])
@pytest.mark.parametrize("name", [*COLUMNS, *SAYING_LITTLE])
def test_a_harmless_table_is_judged_beside_a_column_of_any_type(gate: Any, name: str, *, is_kept: bool) -> None:
    rows = table((COLUMNS | SAYING_LITTLE)[name])
    beside = replace(gate, datasets=(dataset(rows, is_kept=is_kept),))
    counts = rows.group_by("town").len().sort("town").write_csv()
    judged = beside.judge("t.csv", counts)
    assert judged.verdict.value in ("none", "fixed"), judged.findings


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "large"])
@pytest.mark.parametrize("name", COLUMNS)
def test_rows_that_hold_the_column_are_seen(gate: Any, make: Any, name: str, *, is_kept: bool) -> None:
    rows = table(COLUMNS[name])
    beside = replace(gate, datasets=(dataset(rows, is_kept=is_kept),))
    for file, content in dresses(rows.select("col", "age")[3:33], name).items():
        # JSON has no numbers of so many digits, so that its reader blocks them.
        assert make.checks(beside.judge(file, content)) & {"row-leak", "reader"}, file


@pytest.mark.parametrize("name", [name for name in COLUMNS if "duration" in name or "time" in name])
def test_a_list_of_moments_or_lengths_is_a_column(gate: Any, make: Any, name: str) -> None:
    rows = table(COLUMNS[name])
    beside = replace(gate, datasets=(dataset(rows),))
    shown = rows.select("col")[:200].to_pandas().to_csv(index=False)
    assert "column-leak" in make.checks(beside.judge("t.csv", shown))


def test_a_column_stays_as_it_is_where_it_can_be_compared() -> None:
    rows = pl.DataFrame(
        {"a": [1], "b": ["x"], "c": [True], "d": [1.5], "e": [MOMENT], "f": [timedelta(1)], "g": [time(1)]}
    )
    assert formed(rows.lazy()).collect().equals(rows)
    assert formed(rows.lazy()).collect_schema() == rows.schema


def test_forms_stand_in_the_place_of_their_column_under_names_of_their_own() -> None:
    rows = pl.DataFrame({
        "s": [{"a": [1, 2], "b": b"x"}], "s.a[0]": [7], "z": [MOMENT], "l": [list(range(99))],
    }, schema_overrides={"z": pl.Datetime("us", "Europe/Paris")})  # fmt: skip
    made = formed(rows.lazy()).collect()
    assert made.columns[:7] == ["s.a[0]'", "s.a[1]", "s.b", "s.b as written", "s.a[0]", "z", "z in Europe/Paris"]
    assert made.columns[7:] == [f"l[{at}]" for at in range(MOST_ELEMENTS)]
    assert made.row(0)[:7] == (1, 2, "x", "b'x'", 7, MOMENT, MOMENT + timedelta(hours=1))


def test_bytes_that_are_no_text_are_told_in_hexadecimal_digits_beside_others_that_are() -> None:
    made = formed(pl.LazyFrame({"b": [b"caf\xc3\xa9", b"\xff\x00", None]})).collect()
    assert made["b"].to_list() == ["café", "ff00", None]


def test_what_a_structure_holds_is_declared_by_its_field(gate: Any, make: Any) -> None:
    people = pl.DataFrame(
        {"u": range(40), "name": [{"first": f"Ann{n}", "last": f"Fir-{n * 7919}"} for n in range(40)]}
    )
    described = {"name": "d", "folder": "/", "privacy_unit": "u"}
    with pytest.raises(InvalidError, match="no column of the name") as caught:
        from_scans(
            DatasetDescription.model_validate(described | {"direct_identifiers": ("name",)}), {"d": people.lazy()}
        )
    assert caught.value.reason == "dataset-columns"
    told = DatasetDescription.model_validate(described | {"direct_identifiers": ("name.last",)})
    beside = replace(gate, datasets=(from_scans(told, {"d": people.lazy()}),))
    assert "direct-identifiers" in make.checks(beside.judge("t.txt", "We thank Fir-7919, Fir-15838 and Fir-23757."))


VALUES: dict[Any, st.SearchStrategy[Any]] = {
    pl.Duration("us"): st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000)),
    pl.Time(): st.times(),
    pl.Datetime("us", "America/New_York"): st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    pl.Binary(): st.binary(max_size=8),
    pl.UInt64(): st.integers(0, 2**64 - 1),
    pl.Int128(): st.integers(-(2**100), 2**100),
    pl.Float32(): st.floats(width=32),
    pl.Decimal(38, 0): st.integers(-(10**30), 10**30).map(Decimal),
    pl.List(pl.Duration("us")): st.lists(st.timedeltas(timedelta(0), timedelta(days=9)), max_size=3),
    pl.Struct({"a": pl.Time(), "b": pl.Binary()}): st.fixed_dictionaries({"a": st.times(), "b": st.binary(max_size=3)}),
}


@given(st.data())
@settings(max_examples=25)
def test_no_value_of_any_type_makes_a_check_fail(gate: Any, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(VALUES)))
    values = data.draw(st.lists(st.none() | VALUES[kind], min_size=1, max_size=40))
    rows = pl.DataFrame({"u": range(len(values)), "col": pl.Series(values, dtype=kind)})
    beside = replace(gate, datasets=(dataset(rows, "u"), *([] if kind.is_nested() else [dataset(rows, "col")])))
    for content in ("g,n\na,40\nb,30\n", "col,u\n1 days 02:03:04,3\n08:30,4\n"):
        assert "unclaimed" not in {f.check for f in beside.judge("t.csv", content).findings}


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC"])
def test_a_moment_of_universal_time_has_one_form(zone: str) -> None:
    made = formed(pl.LazyFrame({"z": [MOMENT]}, schema={"z": pl.Datetime("us", zone)})).collect()
    assert made.to_dict(as_series=False) == {"z": [MOMENT]}


@pytest.mark.parametrize(("lowest", "kind"), [(1 - 2**63, pl.Int64), (-(2**63), pl.String)])
def test_whole_numbers_are_numbers_as_long_as_each_has_its_opposite(lowest: int, kind: type[pl.DataType]) -> None:
    rows = pl.LazyFrame({"n": pl.Series([lowest, 5], dtype=pl.Int128)})
    assert formed(rows).collect_schema()["n"] == kind


def test_moments_in_utc_are_one_column_and_elsewhere_two() -> None:
    moments = pl.Series([MOMENT]).dt.replace_time_zone("UTC")
    for zone, count in (("UTC", 1), ("Etc/UTC", 1), ("Europe/Paris", 2)):
        rows = pl.DataFrame({"t": moments.dt.convert_time_zone(zone)}).lazy()
        assert len(formed(rows).collect_schema()) == count, zone
