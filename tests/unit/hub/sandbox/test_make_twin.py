"""What is drawn for a synthetic twin, and what the gate's checks say of one."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from hub.domain.sandbox_exit import SandboxExit
from hub.policy.load import load_profile
from hub.sandbox.check_twin import _pieces, check_twin
from hub.sandbox.column_domain import Domain, declared_range, declared_values, domain_of
from hub.sandbox.count_noise import discrete_laplace
from hub.sandbox.make_twin import make_twin
from hub.sandbox.noisy_columns import likely, noisy_counts, one_row_each
from hub.sandbox.program import judge
from hub.sandbox.twin_exchange import CheckTwinResult, TwinFiles

PERSONS = 4000
CITIES = ("Lyon", "Lille", "Nantes")


def real() -> pl.DataFrame:
    """People whose wage and code are like nobody else's, two rows each."""
    people = [n // 2 for n in range(PERSONS)]
    return pl.DataFrame(
        {
            "person": [f"FR{n * 7919 % 1_000_003:09d}" for n in people],
            "city": [CITIES[n % 3] for n in people],
            "age": [20 + n % 45 for n in people],
            "wage": [1000.0 + (n * 7919 % 100_003) / 37 for n in range(PERSONS)],
            "code": [f"K{n * 104_729 % 999_983}" for n in range(PERSONS)],
            "born": [date(1950 + n % 40, 1 + n % 12, 1 + n % 28) for n in people],
            "member": [n % 4 == 0 for n in people],
        }
    )


class Container:
    """The folders of a container, as the programs see them."""

    def __init__(self, root: Path, table: pl.DataFrame) -> None:
        self.root, self.table = root, table
        for name in ("in/fragments", "out", "data/people"):
            (root / name).mkdir(parents=True)
        table.write_parquet(root / "data" / "people" / "persons.parquet")

    def makes(self, **changes: Any) -> SandboxExit:
        asked = {
            "dataset": "people", "files": ["persons.parquet"], "privacy_unit": "person",
            "direct_identifiers": ["person"], "epsilon": "2", "rows": 600, "seed": 7,
        }  # fmt: skip
        (self.root / "in" / "request.json").write_text(json.dumps(asked | changes))
        return judge(make_twin, self.root)

    @property
    def made(self) -> pl.DataFrame:
        return pl.read_parquet(self.root / "out" / "fragments" / "persons.parquet")

    def checked(self, twin: pl.DataFrame, name: str = "persons.parquet") -> tuple[str, ...]:
        """Which checks block a twin."""
        twin.write_parquet(self.root / "in" / "fragments" / name)
        described = {
            "name": "people", "folder": "/data/people", "privacy_unit": "person", "direct_identifiers": ["person"],
        }  # fmt: skip
        policy = load_profile("uk-sacro").model_dump(mode="json")
        asked = {"dataset": described, "policy": policy, "files": [name]}
        (self.root / "in" / "request.json").write_text(json.dumps(asked))
        assert judge(check_twin, self.root) is SandboxExit.OK
        return CheckTwinResult.model_validate_json((self.root / "out" / "result.json").read_bytes()).blocked_by


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path, real())


def test_a_twin_has_the_columns_and_types_of_its_dataset_and_passes_the_checks(container: Container) -> None:
    assert container.makes() is SandboxExit.OK
    (entry,) = TwinFiles.model_validate_json((container.root / "out" / "result.json").read_bytes()).files
    assert (entry.path, entry.rows) == ("persons.parquet", 600)
    assert container.made.schema == container.table.schema
    assert container.checked(container.made) == ()


def test_no_identifier_and_no_text_of_the_dataset_is_in_its_twin(container: Container) -> None:
    container.makes()
    for name in ("person", "code", "city"):
        assert not set(container.made[name]) & set(container.table[name])
    assert container.made["person"].n_unique() == 150


def test_what_the_owner_declares_is_drawn_with_the_shape_of_the_real_column(container: Container) -> None:
    container.makes(domains=[
        {"column": "city", "values": [*CITIES, "Brest"]}, {"column": "age", "low": 0, "high": 100},
    ])  # fmt: skip
    assert {"Lyon", "Lille", "Nantes"} <= set(container.made["city"])
    assert container.made.filter(pl.col("city") == "Brest").height < 30
    assert 35 < float(container.made["age"].mean() or 0) < 50  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "domain",
    [
        {"column": "city", "low": 0, "high": 1},
        {"column": "member", "values": ["true", "false"]},
        {"column": "born", "values": ["1950-01-01", "1951-01-01"]},
        {"column": "wage", "values": ["1", "2"]},
        {"column": "age", "values": ["20", "021"]},
    ],
)
def test_what_does_not_fit_a_columns_type_is_refused(container: Container, domain: dict[str, Any]) -> None:
    assert container.makes(domains=[domain]) is SandboxExit.TWIN_DOMAIN


