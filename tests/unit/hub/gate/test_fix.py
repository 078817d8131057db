"""Facts about fixes: what they change, what they leave alone, and that they never make a file worse."""

from __future__ import annotations

import csv
import io
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.exports import Finding, Fix, FixKind, Severity
from hub.domain.table_context import TableContext
from hub.gate.canonical import canonical
from hub.gate.engine import Judgement, check_file, check_request
from hub.gate.fix import Change, _said, apply_fixes, fix_request, has_news, rounded
from hub.gate.fragments import FileFragments, TableFragment
from hub.gate.kinds import Kind
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile

POLICY = load_profile("uk-sacro")
cells = st.one_of(st.integers(0, 40).map(str), st.sampled_from(["", "c", "a", "12.5", "Nord"]))


def table(*columns: tuple[str, list[str]]) -> FileFragments:
    names, data = zip(*columns, strict=True)
    part = TableFragment(columns=names, data=tuple(map(tuple, data)))
    return FileFragments(index=1, path="t.csv", kind=Kind.CSV, size=10, fragments=(part,))


tables = st.integers(1, 8).flatmap(
    lambda height: st.lists(st.lists(cells, min_size=height, max_size=height), min_size=1, max_size=4).map(
        lambda data: table(*((f"{'n_' if at % 2 else 'x'}{at}", column) for at, column in enumerate(data)))
    )
)
numbers = st.lists(st.integers(1, 8), max_size=3).map(tuple)
fixes = st.lists(
    st.builds(
        lambda kind, rows, columns: Fix(kind, "", rows, columns, 5),
        st.sampled_from(list(FixKind)),
        numbers,
        numbers,
    ),
    max_size=3,
)


def grid(judgement: Judgement) -> list[list[str]]:
    assert judgement.canonical is not None
    return list(csv.reader(io.StringIO(judgement.canonical.content.decode(), newline="")))


def only(file: FileFragments) -> TableFragment:
    (part,) = file.fragments
    assert isinstance(part, TableFragment)
    return part


@given(tables)
def test_a_fixed_file_never_has_a_new_or_stricter_finding(file: FileFragments) -> None:
    (before,) = check_request([(file, TableContext())], POLICY, ())
    (after,) = fix_request([(file, TableContext())], POLICY, ())
    asked = [f for f in after.findings if f.severity in (Severity.BLOCK, Severity.REVIEW)]
    order = list(Severity)
    for found in asked:
        same = [f for f in before.findings if f.check == found.check]
        assert same
        assert min(order.index(f.severity) for f in same) <= order.index(found.severity)
    assert not any(f.fix for f in asked) or after == before


@given(tables)
def test_cells_that_no_fix_names_stay_byte_for_byte(file: FileFragments) -> None:
    (before,) = check_request([(file, TableContext())], POLICY, ())
    (after,) = fix_request([(file, TableContext())], POLICY, ())
    if before.canonical is None or after == before:
        return
    small = {str(n) for n in range(1, POLICY.minimum_units)}
    for old_row, new_row in zip(grid(before), grid(after), strict=True):
        for at, (old, new) in enumerate(zip(old_row, new_row, strict=True)):
            assert new == old or (at % 2 == 1 and old in small | {"c", ""} and new in ("", "c")), (old, new)


@given(tables, fixes)
def test_any_fix_leaves_a_table_that_can_be_written(file: FileFragments, wanted: list[Fix]) -> None:
    fixed = apply_fixes(file, wanted)
    assert canonical(fixed, POLICY).content
    if not wanted:
        assert fixed is file


@given(tables, numbers, numbers)
def test_suppression_touches_its_cells_alone(
    file: FileFragments, rows: tuple[int, ...], columns: tuple[int, ...]
) -> None:
    before, after = only(file), only(apply_fixes(file, [Fix(FixKind.SUPPRESS, "", rows, columns)]))
    for at, (old, new) in enumerate(zip(before.data, after.data, strict=True), start=1):
        for row, (one, other) in enumerate(zip(old, new, strict=True), start=1):
            named = (not rows or row in rows) and (not columns or at in columns)
            assert other in ("", "c") if named else other == one


def test_a_column_s_own_mark_of_suppression_is_used() -> None:
    file = table(("x", ["a", "b", "d"]), ("n", ["c", "3", "30"]))
    assert only(apply_fixes(file, [Fix(FixKind.SUPPRESS, "", (2,), (2,))])).data[1] == ("c", "c", "30")
    plain = table(("x", ["a", "b"]), ("n", ["3", "30"]))
    assert only(apply_fixes(plain, [Fix(FixKind.SUPPRESS, "", (1,), (2,))])).data[1] == ("", "30")


@pytest.mark.parametrize(
    ("text", "base", "made"),
    [("12", 5, "10"), ("13", 5, "15"), ("7.5", 5, "10"), ("2.5", 5, "0"), ("-12", 5, "-10"), ("x", 5, "x"),
     ("", 5, ""), ("15", 5, "15"), (" 15 ", 5, " 15 "), ("nan", 5, "nan"), ("12", 0, "12"), ("1e3", 7, "1001")],
)  # fmt: skip
def test_a_number_is_rounded_to_the_nearest_multiple(text: str, base: int, made: str) -> None:
    assert rounded(text, base) == made


