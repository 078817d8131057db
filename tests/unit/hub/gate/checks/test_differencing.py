"""Facts about differencing: what a table tells together with those that left before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Finding, Severity
from hub.domain.table_context import TableContext
from hub.gate.earlier import EarlierTable, EarlierTables, with_tables
from hub.gate.engine import Judgement, check_file, check_request, tables_of
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.policy.model import Policy

RULE = "differencing"
OTHERS = "export-of-others"


def town() -> pl.DataFrame:
    """2,000 people in four districts; in “West” one person of 101 has the job “farmer”, elsewhere there are many."""
    rows = []
    for number in range(2_000):
        district = ("East", "North", "South")[number % 3] if number < 1_899 else "West"
        job = ("clerk", "nurse", "farmer")[number % 7 % 3] if district != "West" else "clerk"
        rows.append(
            {
                "person": f"P{number:05d}",
                "district": district,
                "job": "farmer" if number == 1_950 else job,
                "sex": "fm"[number % 11 % 2],
                "age": 20 + number % 13 % 5,
                "income": 1_000.0 + number % 97,
            }
        )
    return pl.DataFrame(rows)


@dataclass
class Desk:
    """The gate with a registry: what is released is known to what comes after."""

    policy: Policy
    dataset: MountedDataset
    earlier: list[EarlierTable] = field(default_factory=list)

    def judge(self, table: pl.DataFrame | str, *dimensions: str, name: str = "t.csv") -> Judgement:
        content = table if isinstance(table, str) else table.write_csv()
        declared = TableContext("town", dimensions) if dimensions else TableContext()
        offered = read_file(1, name, content.encode())
        known = EarlierTables(tables=tuple(self.earlier))
        return check_file(offered, declared, self.policy, (self.dataset,), earlier=known)

    def release(self, table: pl.DataFrame | str, *dimensions: str, own: bool = True, current: bool = True) -> None:
        judged = self.judge(table, *dimensions, name="earlier.csv")
        assert judged.tables
        label = "export-own" if own else OTHERS
        self.earlier += [EarlierTable(release=label, own=own, current=current, table=t) for t in judged.tables]


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return town()


def mounted(people: pl.DataFrame) -> MountedDataset:
    described = DatasetDescription(name="town", folder="/", privacy_unit="person", direct_identifiers=("person",))
    return from_scans(described, {"people.parquet": people.lazy()})


@pytest.fixture
def desk(people: pl.DataFrame) -> Desk:
    return Desk(load_profile("uk-sacro"), mounted(people))


def counted(people: pl.DataFrame, *by: str) -> pl.DataFrame:
    return people.group_by(by).agg(pl.len().alias("n")).sort(by)


def found(judged: Judgement, severity: Severity = Severity.BLOCK) -> list[Finding]:
    return [f for f in judged.findings if f.check == RULE and f.severity is severity]


def without(table: pl.DataFrame, **cell: object) -> pl.DataFrame:
    return table.filter(~pl.all_horizontal(pl.col(name) == value for name, value in cell.items()))


def total(people: pl.DataFrame, table: pl.DataFrame, **fixed: str) -> pl.DataFrame:
    """A row of the table that sums over all that is not fixed."""
    part = people.filter(pl.all_horizontal(pl.lit(value=True), *(pl.col(k) == v for k, v in fixed.items())))
    row = {name: fixed.get(name, "Total") for name in table.columns if name != "n"} | {"n": part.height}
    return pl.concat([table, pl.DataFrame([row], schema=table.schema)])


# Tables that leave one after another


def test_a_cell_less_the_cells_of_an_earlier_table_blocks(desk: Desk, people: pl.DataFrame) -> None:
    """West has one farmer: its total less its clerks are that one."""
    desk.release(without(counted(people, "district", "job"), district="West", job="farmer"), "district", "job")
    (block,) = found(desk.judge(counted(people, "district"), "district"))
    assert block.place == "t.csv, row 4"
    assert block.detail == "Compared with export-own, earlier.csv: the difference covers this many units: 1."
    assert block.parameters == (("differencing_units", "10"),)


def test_the_order_of_the_two_tables_does_not_matter(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(counted(people, "district"), "district")
    table = without(counted(people, "district", "job"), district="West", job="farmer")
    (block,) = found(desk.judge(table, "district", "job"))
    assert block.place == "t.csv, row 10"


def test_its_harmless_twin_passes(desk: Desk, people: pl.DataFrame) -> None:
    """Without the whole district, what is left of the total is a hundred people."""
    desk.release(counted(people, "district"), "district")
    judged = desk.judge(without(counted(people, "district", "job"), district="West"), "district", "job")
    assert found(judged) == []
    assert judged.verdict == "none"


def test_the_same_table_twice_tells_nothing_new(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(counted(people, "district"), "district")
    assert desk.judge(counted(people, "district"), "district").verdict == "none"


def test_a_mean_and_a_count_are_not_subtracted_from_each_other(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(people.group_by("district").agg(pl.col("income").mean()).sort("district"), "district")
    table = without(counted(people, "district", "job"), district="West", job="farmer")
    assert found(desk.judge(table, "district", "job")) == []


def test_sums_of_one_measure_are(desk: Desk, people: pl.DataFrame) -> None:
    sums = people.group_by("district", "job").agg(pl.col("income").sum()).sort("district", "job")
    desk.release(without(sums, district="West", job="farmer"), "district", "job")
    assert found(desk.judge(people.group_by("district").agg(pl.col("income").mean()).sort("district"), "district"))


def test_through_a_margin(desk: Desk, people: pl.DataFrame) -> None:
    """The table of jobs has West's total alone, and an earlier one its clerks."""
    desk.release(counted(people.filter(pl.col("job") == "clerk"), "district", "job"), "district", "job")
    table = total(people, without(counted(people, "district", "job"), district="West"), district="West")
    assert found(desk.judge(table, "district", "job"))