def test_whole_numbers_may_be_declared_as_values(container: Container) -> None:
    assert container.makes(domains=[{"column": "age", "values": ["20", "21", "64"]}]) is SandboxExit.OK
    assert set(container.made["age"].drop_nulls()) == {20, 21, 64}


def test_lengths_of_time_are_made_and_looked_at(tmp_path: Path) -> None:
    spent = pl.Series("spent", [timedelta(seconds=n * 7919) for n in range(PERSONS)])
    container = Container(tmp_path, real().with_columns(spent))
    assert container.makes() is SandboxExit.OK
    assert container.checked(container.made) == ()
    copied = pl.concat([container.made, container.table.tail(300).with_columns(person=pl.lit("nobody"))])
    assert "row-leak" in container.checked(copied)


def test_all_files_and_columns_together_cost_epsilon_and_each_unit_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = Container(tmp_path, real())
    real().drop("wage").write_parquet(tmp_path / "data" / "people" / "others.parquet")
    spent: list[Fraction] = []

    def counted(rows: pl.DataFrame, name: str, domain: Domain, epsilon: Fraction) -> list[int]:
        assert rows["person"].is_unique().all()
        spent.append(epsilon)
        return noisy_counts(rows, name, domain, epsilon)

    monkeypatch.setattr("hub.sandbox.make_twin.noisy_counts", counted)
    assert container.makes(files=["persons.parquet", "others.parquet"]) is SandboxExit.OK
    # Age, the day of birth and the membership in both files, the wage in one.
    assert len(spent) == 7
    assert sum(spent) == Fraction(2)


def test_rows_of_nobody_known_are_not_counted(tmp_path: Path) -> None:
    """A file without the privacy unit is invented from its types alone, so that nothing of it is told."""
    container = Container(tmp_path, real().drop("person"))
    assert container.makes() is SandboxExit.OK
    assert container.made["age"].unique().sort().to_list() == list(range(1, 6))


def test_a_twin_that_copies_rows_is_blocked(container: Container) -> None:
    container.makes()
    copied = pl.concat([container.made, container.table.sample(20, seed=1)])
    assert "row-leak" in container.checked(copied)


def invented_rows(count: int) -> pl.DataFrame:
    """Rows of nobody, each unlike every other."""
    numbers = range(count)
    return pl.DataFrame(
        {
            "person": [f"synthetic-{n:06d}" for n in numbers],
            "city": ["b"] * count,
            "age": [n % 20 for n in numbers],
            "wage": [n * 0.5 for n in numbers],
            "code": [f"none-{n}" for n in numbers],
            "born": [date(2001 + n % 20, 1, 1) for n in numbers],
            "member": [n % 2 == 0 for n in numbers],
        }
    )


def test_real_rows_after_as_many_others_as_the_gate_takes_are_blocked(container: Container) -> None:
    others = invented_rows(load_profile("uk-sacro").limits.table_rows)
    assert container.checked(others) == ()
    hidden = container.table.tail(300).with_columns(person=pl.lit("nobody"))
    assert "row-leak" in container.checked(pl.concat([others, hidden]))


def test_where_more_cells_hold_several_values_than_are_cut_their_columns_follow_one_by_one() -> None:
    one, other = ([f"{n} {word} {n + 7}" for n in range(5000)] for word in ("and", "or"))
    table = pl.DataFrame({"one": one, "other": other, "plain": range(5000)})
    assert [piece.columns for piece in _pieces(table, 5000)] == [("one", "other", "plain"), ("one",), ("other",)]
    assert [piece.columns for piece in _pieces(table.drop("other"), 5000)] == [("one", "plain")]
    halves = list(_pieces(table, 2500))
    assert [piece.columns for piece in halves] == [("one", "other", "plain")] * 2
    assert [cell for piece in halves for cell in piece.data[2]] == [str(n) for n in range(5000)]


def test_a_column_of_times_never_follows_but_a_text_beside_it_does() -> None:
    """A moment is one value, with however many numbers it is written."""
    moments = pl.datetime_range(datetime(2001, 1, 1), datetime(2001, 1, 1, 8), "5s", eager=True).head(5000)
    texts = [*("" for _ in range(4999)), "17 | 4200.5 | 3"]
    table = pl.DataFrame({"one": moments, "other": moments + timedelta(days=400), "text": texts})
    assert [piece.columns for piece in _pieces(table, 5000)] == [("one", "other", "text"), ("text",)]


