"""Facts about row leakage: rows are recognised by what their values say together, in whatever dress."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.table_context import TableContext
from hub.gate import evidence
from hub.gate.context import Context
from hub.gate.exchange import DatasetDescription
from hub.gate.kinds import Kind
from hub.gate.mounted import from_scans
from hub.gate.views import TableView

RULE = "row-leak"
MEASURES = ("year", "income", "visits", "sex")


@pytest.fixture(scope="module", params=["kept", "large"])
def gate(request: pytest.FixtureRequest, gate: Any, data: pl.DataFrame, people: Any) -> Any:
    """The gate with a dataset that is kept in memory, and with one that goes by in pieces."""
    if request.param == "kept":
        return gate
    described = DatasetDescription(
        name="survey", folder="/", privacy_unit="person", direct_identifiers=("social", "full_name")
    )
    dataset = from_scans(described, {"survey.parquet": data.lazy()})
    dataset.files[0].__dict__["is_kept"] = False
    return replace(gate, datasets=(dataset,))


@pytest.fixture
def rows(data: pl.DataFrame) -> pl.DataFrame:
    """Rows without any identifier."""
    return data.select("region", "sex", "year", "income", "visits")[40:46]


def leaks(gate: Any, make: Any, name: str, content: str | bytes) -> bool:
    return RULE in make.checks(gate.judge(name, content))


def html(table: pl.DataFrame) -> str:
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in table.rows())
    head = "".join(f"<th>{c}</th>" for c in table.columns)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def pandas_text(table: pl.DataFrame, width: int = 99) -> str:
    """A frame as pandas prints it: an index, aligned columns, wrapped into blocks."""
    blocks = [table.columns[at : at + width] for at in range(0, table.width, width)]
    texts = []
    for block in blocks:
        part = [list(map(str, r)) for r in table.select(block).rows()]
        sizes = [max(len(c), *(len(r[i]) for r in part)) + 2 for i, c in enumerate(block)]
        more = "  \\" if block is not blocks[-1] else ""
        lines = [" " + "".join(c.rjust(s) for c, s in zip(block, sizes, strict=True)) + more]
        lines += [f"{n}" + "".join(c.rjust(s) for c, s in zip(r, sizes, strict=True)) for n, r in enumerate(part)]
        texts.append("\n".join(lines))
    return "\n\n".join(texts)


def test_rows_of_the_dataset_block_and_are_numbered(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    judged = gate.judge("t.csv", rows.write_csv())
    (found,) = [f for f in judged.findings if f.check == RULE]
    assert found.place == "t.csv, rows 1, 2, 3, 4, 5, 6"
    for value in map(str, rows["income"]):
        assert value not in make.sentences(judged)


def test_other_rows_of_the_same_kind_do_not(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    twin = rows.with_columns(pl.col("income") + 0.5, (pl.col("visits") + 31) % 60)
    assert not leaks(gate, make, "t.csv", twin.write_csv())


def test_rows_under_other_names_and_in_another_order_block(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    dressed = rows.select(a="visits", b="income", c="sex").sample(fraction=1.0, shuffle=True, seed=1)
    assert leaks(gate, make, "t.csv", dressed.write_csv())


def test_two_columns_that_say_enough_block(gate: Any, make: Any, data: pl.DataFrame) -> None:
    assert leaks(gate, make, "t.csv", data.select(a="income", b="visits")[100:130].write_csv())


def test_two_columns_that_say_little_do_not(gate: Any, make: Any, data: pl.DataFrame) -> None:
    assert not leaks(gate, make, "t.csv", data.select(a="visits", b="year")[100:110].write_csv())


def test_one_row_is_enough(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    assert leaks(gate, make, "t.csv", rows[:1].write_csv())


def test_a_row_among_results_is_found(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    others = pl.DataFrame(
        {
            "region": ["Est"] * 8,
            "sex": ["f"] * 8,
            "year": [2019] * 8,
            "income": [1.5 + n for n in range(8)],
            "visits": [7] * 8,
        },
        schema=rows.schema,
    )
    judged = gate.judge("t.csv", pl.concat([others, rows[2:3]]).write_csv())
    assert any(f.place == "t.csv, row 9" for f in judged.findings if f.check == RULE)


def test_data_in_the_header_is_a_row_too(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    assert leaks(gate, make, "t.csv", rows.write_csv(include_header=False))


def test_a_transposed_record_blocks(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    text = "\n".join(f"{name},{value}" for name, value in rows.row(0, named=True).items())
    assert leaks(gate, make, "t.csv", f"what,value\n{text}\n")


def test_records_that_stand_beside_each_other_block_however_many(gate: Any, make: Any, data: pl.DataFrame) -> None:
    """As many as a table may have columns under a policy that is shipped."""
    beside = data.select("region", "income", "visits")[:199].transpose()
    assert leaks(gate, make, "t.csv", beside.write_csv())


@pytest.mark.parametrize(
    "dress",
    [
        "polars",
        "pandas",
        "pandas wrapped",
        "html",
        "dictionary",
        "tuples",
        "series",
        "pipes",
    ],
)
def test_head_of_a_frame_in_a_notebook_blocks(gate: Any, make: Any, rows: pl.DataFrame, dress: str) -> None:
    text = {
        "polars": str(rows),
        "pandas": pandas_text(rows),
        "pandas wrapped": pandas_text(rows, width=3),
        "html": html(rows),
        "dictionary": str(rows.row(0, named=True)),
        "tuples": str(rows.rows()),
        "series": "\n".join(f"{k:<12}{v}" for k, v in rows.row(0, named=True).items()) + "\nName: 40, dtype: object",
        "pipes": rows.write_csv(separator="|"),
    }[dress]
    output = make.shown(html=text) if dress == "html" else make.shown(plain=text)
    assert leaks(gate, make, "n.ipynb", make.notebook(("df.head()", [output])))


def test_what_describes_a_frame_does_not(gate: Any, make: Any, data: pl.DataFrame) -> None:
    shape = make.shown(plain=f"{data.shape}")
    schema = make.shown(plain=str(dict(data.schema)))
    fit = make.shown(plain="visits = 12.31 + 0.021 * year\nR2 = 0.31, n = 2000")
    judged = gate.judge("n.ipynb", make.notebook(("df.shape", [shape]), ("df.schema", [schema]), ("fit", [fit])))
    assert RULE not in make.checks(judged)


def test_rows_pasted_into_source_block(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    assert leaks(gate, make, "n.ipynb", make.notebook((f"rows = {rows.rows()}", [])))


@pytest.mark.parametrize("shape", ["records", "columns", "lists", "split"])
def test_rows_in_json_block(gate: Any, make: Any, rows: pl.DataFrame, shape: str) -> None:
    value = {
        "records": rows.to_dicts(),
        "columns": rows.to_dict(as_series=False),
        "lists": [list(r) for r in rows.rows()],
        "split": {"columns": rows.columns, "data": [list(r) for r in rows.rows()]},
    }[shape]
    assert leaks(gate, make, "t.json", json.dumps({"result": value}))


def test_rows_in_a_log_block(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    log = "\n".join(f"INFO step {n}: {','.join(map(str, row))}" for n, row in enumerate(rows.rows()))
    assert leaks(gate, make, "t.log", log)


@pytest.mark.parametrize("before", [0, 31, 75, 120])
@pytest.mark.parametrize("name", ["t.log", "t.csv"])
def test_rows_among_many_words_of_a_line_block(
    gate: Any, make: Any, rows: pl.DataFrame, before: int, name: str
) -> None:
    words = [f"w{n}" for n in range(120)]
    lines = (" ".join([*words[:before], *map(str, row), *words[before:]]) for row in rows.rows())
    assert leaks(gate, make, name, "\n".join(["what", *lines]))


def test_rows_that_were_rounded_for_display_block(gate: Any, make: Any, rows: pl.DataFrame) -> None:
    assert leaks(gate, make, "t.csv", rows.with_columns(pl.col("income").round(1)).write_csv())


def test_a_verified_aggregate_is_no_leak(gate: Any, make: Any, data: pl.DataFrame) -> None:
    table = (
        data.filter(pl.col("region") != "Nord").group_by("sex", "year").agg(n=pl.len(), visits=pl.col("visits").mean())
    )
    assert not leaks(gate, make, "t.csv", table.write_csv())


def test_groups_that_are_suppressed_are_no_leak(gate: Any, make: Any, data: pl.DataFrame) -> None:
    table = data.group_by("region", "sex", "year").agg(n=pl.col("person").n_unique())
    hidden = table.with_columns(pl.when(pl.col("n") >= 10).then("n"))
    judged = gate.judge("t.csv", hidden.write_csv(), TableContext("survey", ("region", "sex", "year")))
    assert RULE not in make.checks(judged)


def test_a_listing_of_records_blocks_however_many_share_them(gate: Any, make: Any) -> None:
    frame = pl.DataFrame({"a": [1, 2] * 200, "b": ["x", "y"] * 200, "c": [0.5, 1.5] * 200})
    own = from_scans(DatasetDescription(name="d", folder="/data/d"), {"d.parquet": frame.lazy()})
    small = type(gate)(gate.policy, (own,))
    assert leaks(small, make, "n.ipynb", make.notebook(("df.head()", [make.shown(plain=str(frame.head(3)))])))
    assert not leaks(small, make, "t.csv", "a,b,n\n1,x,200\n2,y,200\n")


def test_many_rows_are_found_as_well_as_few(gate: Any, make: Any, data: pl.DataFrame) -> None:
    many = data.select(a="visits", b="income", c="year", d="sex").sample(fraction=1.0, shuffle=True, seed=3)
    judged = gate.judge("t.csv", many.write_csv())
    (found,) = [f for f in judged.findings if f.check == RULE]
    assert "more" in found.place


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(6)), columns=st.permutations(range(5)), named=st.booleans())
def test_order_of_rows_and_columns_changes_no_verdict(
    gate: Any, make: Any, data: pl.DataFrame, order: list[int], columns: list[int], named: bool
) -> None:
    rows = data.select("region", "sex", "year", "income", "visits")[40:46]
    shuffled = rows[order].select(rows.columns[c] for c in columns)
    if not named:
        shuffled = shuffled.rename({c: f"v{n}" for n, c in enumerate(shuffled.columns)})
    assert leaks(gate, make, "t.csv", shuffled.write_csv())


@settings(max_examples=15, deadline=None)
@given(
    table=st.lists(st.tuples(st.integers(0, 60), st.integers(2019, 2022), st.floats(0, 1e5)), min_size=1, max_size=12)
)
def test_random_results_are_no_rows(gate: Any, make: Any, table: list[tuple[int, int, float]]) -> None:
    text = "x,y,z\n" + "".join(f"{a},{b},{c:.3f}\n" for a, b, c in table)
    assert not leaks(gate, make, "t.csv", text)


@given(data_of=st.data())
@settings(max_examples=150)
def test_a_bound_spares_only_looks_that_find_nothing(gate: Any, data: pl.DataFrame, data_of: Any) -> None:
    """Without the bound on what rows can say at most, the same rows are found."""
    columns = data_of.draw(
        st.lists(st.sampled_from(("region", "sex", "year", "income", "visits")), min_size=2, max_size=5)
    )
    picked = data_of.draw(st.lists(st.integers(0, data.height - 1), min_size=1, max_size=12))
    cells = [[str(data[row, column]) for column in columns] for row in picked]
    for row in data_of.draw(st.lists(st.integers(0, len(cells) - 1), max_size=8)):
        column = data_of.draw(st.integers(0, len(columns) - 1))
        cells[row][column] = str(data[data_of.draw(st.integers(0, data.height - 1)), columns[column]])
    frame = pl.DataFrame(cells, schema={f"c{at}": pl.String for at in range(len(columns))}, orient="row")
    view = TableView("", tuple("abcde"[: len(columns)]), frame)
    (file,) = gate.datasets[0].files

    def found() -> list[int]:
        return evidence.leaked_rows(view, file, Context("t.csv", Kind.CSV, TableContext(), gate.policy, gate.datasets))

    bounded = found()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "at_most", lambda _, hopeful, __: hopeful.rename({"hope": "excess"}))
        assert found() == bounded


@pytest.mark.parametrize(
    "dressed",
    [
        lambda rows: [{name: [value] for name, value in row.items()} for row in rows],
        lambda rows: [{name: {"v": value} for name, value in row.items()} for row in rows],
        lambda rows: [{"a": {"b": [row["income"]]}, "c": row["visits"], "d": [[row["year"]]]} for row in rows],
        lambda rows: [[[value] for value in row.values()] for row in rows],
        lambda rows: {name: [[row[name]] for row in rows] for name in rows[0]},
        lambda rows: {f"r{at}": {name: [value] for name, value in row.items()} for at, row in enumerate(rows)},
    ],
    ids=["lists", "objects", "mixed", "rows", "columns", "named rows"],
)
def test_rows_of_json_are_seen_whatever_their_values_stand_in(gate: Any, make: Any, data: Any, dressed: Any) -> None:
    rows = data.select("income", "visits", "year")[40:60].to_dicts()
    assert leaks(gate, make, "t.json", json.dumps(dressed(rows)))


@pytest.mark.parametrize("count", [5, 6])
def test_a_few_records_that_stand_beside_each_other_in_lines_block(gate: Any, data: pl.DataFrame, count: int) -> None:
    records = data.select("income", "visits", "year", "sex", "region")[100 : 100 + count].transpose()
    lines = "\n".join(" ; ".join(row) for row in records.rows())
    assert [f.place for f in gate.judge("t.txt", lines).findings if f.check == RULE] == ["t.txt, in its lines"]