def test_categories_are_merged_and_their_counts_added_up() -> None:
    file = table(("region", ["Nord", "Sud", "Est"]), ("n", ["3", "30", "9"]), ("mean", ["1.5", "2.5", "3.5"]))
    fixed = only(apply_fixes(file, [Fix(FixKind.MERGE, "", (1, 3), (1,))]))
    assert fixed.data == (("Nord + Est", "Sud"), ("12", "30"), ("", "2.5"))


def test_a_column_is_dropped_but_never_the_last_one() -> None:
    file = table(("a", ["1"]), ("b", ["2"]))
    assert only(apply_fixes(file, [Fix(FixKind.DROP_COLUMN, "", (), (1,))])).columns == ("b",)
    assert only(apply_fixes(file, [Fix(FixKind.DROP_COLUMN, "", (), (1, 2))])).columns == ("a", "b")


def test_a_fix_of_another_place_changes_nothing() -> None:
    file = table(("a", ["1"]))
    assert apply_fixes(file, [Fix(FixKind.SUPPRESS, "#elsewhere", (1,), (1,))]) is file


def test_a_finding_that_a_fix_would_make_keeps_the_file_as_it_was() -> None:
    block, review = (Finding("a", s, "", "") for s in (Severity.BLOCK, Severity.REVIEW))
    assert has_news([review], [block])
    assert has_news([], [review])
    assert not has_news([block], [review])
    assert not has_news([], [Finding("a", Severity.NOTE, "", "")])


def recounted(gate: Any, frame: pl.DataFrame, context: TableContext) -> Judgement:
    file = read_file(1, "t.csv", frame.write_csv().encode())
    return fix_request([(file, context)], gate.policy, gate.datasets)[0]


def test_cells_of_too_few_units_are_left_out_with_all_their_figures(gate: Any, data: pl.DataFrame) -> None:
    frame = (
        data.group_by("region")
        .agg(n=pl.col("person").n_unique(), visits=pl.col("visits").mean().round(1))
        .sort("region")
    )
    fixed = recounted(gate, frame, TableContext("survey", ("region",), "visits", "mean"))
    rows = {row[0]: row[1:] for row in grid(fixed)}
    assert rows["Nord"] == ["", ""]
    assert all(rows["Est"])
    assert fixed.verdict.value == "fixed"


def test_a_wide_table_s_small_cells_are_left_out(gate: Any, data: pl.DataFrame) -> None:
    counts = data.group_by("region", "sex").agg(n=pl.col("person").n_unique())
    wide = counts.pivot("sex", index="region", values="n").sort("region").select("region", "f", "m")
    fixed = recounted(gate, wide.fill_null(0), TableContext("survey"))
    nord = next(row for row in grid(fixed) if row[0] == "Nord")
    assert all(cell in ("", "0") for cell in nord[1:])
    assert not [f for f in fixed.findings if f.severity is Severity.BLOCK]


def test_a_dominated_cell_is_left_out(gate: Any, data: pl.DataFrame) -> None:
    frame = data.group_by("region", "sex").agg(income=pl.col("income").sum()).sort("region", "sex")
    before = check_file(
        read_file(1, "t.csv", frame.write_csv().encode()), TableContext("survey"), gate.policy, gate.datasets
    )
    assert any(f.check == "dominance" for f in before.findings)
    fixed = recounted(gate, frame, TableContext("survey"))
    assert not [f for f in fixed.findings if f.severity is Severity.BLOCK]


def test_a_file_that_a_fix_would_make_worse_stays_and_the_others_are_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first file's fix lays a key open; the second one's is harmless."""
    small = table(("x", ["a", "b"]), ("n", ["3", "30"]))
    request = [(small, TableContext()), (small.model_copy(update={"index": 2, "path": "u.csv"}), TableContext())]
    real = apply_fixes

    def hostile(file: FileFragments, wanted: list[Fix]) -> FileFragments:
        fixed = real(file, wanted)
        if file.path == "u.csv" or fixed == file:
            return fixed
        return table(("x", ["a", "-----BEGIN RSA PRIVATE KEY-----"]), ("n", ["", "30"]))

    monkeypatch.setattr("hub.gate.fix.apply_fixes", hostile)
    first, second = fix_request(request, POLICY, ())
    assert [row[1] for row in grid(first)] == ["n", "3", "30"]
    assert [row[1] for row in grid(second)] == ["n", "", "30"]
    assert (first.verdict.value, any(f.check == "fixed" for f in first.findings)) == ("block", False)


def test_what_no_fix_puts_right_is_still_said() -> None:
    """A small count is left out; the key in another row blocks as before."""
    file = table(("x", ["a", "b", "-----BEGIN RSA PRIVATE KEY-----"]), ("n", ["3", "30", "40"]))
    before = check_request([(file, TableContext())], POLICY, ())[0]
    fixed = fix_request([(file, TableContext())], POLICY, ())[0]
    assert fixed.canonical != before.canonical
    left = {f.check for f in fixed.findings if f.severity is Severity.BLOCK}
    assert left == {f.check for f in before.findings if f.severity is Severity.BLOCK and not f.fix} != set()
    assert fixed.verdict.value == "block"
    assert [f.severity for f in fixed.findings if f.check == "fixed"] == [Severity.FIXED]


@pytest.mark.parametrize(("count", "said"), [(10, "column 10"), (12, "column 10 and 2 more")])
def test_of_many_columns_the_first_ten_are_named(count: int, said: str) -> None:
    change = Change("some-check", Fix(FixKind.SUPPRESS, "", (1,), tuple(range(1, count + 1))))
    assert _said("t.csv", change).place.endswith(f", column 9, {said}")
