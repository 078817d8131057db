"""Facts about the gate outside of the lab: the same programs, in processes of their own."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from doubles.workbooks import workbook
from hub.adapters.local_gate import Asked, check_paths
from hub.adapters.local_policy import read_description
from hub.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError, UnavailableError
from hub.gate.report_form import Audience, ReportBody

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
    report = check_paths([site / "out"], Asked((site / "survey.toml",), canonical=site / "canonical"))
    assert {f.path: f.verdict.value for f in report.result.files} == {
        "results/by_year.csv": "none",
        "rows.csv": "block",
    }
    assert report.exit_code == 2
    assert [p.relative_to(site / "canonical").as_posix() for p in (site / "canonical").rglob("*.csv")] == [
        "results/by_year.csv"
    ]
    kept = ReportBody.model_validate_json((site / "canonical" / "report.json").read_text())
    assert [f.table.dimensions for f in kept.files] == [("year",), ()]
    assert (site / "canonical" / "results" / "by_year.csv").read_bytes().startswith(b"year,n\r\n2019,500\r\n")


def test_one_good_file_exits_with_nothing_found(site: Path) -> None:
    report = check_paths([site / "out" / "results" / "by_year.csv"], Asked((site / "survey.toml",)))
    assert report.exit_code == 0
    assert json.loads(report.to_json())["verdict"] == "none"
    assert json.loads(report.to_json())["policy"]["minimum_units"] == 10


def test_a_description_declares_planted_rows(site: Path, data: pl.DataFrame) -> None:
    social = data["social"][0]
    (site / "survey.toml").write_text(
        DESCRIPTION.replace("[tables", f'canary_rows = [{{ social = "{social}" }}]\n[tables')
    )
    (site / "note.md").write_text(f"It is {data['income'][0]}, and {social[:6]} {social[6:]}.\n")
    report = check_paths([site / "note.md"], Asked((site / "survey.toml",)))
    assert "canary" in {f.check for file in report.result.files for f in file.findings}
    (site / "survey.toml").write_text(DESCRIPTION.replace("[tables", 'canary_rows = [{ nobody = "1" }]\n[tables'))
    with pytest.raises(UnavailableError):
        check_paths([site / "note.md"], Asked((site / "survey.toml",)))


def test_the_report_reads_as_text(site: Path) -> None:
    text = check_paths([site / "out" / "rows.csv"], Asked((site / "survey.toml",))).to_text()
    assert text.startswith("rows.csv: blocked\n  BLOCK  ")
    assert "Rule: " in text
    assert "uk-sacro" in text


def test_a_policy_of_ones_own_applies(site: Path, gate: Any) -> None:
    from hub.policy.load import profile_text

    strict = site / "strict.toml"
    strict.write_text(profile_text("uk-sacro").replace("minimum_units = 10", "minimum_units = 501"))
    report = check_paths([site / "out" / "results" / "by_year.csv"], Asked((site / "survey.toml",), policy=str(strict)))
    assert report.exit_code == 2
    assert report.policy.profiles == ("strict",)


@pytest.mark.parametrize("make_odd", [os.mkfifo, lambda path: Path(path).symlink_to("/etc/hostname")])
def test_links_and_pipes_are_refused_at_once(site: Path, make_odd: Any) -> None:
    make_odd(site / "out" / "odd.csv")
    with pytest.raises(InvalidError, match="plain file"):
        check_paths([site / "out"], Asked(policy="uk-sacro"))


def test_a_missing_file_is_refused(site: Path) -> None:
    with pytest.raises(InvalidError, match="cannot be read"):
        check_paths([site / "nothing.csv"], Asked(policy="uk-sacro"))


def test_without_a_policy_nothing_is_checked(site: Path) -> None:
    with pytest.raises(InvalidError, match="name a profile"):
        check_paths([site / "out"])


def test_an_unknown_profile_is_refused(site: Path) -> None:
    with pytest.raises(NotFoundError):
        check_paths([site / "out"], Asked(policy="nobody"))


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
        check_paths([site / "out"], Asked((site / "survey.toml",)))


@pytest.mark.parametrize(("old", "new"), [('["region"]', '["holding"]'), ("sex = ", "gender = ")])
def test_a_column_that_is_declared_must_be_there(site: Path, old: str, new: str) -> None:
    path = site / "survey.toml"
    path.write_text(DESCRIPTION.replace(old, new, 1))
    with pytest.raises(UnavailableError, match="broken"):
        check_paths([site / "out"], Asked((path,)))


def test_a_dataset_that_is_broken_is_said(site: Path) -> None:
    (site / "data" / "survey.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UnavailableError, match="broken"):
        check_paths([site / "out"], Asked((site / "survey.toml",)))


def test_a_program_that_does_not_end_is_given_up(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.sandbox.gate_programs.SECONDS", 0.01)
    with pytest.raises(UnavailableError, match="did not end"):
        check_paths([site / "out"], Asked(policy="uk-sacro"))


def test_the_manifest_says_what_was_taken_in_and_is_compared_the_next_time(site: Path) -> None:
    asked = Asked((site / "survey.toml",), manifest=site / "manifest.json")
    check_paths([site / "out"], asked)
    manifest = json.loads((site / "manifest.json").read_text())
    body = (site / "out" / "rows.csv").read_bytes()
    digest = hashlib.sha256(body).hexdigest()
    assert manifest["form"] == "datalab-gate-manifest/1"
    assert manifest["files"][1] == {"path": "rows.csv", "sha256": digest, "size": len(body), "kind": "csv"}
    check_paths([site / "out"], asked)
    (site / "out" / "rows.csv").write_bytes(body + b"\n")
    with pytest.raises(ConflictError, match="manifest"):
        check_paths([site / "out"], asked)


def test_a_researcher_s_report_has_no_details(site: Path, data: pl.DataFrame) -> None:
    small = data.group_by("region").agg(n=pl.col("person").n_unique(), income=pl.col("income").sum()).sort("region")
    small.write_csv(site / "out" / "small.csv")
    for audience, has_details in ((Audience.STEWARD, True), (Audience.RESEARCHER, False)):
        asked = Asked((site / "survey.toml",), audience=audience)
        report = check_paths([site / "out" / "small.csv"], asked)
        found = [f for file in report.body.files for f in file.findings if f.check == "minimum-frequency"]
        assert found
        assert any("covers this many units: 3" in f.steward_text for f in found) is has_details
        assert ("units: 3" in report.to_text(), "units: 3" in report.to_json()) == (has_details, has_details)
        assert found[0].parameters[0].source == "dataset:survey (profile uk-sacro)"


def test_a_fix_is_carried_out_and_said(site: Path, data: pl.DataFrame) -> None:
    small = data.group_by("region").agg(n=pl.col("person").n_unique()).sort("region")
    small.write_csv(site / "out" / "small.csv")
    asked = Asked((site / "survey.toml",), canonical=site / "canonical", fix=True)
    report = check_paths([site / "out" / "small.csv"], asked)
    assert (report.exit_code, report.result.files[0].verdict.value) == (0, "fixed")
    assert (site / "canonical" / "small.csv").read_text().splitlines()[2] == "Nord,"
    assert "These cells were left out, as the check minimum-frequency proposes." in report.to_text()


def test_a_description_may_be_stricter_than_the_policy_and_not_weaker(site: Path) -> None:
    path = site / "survey.toml"
    path.write_text(DESCRIPTION.replace("[tables.", "[parameters]\nminimum_units = 501\n[tables.", 1))
    file = site / "out" / "results" / "by_year.csv"
    assert check_paths([file], Asked((path,))).exit_code == 2
    path.write_text(DESCRIPTION.replace("[tables.", "[parameters]\nminimum_units = 9\n[tables.", 1))
    with pytest.raises(RefusedError, match="weaker than 10"):
        check_paths([file], Asked((path,)))
    with pytest.raises(RefusedError, match="weaker than 11"):
        check_paths([file], Asked((path,), policy="fr-fiscal-personnes"))


def test_a_file_named_like_the_report_is_not_kept_beside_it(site: Path) -> None:
    (site / "out" / "report.json").write_text('["a"]')
    with pytest.raises(InvalidError, match="Rename"):
        check_paths([site / "out" / "report.json"], Asked(policy="uk-sacro", canonical=site / "canonical"))


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
    alone = check_paths([site / "totals.csv"], Asked((site / "survey.toml",)))
    assert alone.exit_code == 0
    report = check_paths([site / "totals.csv"], Asked((site / "survey.toml",), earlier=site / "before"))
    (file,) = report.result.files
    (found,) = [f for f in file.findings if f.severity == "block"]
    assert (found.check, found.detail) == (
        "differencing", "Compared with cells.csv: the difference covers this many units: 1.",
    )  # fmt: skip
    assert '"tables"' not in report.to_json()


def test_a_folder_of_earlier_tables_that_is_not_there_is_said(site: Path) -> None:
    with pytest.raises(InvalidError, match="no folder of earlier tables"):
        check_paths([site / "out"], Asked((site / "survey.toml",), earlier=site / "nowhere"))


def test_a_workbook_is_kept_sheet_by_sheet(site: Path) -> None:
    (site / "out.xlsx").write_bytes(
        workbook({"Years": (("year", "n"), (2019, 500)), "Few": (("year", "n"), (2019, 3))})
    )
    with (site / "survey.toml").open("a") as description:
        description.write('[tables."out.xlsx!Years"]\ndimensions = ["year"]\n')
    asked = Asked((site / "survey.toml",), canonical=site / "canonical", manifest=site / "manifest.json")
    report = check_paths([site / "out.xlsx"], asked)
    assert [f.table.dimensions for f in report.body.files] == [("year",), ()]
    assert [(f.path, f.verdict.value) for f in report.result.files] == [
        ("out.xlsx!Years", "fixed"),
        ("out.xlsx!Few", "block"),
    ]
    assert sorted(p.name for p in (site / "canonical").iterdir()) == ["out.xlsx.Years.csv", "report.json"]
    assert [f["path"] for f in json.loads((site / "manifest.json").read_text())["files"]] == ["out.xlsx"]
