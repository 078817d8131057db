"""Facts about coordinates, small areas, and tables that are lists of records."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity


@pytest.mark.parametrize(
    ("header", "value", "blocks"),
    [
        ("lat", "48.8566", True),
        ("latitude", "48.86", False),
        ("stop_lon", "2.35222", True),
        ("longitude", "2.3", False),
        ("lat", "48.860000", False),
        ("flat", "48.8566", False),
        ("lat", "480.8566", False),
        ("longitude", "179.3522", True),
        ("longitude", "180.3522", False),
        ("income", "48.8566", False),
    ],
)
def test_coordinates_are_coarse(gate: Any, make: Any, header: str, value: str, blocks: bool) -> None:
    judged = gate.without_data().judge("t.csv", f"area,{header}\nA,{value}\nB,{value}\n")
    found = [f for f in judged.findings if f.check == "coordinates"]
    decimals = gate.policy.coordinate_decimals
    assert [f.parameters for f in found] == ([(("coordinate_decimals", str(decimals)),)] if blocks else [])


@pytest.mark.parametrize(("degrees", "blocks"), [("179.98765", True), ("-179.98765", True), ("180.98765", False)])
def test_a_circle_has_no_more_degrees(gate: Any, make: Any, degrees: str, blocks: bool) -> None:
    judged = gate.without_data().judge("t.csv", f"area,lon\nA,{degrees}\n")
    assert ("coordinates" in make.checks(judged)) is blocks


def test_the_decimals_are_the_policys(gate: Any, make: Any) -> None:
    own = gate.without_data().under(coordinate_decimals=0)
    assert "coordinates" in make.checks(own.judge("t.csv", "area,lat\nA,48.9\n"))
    assert "coordinates" not in make.checks(own.judge("t.csv", "area,lat\nA,49\n"))


@pytest.mark.parametrize(
    ("header", "codes", "reviewed"),
    [
        ("code_commune", ["35238", "2A004"], True),
        ("iris", ["352380101", "352380102"], True),
        ("code_postal", ["35000", "56000"], True),
        ("departement", ["35", "56"], False),
        ("code_commune", ["Rennes", "Vannes"], False),
        ("model", ["35238", "56260"], False),
    ],
)
def test_small_areas_without_a_dataset_are_read(gate: Any, header: str, codes: list[str], reviewed: bool) -> None:
    table = f"{header},n\n" + "".join(f"{code},40\n" for code in codes)
    found = [f for f in gate.without_data().judge("t.csv", table).findings if f.check == "small-area"]
    assert bool(found) is reviewed
    assert all(f.severity is Severity.REVIEW for f in found)


def test_small_areas_of_the_dataset_are_counted(on: Any, make: Any) -> None:
    """More areas than group columns have values, and one of them has few people."""
    rows = pl.DataFrame({"commune": [f"{35000 + n // 12}" for n in range(12 * 150)] + ["35999"] * 4})
    table = rows.group_by("commune").len("persons").sort("commune")
    judged = on(rows).judge("t.csv", table.write_csv())
    assert any(f.place == "t.csv, row 151, column commune" for f in judged.findings if f.check == "minimum-frequency")
    twin = on(rows).judge("t.csv", table.filter(pl.col("commune") != "35999").write_csv())
    assert "minimum-frequency" not in make.checks(twin)
    assert "small-area" not in {f.check for f in twin.findings}


def test_a_table_as_long_as_the_dataset_is_a_list_of_records(on: Any, make: Any) -> None:
    rows = pl.DataFrame({"p": [n // 2 for n in range(120)], "x": [n * 7 % 113 for n in range(120)]})
    scores = pl.DataFrame(
        {"id": range(120), "score": [n * n % 991 / 10 for n in range(120)], "z": [n * 3 % 77 for n in range(120)]}
    )
    assert "microdata" in make.checks(on(rows, "p").judge("t.csv", scores.write_csv()))
    assert "microdata" in make.checks(on(rows, "p").judge("t.csv", scores.head(60).write_csv()))
    assert "microdata" not in make.checks(on(rows, "p").judge("t.csv", scores.head(15).write_csv()))


def test_a_long_table_is_read(gate: Any) -> None:
    table = "a,b,c\n" + "".join(f"{n},{n * 3 % 7},{n * 5 % 11}\n" for n in range(250))
    found = [f for f in gate.without_data().judge("t.csv", table).findings if f.check == "microdata"]
    assert [str(f.severity) for f in found] == ["review"]


def test_a_list_of_records_is_twenty_rows_at_least(on: Any) -> None:
    for height, found in ((20, {"block"}), (19, set())):
        rows = pl.DataFrame({"x": [n * 7 % 113 for n in range(height)]})
        scores = pl.DataFrame({name: [f"{name}{n * 17 % 97}" for n in range(height)] for name in "abc"})
        judged = on(rows).judge("t.csv", scores.write_csv())
        assert {str(f.severity) for f in judged.findings if f.check == "microdata"} == found, height


@pytest.mark.parametrize(
    ("rows", "units", "is_read"), [(20, 30, True), (19, 30, False), (20, 41, False), (20, 40, True)]
)
def test_a_table_of_half_as_many_rows_as_units_is_read_from_twenty_rows_on(
    on: Any, make: Any, rows: int, units: int, is_read: bool
) -> None:
    own = on(pl.DataFrame({"u": [f"p{n}" for n in range(units)]}), "u")
    lines = "".join(f"x{n},{n * 37 % 101},{n * 53 % 97}.5\n" for n in range(rows))
    judged = own.judge("t.csv", f"what,one,two\n{lines}")
    assert ("microdata" in make.checks(judged, Severity.REVIEW)) is is_read


def test_a_table_whose_figures_agree_is_no_list_of_records_unless_it_repeats_cells(on: Any) -> None:
    rows = pl.DataFrame({"town": [f"t{n % 40}" for n in range(800)], "year": [2000 + n // 40 % 10 for n in range(800)]})
    table = rows.group_by("town", "year").len("n").sort("town", "year")
    assert table.height == 400
    judged = on(rows).judge("t.csv", table.write_csv())
    assert "microdata" not in {f.check for f in judged.findings}
    twice = on(rows).judge("t.csv", pl.concat([table, table.head(1)]).write_csv())
    assert {str(f.severity) for f in twice.findings if f.check == "microdata"} == {"block"}
