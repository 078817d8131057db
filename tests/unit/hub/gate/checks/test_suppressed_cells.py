"""Facts about suppressed cells: their totals must not give them away, in one table or in several."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hub.domain.exports import FixKind, Severity
from hub.domain.table_context import TableContext
from hub.gate.engine import Judgement, check_request
from hub.gate.readers.files import read_file

RULE = "secondary-suppression"


def people(cells: dict[tuple[str, str], int]) -> pl.DataFrame:
    """So many people in each cell."""
    pairs = [pair for pair, count in cells.items() for _ in range(count)]
    return pl.DataFrame({"p": range(len(pairs)), "area": [a for a, _ in pairs], "job": [j for _, j in pairs]})


def with_totals(rows: pl.DataFrame, figure: pl.Expr) -> pl.DataFrame:
    """Counts by area and job with all margins."""
    total = pl.lit("Total")
    kinds = ({"area": "area", "job": "job"}, {"area": "area"}, {"job": "job"}, {})
    parts = []
    for kept in kinds:
        part = (rows.group_by(list(kept)).agg(n=figure) if kept else rows.select(n=figure)).with_columns(
            **{c: total for c in ("area", "job") if c not in kept}
        )
        parts.append(part.select("area", "job", pl.col("n").cast(pl.Float64)))
    return pl.concat(parts).sort("area", "job")


def hiding(table: pl.DataFrame, *cells: tuple[str, str]) -> str:
    """The table as csv, with some cells suppressed."""
    shown = pl.col("n").round(2).cast(pl.String).str.replace(r"\.0$", "")
    hidden = pl.struct("area", "job").map_elements(lambda c: (c["area"], c["job"]) in cells, return_dtype=pl.Boolean)
    return table.with_columns(pl.when(hidden).then(pl.lit("c")).otherwise(shown).alias("n")).write_csv()


def judged(gate: Any, *files: tuple[str, str], table: TableContext | None = None) -> list[Judgement]:
    read = [(read_file(at, name, text.encode()), table or TableContext()) for at, (name, text) in enumerate(files, 1)]
    return check_request(read, gate.policy, gate.datasets)


def found(judgement: Judgement) -> list[Any]:
    return [f for f in judgement.findings if f.check == RULE]


SMALL = {
    ("a", "x"): 4,
    ("a", "y"): 30,
    ("a", "z"): 50,
    ("b", "x"): 40,
    ("b", "y"): 25,
    ("b", "z"): 60,
    ("c", "x"): 35,
    ("c", "y"): 45,
    ("c", "z"): 55,
}


def test_a_single_suppressed_cell_is_given_away_by_its_totals(on: Any) -> None:
    rows = people(SMALL)
    table = with_totals(rows, pl.len())
    (judgement,) = judged(on(rows, "p"), ("t.csv", hiding(table, ("a", "x"))))
    blocks = found(judgement)
    assert {f.severity for f in blocks} == {Severity.BLOCK}
    assert blocks[0].place.startswith("t.csv, row ")
    assert "from 4 to 4" in blocks[0].detail
    assert "4" not in blocks[0].sentence


def test_the_proposed_pattern_is_safe(on: Any) -> None:
    rows = people(SMALL)
    table = with_totals(rows, pl.len())
    own = on(rows, "p")
    (judgement,) = judged(own, ("t.csv", hiding(table, ("a", "x"))))
    fixes = [f.fix for f in found(judgement)]
    assert all(fix.kind is FixKind.SUPPRESS and fix.columns == (3,) and fix.place == "" for fix in fixes)
    more = [tuple(table.row(row - 1)[:2]) for fix in fixes for row in fix.rows]
    (again,) = judged(own, ("t.csv", hiding(table, ("a", "x"), *more)))
    assert found(again) == []
    assert len(more) == 3


def test_without_totals_nothing_is_given_away(on: Any) -> None:
    rows = people(SMALL)
    table = with_totals(rows, pl.len()).filter((pl.col("area") != "Total") & (pl.col("job") != "Total"))
    (judgement,) = judged(on(rows, "p"), ("t.csv", hiding(table, ("a", "x"))))
    assert found(judgement) == []


def test_a_corner_that_is_too_narrow_blocks(on: Any) -> None:
    """Four cells are suppressed in a square, and one of them cannot be larger than its small neighbour lets it."""
    rows = people(SMALL | {("a", "y"): 3, ("b", "x"): 2})
    table = with_totals(rows, pl.len())
    square = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    (judgement,) = judged(on(rows, "p"), ("t.csv", hiding(table, *square)))
    assert found(judgement)
    assert "goes from" in found(judgement)[0].detail


def test_rows_that_are_left_out_are_suppressed_too(on: Any) -> None:
    rows = people(SMALL)
    table = with_totals(rows, pl.len()).filter(~((pl.col("area") == "a") & (pl.col("job") == "x")))
    (judgement,) = judged(on(rows, "p"), ("t.csv", hiding(table)))
    assert next(f.place for f in found(judgement)) == "t.csv, the whole table"


def test_a_wide_table_is_protected_cell_by_cell(on: Any) -> None:
    rows = people(SMALL)
    wide = with_totals(rows, pl.len()).pivot("job", index="area", values="n").select("area", "x", "y", "z", "Total")
    text = wide.write_csv().replace(".0", "").replace("a,4,", "a,c,")
    (judgement,) = judged(on(rows, "p"), ("t.csv", text))
    blocks = found(judgement)
    assert blocks
    places = {(row, column) for f in blocks if f.fix for row in f.fix.rows for column in f.fix.columns}
    cells = [line.split(",") for line in text.strip().split("\n")]
    for row, column in places:
        cells[row][column - 1] = "c"
    (again,) = judged(on(rows, "p"), ("t.csv", "\n".join(map(",".join, cells)) + "\n"))
    assert found(again) == []


def test_linked_tables_give_away_what_one_alone_does_not(on: Any) -> None:
    """By area and job a cell is hidden; by job alone, in another file, its total stands."""
    rows = people(SMALL)
    table = with_totals(rows, pl.len())
    inner = table.filter(pl.col("job") != "Total").filter(pl.col("area") != "Total")
    margin = table.filter((pl.col("area") == "Total") & (pl.col("job") != "Total")).select("job", "n")
    one = ("t.csv", hiding(inner, ("a", "x")))
    two = ("m.csv", margin.with_columns(pl.col("n").cast(pl.Int64)).write_csv())
    own = on(rows, "p")
    assert found(judged(own, one)[0]) == []
    assert found(judged(own, one, two)[0])
    assert found(judged(own, two)[0]) == []


def test_a_cell_that_has_to_go_from_another_table_is_that_tables_finding(on: Any) -> None:
    """One file shows the first area with a cell hidden, the second one all of the others, the third one the totals."""
    rows = people(SMALL)
    table = with_totals(rows, pl.len())
    inner = table.filter((pl.col("job") != "Total") & (pl.col("area") != "Total"))
    margin = table.filter((pl.col("area") == "Total") & (pl.col("job") != "Total")).select("job", "n")
    own, others, totals = judged(
        on(rows, "p"),
        ("own.csv", hiding(inner.filter(pl.col("area") == "a"), ("a", "x"))),
        ("others.csv", hiding(inner.filter(pl.col("area") != "a"))),
        ("totals.csv", margin.with_columns(pl.col("n").cast(pl.Int64)).write_csv()),
    )
    assert [f.place for f in found(own)] == ["own.csv, row 1"]
    assert [(f.place, f.fix is not None) for f in found(others)] == [("others.csv, the whole table", True)]
    assert found(totals) == []


def test_the_published_example_of_margins_in_acro(on: Any) -> None:
    """Admissions to a nursery school by recommendation and parents, as an issue of ACRO shows them.

    ACRO 0.4 suppresses five cells and prints the margins beside them, which give the two applicants back.
    """
    counts = {
        "not_recom": (1440, 1440, 1440),
        "priority": (858, 1484, 1924),
        "recommend": (0, 0, 2),
        "spec_prior": (2022, 1264, 758),
        "very_recom": (0, 132, 196),
    }
    parents = ("great_pret", "pretentious", "usual")
    rows = people({(name, kind): n for name, line in counts.items() for kind, n in zip(parents, line, strict=True)})
    suppressed = [("recommend", kind) for kind in parents] + [("very_recom", "great_pret")]
    table = with_totals(rows, pl.len())
    given_away = judged(on(rows, "p"), ("t.csv", hiding(table, *suppressed)))[0]
    assert found(given_away)
    assert "from 2 to 2" in found(given_away)[0].detail
    inner = table.filter((pl.col("area") != "Total") & (pl.col("job") != "Total"))
    assert found(judged(on(rows, "p"), ("t.csv", hiding(inner, *suppressed)))[0]) == []


def test_rounding_widens_what_is_known(on: Any) -> None:
    rows = people(SMALL)
    table = with_totals(rows, pl.len()).with_columns(((pl.col("n") / 10).round() * 10).alias("n"))
    text = hiding(table, ("a", "x"))
    said = TableContext("d", ("area", "job"), rounding=10.0)
    wide = judged(on(rows, "p").under(protection_percent=10), ("t.csv", text), table=said)
    assert found(wide[0]) == []


@pytest.mark.parametrize(("protection", "blocks"), [(10, False), (70, False), (90, True)])
def test_the_width_is_the_policys(on: Any, protection: int, blocks: bool) -> None:
    """The pay of four people, 4000, is hidden in a square whose smallest other sum is about 3000: up to 7000 fits."""
    cells = {(a, j): 20 for a in "abc" for j in "xyz"} | {("a", "x"): 4}
    few, beside = pl.col("p") < 4, pl.col("p").is_between(4, 23)
    pay = pl.when(few).then(1000.0).when(beside).then(149.0 + pl.col("p") % 3).otherwise(200.0 + pl.col("p") % 7)
    rows = people(cells).with_columns(pay=pay)
    table = with_totals(rows, pl.col("pay").sum())
    square = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    own = on(rows, "p").under(protection_percent=protection, dominance=(), p_percent=0)
    said = TableContext("d", ("area", "job"), "pay", "sum")
    assert bool(found(judged(own, ("t.csv", hiding(table, *square)), table=said)[0])) is blocks


def test_too_many_cells_block(on: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.gate.lattice.MOST_CELLS", 5)
    rows = people(SMALL)
    table = with_totals(rows, pl.len())
    (judgement,) = judged(on(rows, "p"), ("t.csv", hiding(table, ("a", "x"))))
    assert any("too large" in f.sentence for f in found(judgement))
    large = people(SMALL | {("a", "x"): 40})
    (whole,) = judged(on(large, "p"), ("t.csv", hiding(with_totals(large, pl.len()), ("a", "x"))))
    assert found(whole) == []


COUNTS = st.lists(st.sampled_from([1, 3, 12, 25, 40, 60]), min_size=9, max_size=9)


@settings(max_examples=25, deadline=None)
@given(counts=COUNTS, extra=st.sets(st.integers(0, 8), max_size=5))
def test_a_pattern_that_passes_cannot_be_solved_back(on: Any, counts: list[int], extra: set[int]) -> None:
    """The other way round: where a line has one suppressed cell and its total, the cell is found, and blocks."""
    pairs = [(a, j) for a in "abc" for j in "xyz"]
    cells = dict(zip(pairs, counts, strict=True))
    rows = people(cells)
    assume(rows.height >= 100)
    hidden = {pair for at, pair in enumerate(pairs) if cells[pair] < 10 or at in extra}
    text = hiding(with_totals(rows, pl.len()), *hidden)
    (judgement,) = judged(on(rows, "p"), ("t.csv", text))
    alone = [
        pair
        for pair in hidden
        if cells[pair] < 10
        and (sum(other[0] == pair[0] for other in hidden) == 1 or sum(other[1] == pair[1] for other in hidden) == 1)
    ]
    assert not alone or found(judgement)


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(16)), columns=st.permutations(range(3)))
def test_order_changes_nothing(on: Any, order: list[int], columns: list[int]) -> None:
    rows = people(SMALL)
    table = with_totals(rows, pl.len())
    text = hiding(table, ("a", "x"))
    lines = pl.read_csv(text.encode(), infer_schema=False)
    shuffled = lines[order].select(lines.columns[c] for c in columns).write_csv()
    details = [{f.detail for f in found(judged(on(rows, "p"), ("t.csv", t))[0])} for t in (text, shuffled)]
    assert details[0] == details[1] != set()


def test_a_table_within_a_document_is_judged_as_it_stands(on: Any) -> None:
    """The author's rounding speaks of tables that are files; no fix is proposed where none could be carried out."""
    rows = people(SMALL)
    lines = pl.read_csv(hiding(with_totals(rows, pl.len()), ("a", "x")).encode(), infer_schema=False)
    said = TableContext("d", rounding=10.0)
    (judgement,) = judged(on(rows, "p"), ("t.json", lines.write_json()), table=said)
    (block,) = found(judgement)
    assert "from 4 to 4" in block.detail
    assert block.fix is None


def test_a_finding_says_the_numbers_that_it_applied(on: Any) -> None:
    rows = people(SMALL)
    own = on(rows, "p").under(protection_percent=15)
    (judgement,) = judged(own, ("t.csv", hiding(with_totals(rows, pl.len()), ("a", "x"))))
    assert {f.parameters for f in found(judgement)} == {(("protection_percent", "15"), ("minimum_units", "10"))}
