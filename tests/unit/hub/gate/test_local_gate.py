"""Facts about the gate outside of the lab: the same programs, in processes of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hub.adapters.local_gate import check_paths, read_description
from hub.domain.errors import InvalidError, NotFoundError, UnavailableError

DESCRIPTION = """
name = "survey"
files = ["data/survey.parquet"]
privacy_unit = "person"
direct_identifiers = ["social"]
profile = "uk-sacro"
group_columns = ["region"]
structural_zeros = [{ sex = "m", region = "Nulle part" }]

[tables."results/by_year.csv"]
dimensions = ["year"]
"""


@pytest.fixture
def site(tmp_path: Path, data: pl.DataFrame) -> Path:
    """A folder with results, a dataset and its description."""
    (tmp_path / "data").mkdir()
    data.write_parquet(tmp_path / "data" / "survey.parquet")
    (tmp_path / "survey.toml").write_text(DESCRIPTION)
    results = tmp_path / "out" / "results"
    results.mkdir(parents=True)
    by_year = data.group_by("year").agg(n=pl.col("person").n_unique()).sort("year")
    by_year.write_csv(results / "by_year.csv", separator=";")
    data.head(5).write_csv(tmp_path / "out" / "rows.csv")
    return tmp_path


def test_a_folder_is_checked_and_its_good_files_are_written(site: Path) -> None:
    report = check_paths([site / "out"], [site / "survey.toml"], canonical=site / "canonical")
    assert {f.path: f.verdict.value for f in report.result.files} == {
        "results/by_year.csv": "none",
        "rows.csv": "block",
    }
    assert report.exit_code == 2
    assert [p.relative_to(site / "canonical").as_posix() for p in (site / "canonical").rglob("*.csv")] == [
        "results/by_year.csv"
    ]
    assert (site / "canonical" / "results" / "by_year.csv").read_bytes().startswith(b"year,n\r\n2019,500\r\n")


def test_one_good_file_exits_with_nothing_found(site: Path) -> None:
    report = check_paths([site / "out" / "results" / "by_year.csv"], [site / "survey.toml"])
    assert report.exit_code == 0
    assert json.loads(report.to_json())["verdict"] == "none"
    assert json.loads(report.to_json())["policy"]["minimum_units"] == 10


def test_the_report_reads_as_text(site: Path) -> None:
    text = check_paths([site / "out" / "rows.csv"], [site / "survey.toml"]).to_text()
    assert text.startswith("rows.csv: blocked\n  BLOCK  ")
    assert "Rule: " in text
    assert "uk-sacro" in text


def test_a_policy_of_ones_own_applies(site: Path, gate: Any) -> None:
    from hub.policy.load import profile_text

    strict = site / "strict.toml"
    strict.write_text(profile_text("uk-sacro").replace("minimum_units = 10", "minimum_units = 501"))
    report = check_paths([site / "out" / "results" / "by_year.csv"], [site / "survey.toml"], policy=str(strict))
    assert report.exit_code == 2
    assert report.policy.profiles == ("strict",)


@pytest.mark.parametrize("make_odd", [os.mkfifo, lambda path: Path(path).symlink_to("/etc/hostname")])
def test_links_and_pipes_are_refused_at_once(site: Path, make_odd: Any) -> None:
    make_odd(site / "out" / "odd.csv")
    with pytest.raises(InvalidError, match="plain file"):
        check_paths([site / "out"], policy="uk-sacro")


def test_a_missing_file_is_refused(site: Path) -> None:
    with pytest.raises(InvalidError, match="cannot be read"):
        check_paths([site / "nothing.csv"], policy="uk-sacro")


def test_without_a_policy_nothing_is_checked(site: Path) -> None:
    with pytest.raises(InvalidError, match="name a profile"):
        check_paths([site / "out"])


def test_an_unknown_profile_is_refused(site: Path) -> None:
    with pytest.raises(NotFoundError):
        check_paths([site / "out"], policy="nobody")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "survey"', ""),
        ('files = ["data/survey.parquet"]', 'files = "data"'),
        ('privacy_unit = "person"', "privacy_unit = 3"),
        ('dimensions = ["year"]', "dimensions = 3"),
        ('dimensions = ["year"]', "surprise = 1"),
        ('name = "survey"', "name ="),
        ("[tables.", "[tables_."),
        ('["region"]', '"region"'),
        ('region = "Nulle part"', "region = 3"),
    ],
)
def test_a_description_with_a_fault_is_refused(site: Path, old: str, new: str) -> None:
    path = site / "survey.toml"
    path.write_text(DESCRIPTION.replace(old, new, 1))
    with pytest.raises(InvalidError, match="description"):
        read_description(path)


def test_a_dataset_file_that_is_missing_is_named(site: Path) -> None:
    (site / "data" / "survey.parquet").unlink()
    with pytest.raises(InvalidError, match=r"data/survey\.parquet"):
        check_paths([site / "out"], [site / "survey.toml"])


@pytest.mark.parametrize(("old", "new"), [('["region"]', '["holding"]'), ("sex = ", "gender = ")])
def test_a_column_that_is_declared_must_be_there(site: Path, old: str, new: str) -> None:
    path = site / "survey.toml"
    path.write_text(DESCRIPTION.replace(old, new, 1))
    with pytest.raises(UnavailableError, match="broken"):
        check_paths([site / "out"], [path])


def test_a_dataset_that_is_broken_is_said(site: Path) -> None:
    (site / "data" / "survey.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UnavailableError, match="broken"):
        check_paths([site / "out"], [site / "survey.toml"])


def test_a_program_that_does_not_end_is_given_up(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.adapters.local_gate.SECONDS", 0.01)
    with pytest.raises(UnavailableError, match="did not end"):
        check_paths([site / "out"], policy="uk-sacro")


def test_tables_that_left_before_are_compared_with_and_not_judged(site: Path, data: pl.DataFrame) -> None:
    """One person of “Est” is a man of 2019 alone: the cells without him, and then the total with him."""
    odd = data.with_columns(sex=pl.when(pl.col("person") == data["person"][40]).then(pl.lit("x")).otherwise("sex"))
    odd.write_parquet(site / "data" / "survey.parquet")
    count = pl.col("person").n_unique().alias("n")
    cells = odd.filter(pl.col("sex") != "x", pl.col("region") != "Nord").group_by("region", "sex").agg(count)
    totals = odd.filter(pl.col("region") != "Nord").group_by("region").agg(count)
    (site / "before").mkdir()
    cells.write_csv(site / "before" / "cells.csv")
    (site / "before" / "report.json").write_text("{}")
    totals.write_csv(site / "totals.csv")
    alone = check_paths([site / "totals.csv"], [site / "survey.toml"])
    assert alone.exit_code == 0
    report = check_paths([site / "totals.csv"], [site / "survey.toml"], earlier=site / "before")
    (file,) = report.result.files
    (found,) = [f for f in file.findings if f.severity == "block"]
    assert (found.check, found.detail) == (
        "differencing", "Compared with cells.csv: the difference covers this many units: 1.",
    )  # fmt: skip
    assert '"tables"' not in report.to_json()


def test_a_folder_of_earlier_tables_that_is_not_there_is_said(site: Path) -> None:
    with pytest.raises(InvalidError, match="no folder of earlier tables"):
        check_paths([site / "out"], [site / "survey.toml"], earlier=site / "nowhere")