def test_a_margin_within_the_table_itself(desk: Desk, people: pl.DataFrame) -> None:
    table = without(counted(people, "district", "job"), district="West", job="farmer")
    judged = desk.judge(total(people, table, district="West"), "district", "job")
    assert found(judged)[0].detail.startswith("Within the table itself")


def test_across_projects_the_author_learns_no_name_and_no_row(desk: Desk, people: pl.DataFrame) -> None:
    table = without(counted(people, "district", "job"), district="West", job="farmer")
    desk.release(table, "district", "job", own=False)
    (block,) = found(desk.judge(counted(people, "district"), "district"))
    assert block.place == "t.csv, the whole table"
    assert OTHERS in block.detail
    assert OTHERS not in block.sentence + block.rule + block.place
    assert not any(character.isdigit() for character in block.sentence)


def test_across_two_files_of_one_request(desk: Desk, people: pl.DataFrame) -> None:
    first = without(counted(people, "district", "job"), district="West", job="farmer")
    second = counted(people, "district")
    offered = [
        (read_file(1, "a.csv", first.write_csv().encode()), TableContext("town", ("district", "job"))),
        (read_file(2, "b.csv", second.write_csv().encode()), TableContext("town", ("district",))),
    ]
    judged = check_request(offered, desk.policy, (desk.dataset,))
    # That the first file's suppressed cell can be worked out is the rule on suppression's, for both files.
    assert {f.check for f in judged[0].findings if f.severity is Severity.BLOCK} == {"secondary-suppression"}
    (block,) = found(judged[1])
    assert block.detail.startswith("Compared with a.csv")
    alone = check_request(offered[1:], desk.policy, (desk.dataset,))
    assert alone[0].verdict == "none"


def test_across_two_tables_of_one_notebook(desk: Desk, people: pl.DataFrame, make: Any) -> None:
    first = without(counted(people, "district", "job"), district="West", job="farmer")
    outs = [make.shown(plain=to_text(table)) for table in (first, counted(people, "district"))]
    book = read_file(1, "n.ipynb", make.notebook(("a", outs[:1]), ("b", outs[1:])))
    assert found(check_file(book, TableContext(), desk.policy, (desk.dataset,)))
    alone = read_file(1, "n.ipynb", make.notebook(("b", outs[1:])))
    assert not found(check_file(alone, TableContext(), desk.policy, (desk.dataset,)))


def to_text(table: pl.DataFrame) -> str:
    return table.to_pandas().to_string()