def test_real_rows_in_cells_after_as_many_others_as_are_cut_are_blocked(container: Container) -> None:
    """Two columns of texts with several values have more of them than the gate cuts of one table."""
    first, second = ([f"x{n} {n * factor % 4001}" for n in range(5000)] for factor in (13, 17))
    others = invented_rows(5000).with_columns(city=pl.Series(first), code=pl.Series(second))
    assert container.checked(others) == ()
    real = container.table.head(300).select("city", "age", "wage", "born").rows()
    hidden = [*second[:-300], *(" | ".join(map(str, row)) for row in real)]
    assert "row-leak" in container.checked(others.with_columns(code=pl.Series(hidden)))


def test_a_twin_with_a_few_real_identifiers_is_blocked(container: Container) -> None:
    container.makes()
    names = [*container.table["person"].head(30), *container.made["person"].tail(570)]
    assert "direct-identifiers" in container.checked(container.made.with_columns(pl.Series("person", names)))


def test_a_twin_of_other_columns_or_files_is_blocked(container: Container) -> None:
    container.makes()
    assert container.checked(container.made.drop("member")) == ("columns",)
    assert "columns" in container.checked(container.made.with_columns(pl.col("age").cast(pl.Int32)))
    (container.root / "in" / "fragments" / "persons.parquet").unlink()
    assert "columns" in container.checked(container.made, "others.parquet")


def test_one_unit_changes_each_count_by_one_row() -> None:
    rows = one_row_each(real(), "person")
    assert rows.height == rows["person"].n_unique() == PERSONS // 2


def test_noise_is_of_the_size_that_epsilon_asks_for() -> None:
    drawn = [discrete_laplace(Fraction(1, 2)) for _ in range(4000)]
    # E|X| of the discrete Laplace distribution with exp(-1/2) is 1 / sinh(1/2) = 1.92.
    assert 1.7 < sum(map(abs, drawn)) / len(drawn) < 2.15
    assert abs(sum(drawn) / len(drawn)) < 0.3
    assert len({discrete_laplace(Fraction(1, 1000)) for _ in range(50)}) > 40


def test_every_class_has_noise_and_what_is_noise_alone_is_not_drawn() -> None:
    rows = pl.DataFrame({"age": [30] * 1000})
    domain = domain_of("age", pl.Int64)
    assert domain is not None
    counts = noisy_counts(rows, "age", domain, Fraction(1, 4))
    assert len(counts) == domain.classes + 1
    assert sum(count != 0 for count in counts) > domain.classes // 2
    assert sum(count > 0 for count in likely(counts, Fraction(1, 4))) <= 3


@pytest.mark.parametrize("kind", [pl.Int8, pl.UInt8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.Date, pl.Boolean])
def test_a_domain_does_not_depend_on_values_and_a_draw_is_of_its_class(kind: Any) -> None:

    domain = domain_of("x", kind())
    assert domain is not None
    random, classes = Random(1), range(domain.classes)
    drawn = pl.DataFrame({"x": pl.Series([domain.draw(at, random) for at in classes]).cast(kind)})
    again = drawn.select(domain.number.alias("class"))["class"]
    # A 32-bit number may be rounded to the edge of its class.
    assert sum(a == b for a, b in zip(again, classes, strict=True)) >= 0.97 * domain.classes


@pytest.mark.parametrize("kind", [pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32])
def test_the_smallest_and_largest_number_of_a_narrow_type_have_a_class(kind: Any) -> None:
    domain = domain_of("x", kind())
    assert domain is not None
    table = pl.select(pl.concat([kind.min(), kind.max()]).alias("x")).cast(kind)
    assert table.select(domain.number)["x"].to_list() == [0, domain.classes - 1]
    drawn = [domain.draw(domain.classes - 1, Random(seed)) for seed in range(50)]
    assert pl.Series(drawn).cast(kind).null_count() == 0


def test_a_value_outside_of_what_was_declared_is_in_no_class() -> None:
    table = pl.DataFrame({"x": ["a", "z", None], "y": [1.0, 11.0, float("nan")]})
    assert table.select(declared_values("x", ["a", "b"]).number)["x"].to_list() == [0, None, None]
    number = declared_range("y", 0, 10, whole=False).number.alias("y")
    assert table.select(number)["y"].to_list() == [2, None, None]


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64])
def test_a_drawn_number_has_few_places_so_that_it_looks_like_nobodys(kind: Any) -> None:
    domain, random = domain_of("x", kind), Random(1)
    assert domain is not None
    drawn = [domain.draw(at, random) for at in range(domain.classes) for _ in range(50)]
    told = [repr(value).partition("e")[0].strip("-").replace(".", "").strip("0") for value in drawn]
    assert max(map(len, told)) <= 4
