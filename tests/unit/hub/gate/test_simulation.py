"""Facts about simulating a policy against past requests."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from hub.adapters.local_gate import Asked, check_paths
from hub.adapters.past_requests import read_past
from hub.adapters.simulation import simulate
from hub.domain.errors import InvalidError

DESCRIPTION = """
name = "survey"
files = ["survey.parquet"]
privacy_unit = "person"
profile = "uk-sacro"

[tables."by_sex.csv"]
dimensions = ["region", "sex"]
"""


@pytest.fixture
def past(tmp_path: Path, data: pl.DataFrame) -> Path:
    """A folder of one past request: a table that was fine, and one that was blocked."""
    data.write_parquet(tmp_path / "survey.parquet")
    (tmp_path / "survey.toml").write_text(DESCRIPTION)
    (tmp_path / "out").mkdir()
    grouped = data.filter(pl.col("region") != "Nord").group_by("region", "sex").agg(n=pl.col("person").n_unique())
    grouped.sort("region", "sex").write_csv(tmp_path / "out" / "by_sex.csv")
    data.head(5).write_csv(tmp_path / "out" / "rows.csv")
    check_paths([tmp_path / "out"], Asked((tmp_path / "survey.toml",), canonical=tmp_path / "past" / "first"))
    return tmp_path / "past"


def test_what_a_stricter_policy_would_block_is_said_without_values(past: Path, data: pl.DataFrame) -> None:
    (past / "strict.toml").write_text('profile = "uk-sacro"\n[parameters]\nminimum_units = 200\n')
    found = simulate(str(past / "strict.toml"), past, [past.parent / "survey.toml"])
    assert (found.requests, found.files, found.not_looked_at) == (1, 1, 1)
    (change,) = found.differences
    assert (change.request, change.path, change.before, change.after) == ("first", "by_sex.csv", "none", "block")
    assert change.appears == ("minimum-frequency (block)",)
    counts = data.group_by("region", "sex").agg(n=pl.col("person").n_unique())["n"].to_list()
    assert not any(str(n) in str(found.differences) for n in counts)


def test_the_same_policy_changes_nothing(past: Path) -> None:
    assert simulate("uk-sacro", past / "first", [past.parent / "survey.toml"]).differences == ()


def test_without_the_dataset_counts_are_still_held_against_the_threshold(past: Path) -> None:
    (past / "strict.toml").write_text('profile = "uk-sacro"\n[parameters]\nminimum_units = 200\n')
    assert [d.after for d in simulate(str(past / "strict.toml"), past).differences] == ["block"]


def test_a_folder_without_reports_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match=r"report\.json"):
        read_past(tmp_path)


def test_a_report_of_another_form_is_refused(past: Path) -> None:
    (past / "first" / "report.json").write_text("{}")
    with pytest.raises(InvalidError, match="no report"):
        read_past(past)


def test_a_canonical_file_that_was_altered_is_refused(past: Path) -> None:
    with (past / "first" / "by_sex.csv").open("a") as file:
        file.write("x,y,1\n")
    with pytest.raises(InvalidError, match="not the file"):
        read_past(past)


@pytest.mark.parametrize("name", ["../../survey.toml", "/etc/hostname"])
def test_a_report_leads_nowhere_but_into_its_folder(past: Path, name: str) -> None:
    path = past / "first" / "report.json"
    body = json.loads(path.read_text())
    body["files"][0]["canonical_name"] = name
    path.write_text(json.dumps(body))
    with pytest.raises(InvalidError, match="no report"):
        read_past(past)