def test_what_earlier_tables_tell_among_themselves_is_not_a_new_one_s_doing(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(counted(people, "district"), "district")
    desk.release(without(counted(people, "district", "job"), district="West", job="farmer"), "district", "job")
    assert found(desk.judge(without(counted(people, "sex"), sex="m"), "sex")) == []


def test_earlier_tables_are_named_in_the_order_in_which_they_left(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(counted(people, "sex"), "sex")
    desk.release(without(counted(people, "district", "job"), district="West", job="farmer"), "district", "job")
    other, telling = desk.earlier
    among = [telling if number in (0, 7) else other for number in range(8)]
    desk.earlier = [table.model_copy(update={"release": f"export-{n}"}) for n, table in enumerate(among)]
    (block,) = found(desk.judge(counted(people, "district"), "district"))
    assert block.detail.startswith("Compared with export-0, earlier.csv; export-7, earlier.csv: ")


def test_dimensions_in_another_order_and_rows_too(desk: Desk, people: pl.DataFrame) -> None:
    table = without(counted(people, "district", "job"), district="West", job="farmer")
    desk.release(table.select("n", "job", "district").reverse(), "job", "district")
    assert found(desk.judge(counted(people, "district").reverse(), "district"))


# Tables that pin a group together


def three_ways() -> pl.DataFrame:
    """150 people in three pairs of groups: four are in “ab”, “bc” and “b”."""
    return pl.DataFrame(
        {
            "person": [f"P{n}" for n in range(150)],
            "one": ["ab"] * 104 + ["c"] * 46,
            "two": ["bc"] * 4 + ["a"] * 100 + ["bc"] * 46,
        }
    ).with_columns(
        pl.when(pl.col("person").is_in([f"P{n}" for n in range(4)])).then(pl.lit("b")).otherwise(pl.lit("ac"))
        .alias("three")
    )  # fmt: skip


def test_three_tables_pin_what_no_two_of_them_tell(desk: Desk) -> None:
    """Each pair of groups is large; a + b, b + c and a + c give each of them."""
    people = three_ways()
    desk.dataset = mounted(people)
    for column in ("one", "two"):
        shown = counted(people, column).filter(pl.col(column).str.len_chars() == 2)
        desk.release(shown, column)
    (block,) = found(desk.judge(counted(people, "three").filter(pl.col("three") == "ac"), "three"))
    assert block.place == "t.csv, the whole table"
    assert block.detail == "Compared with export-own, earlier.csv: the difference covers this many units: 4."
    desk.earlier.pop()
    assert not found(desk.judge(counted(people, "three").filter(pl.col("three") == "ac"), "three"))


def test_tables_that_pin_nothing_are_not_named_with_those_that_do(desk: Desk) -> None:
    """The table shows a cell of an earlier one again, and beside it what pins a group; the last one is of others."""
    people = three_ways()
    desk.dataset = mounted(people)
    for column in ("one", "two"):
        desk.release(counted(people, column).filter(pl.col(column).str.len_chars() == 2), column)
    aside = desk.earlier[0].table.model_copy(update={"file": "other.parquet"})
    desk.earlier.append(EarlierTable(release=OTHERS, table=aside))
    table = pl.DataFrame({"one": ["ab", "Total"], "three": ["Total", "ac"], "n": [104, 146]})
    (block,) = found(desk.judge(table, "one", "three"))
    assert block.detail == "Compared with export-own, earlier.csv: the difference covers this many units: 4."


# Tables whose cells nobody declared


def filtered(people: pl.DataFrame, least: int) -> pl.DataFrame:
    """All but so many people of each district."""
    return people.filter(pl.int_range(pl.len()).over("district") >= least)


def test_an_undeclared_part_that_lacks_one_person_of_each_cell_blocks(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(counted(people, "district"), "district")
    (block,) = found(desk.judge(counted(filtered(people, 1), "district"), "district"))
    assert "units: 1." in block.detail


def test_the_whole_dataset_after_such_a_part_blocks_too(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(counted(filtered(people, 1), "district"), "district")
    assert found(desk.judge(counted(people, "district"), "district"))


def test_a_part_that_lacks_many_is_for_a_steward(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(counted(people, "district"), "district")
    judged = desk.judge(counted(filtered(people, 30), "district"), "district")
    assert found(judged) == []
    assert judged.verdict == "review"


def recoded(table: pl.DataFrame) -> pl.DataFrame:
    """The same numbers with other names, in another order."""
    names = {"East": "zone 3", "North": "zone 1", "South": "zone 4", "West": "zone 2"}
    return table.select(pl.col("district").replace(names).alias("zone"), pl.col("n").alias("people")).sort("zone")


def test_other_names_and_another_order_hide_nothing(people: pl.DataFrame) -> None:
    grown = pl.concat([people] + [people.filter(pl.col("district") == d).with_columns(
        pl.col("person") + f"-{d}-{n}") for d, times in (("East", 3), ("North", 9), ("South", 27)) for n in range(times)
    ])  # fmt: skip
    desk = Desk(load_profile("uk-sacro"), mounted(grown))
    desk.release(counted(grown, "district"), "district")
    (block,) = found(desk.judge(recoded(counted(filtered(grown, 1), "district"))))
    assert "units: 1." in block.detail
    same = desk.judge(recoded(counted(grown, "district")))
    assert found(same) == []
    assert same.verdict == "review"


# Other versions of the dataset


def test_another_version_with_one_person_more_is_for_a_steward(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(counted(people, "district"), "district", current=False)
    newcomer = people.tail(1).with_columns(person=pl.lit("P99999"))
    desk.dataset = mounted(pl.concat([people, newcomer]))
    judged = desk.judge(counted(pl.concat([people, newcomer]), "district"), "district")
    assert found(judged) == []
    (asked,) = found(judged, Severity.REVIEW)
    assert "units: 1." in asked.detail


def test_another_version_that_has_grown_by_many_passes(desk: Desk, people: pl.DataFrame) -> None:
    desk.release(counted(people, "district"), "district", current=False)
    more = pl.concat([people, people.with_columns(pl.col("person") + "x")])
    desk.dataset = mounted(more)
    assert desk.judge(counted(more, "district"), "district").verdict == "none"


# What cannot be compared


def test_what_is_too_much_to_compare_is_for_a_steward(desk: Desk, people: pl.DataFrame) -> None:
    offered = read_file(1, "t.csv", counted(people, "district").write_csv().encode())
    told = EarlierTables(complete=False)
    judged = check_file(offered, TableContext("town", ("district",)), desk.policy, (desk.dataset,), earlier=told)
    assert judged.verdict == "review"
    assert found(judged, Severity.REVIEW)


# OpenSAFELY's examples: counts of seven or fewer are redacted, and the others are rounded to the nearest five


@pytest.fixture
def opensafely(people: pl.DataFrame) -> Desk:
    rules = load_profile("uk-sacro").model_copy(
        update={"minimum_units": 8, "differencing_units": 8, "rounding_base": 5, "profiles": ("opensafely",)}
    )
    return Desk(rules, mounted(people))


def rounded(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(((pl.col("n") + 2) // 5 * 5).alias("n"))


def test_unrounded_tables_with_and_without_a_few_people_block(opensafely: Desk, people: pl.DataFrame) -> None:
    """“Disclosure by differencing”: the same table, once with a small group and once without it."""
    opensafely.release(without(counted(people, "district", "job"), district="West", job="farmer"), "district", "job")
    assert found(opensafely.judge(counted(people, "district"), "district"))


def test_rounded_counts_are_not_subtracted(opensafely: Desk, people: pl.DataFrame) -> None:
    table = without(counted(people, "district", "job"), district="West", job="farmer")
    opensafely.release(rounded(table), "district", "job")
    assert found(opensafely.judge(rounded(counted(people, "district")), "district")) == []


def test_a_rounded_total_beside_exact_cells_is_not_subtracted(opensafely: Desk, people: pl.DataFrame) -> None:
    opensafely.release(without(counted(people, "district", "job"), district="West", job="farmer"), "district", "job")
    assert found(opensafely.judge(rounded(counted(people, "district")), "district")) == []


@pytest.mark.parametrize(("lowest", "blocks"), [(1_031.0, True), (1_060.0, False)])
def test_outputs_of_runs_that_cut_neighbouring_cohorts_block_and_those_far_apart_do_not(
    desk: Desk, people: pl.DataFrame, lowest: float, blocks: bool
) -> None:
    """A run's parameter is the lowest income; the other run's output never left, and is compared all the same."""
    first, second = (counted(people.filter(pl.col("income") >= low), "district") for low in (1_030.0, lowest))
    other = read_file(2, "runs/run-1/t.csv", first.write_csv().encode())
    told = tables_of(other, TableContext(), desk.policy, (desk.dataset,))
    known = with_tables(EarlierTables(), told)
    offered = read_file(1, "t.csv", second.write_csv().encode())
    judged = check_file(offered, TableContext(), desk.policy, (desk.dataset,), earlier=known)
    found = [f for f in judged.findings if f.check == RULE and f.severity is Severity.BLOCK]
    assert bool(found) is blocks, judged.findings
    assert all("runs/run-1/t.csv" in f.detail for f in found)


def test_a_table_of_another_snapshot_is_not_subtracted(desk: Desk, people: pl.DataFrame) -> None:
    """Who is in a cell of one snapshot need not be in the same cell of the other."""
    table = without(counted(people, "district", "job"), district="West", job="farmer")
    desk.release(table, "district", "job", current=False)
    assert found(desk.judge(counted(people, "district"), "district")) == []


@pytest.mark.parametrize(
    ("change", "blocks"), [({}, True), ({"current": False}, False), ({"dataset": "village"}, False)]
)
def test_a_declared_part_leaves_few_units_only_to_cells_of_the_same_rows(
    desk: Desk, people: pl.DataFrame, change: dict[str, Any], blocks: bool
) -> None:
    """The part has nobody of three districts, and all but one of West."""
    desk.release(counted(people, "district"), "district")
    (whole,) = desk.earlier
    fewer = (0, 0, 0, whole.table.units[3] - 1)
    said = {"exact": False, "filter": "income > 1000", "units": fewer, "rows": fewer, "counts": fewer}
    of = {name: value for name, value in change.items() if name == "dataset"}
    part = whole.table.model_copy(update=said | of)
    desk.earlier = [EarlierTable(release="export-own", own=True, current=change.get("current", True), table=part)]
    assert bool(found(desk.judge(counted(people, "district"), "district"))) is blocks
