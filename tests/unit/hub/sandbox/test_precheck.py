"""Facts about the pre-check in a workspace: the gate's engine, coarse answers, and what the lab told it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from hub.domain.workspaces import PRECHECK
from hub.gate.exchange import CheckRequest, DatasetDescription
from hub.policy.load import load_profile
from hub.sandbox.precheck import main


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve persons, of whom two live in “Nord”; a secret dataset is not here."""
    (tmp_path / "data").mkdir()
    frame = pl.DataFrame(
        {"person": [f"P{n}" for n in range(60)], "region": ["Nord"] * 2 + ["Sud"] * 58, "income": [100.0] * 60}
    )
    frame.write_parquet(tmp_path / "data" / "persons.parquet")
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "table.csv").write_text("region,income\nNord,200\nSud,5800\n")
    datasets = (
        DatasetDescription(name="survey", folder=str(tmp_path / "data"), privacy_unit="person"),
        DatasetDescription(name="hidden", folder=str(tmp_path / "nowhere")),
    )
    told = CheckRequest(files=(), datasets=datasets, policy=load_profile("uk-sacro"))
    monkeypatch.setenv(PRECHECK, told.model_dump_json())
    return tmp_path


def test_a_member_sees_what_the_gate_would_say_without_details(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([str(workspace / "outputs"), "--format", "json"])
    said = capsys.readouterr()
    body = json.loads(said.out)
    assert (code, body["audience"], body["verdict"]) == (2, "researcher", "block")
    found = [f for f in body["files"][0]["findings"] if f["check"] == "minimum-frequency"]
    assert found
    assert all(f["steward_text"] == "" for f in found)
    assert "covers this many units" not in said.out
    assert said.err == "Not compared with, since this workspace does not see them: hidden.\n"


def test_a_fix_is_tried_and_the_rest_is_said(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (workspace / "outputs" / "table.csv").read_bytes()
    main([str(workspace / "outputs" / "table.csv"), "--fix"])
    assert "as the check minimum-frequency proposes" in capsys.readouterr().out
    assert (workspace / "outputs" / "table.csv").read_bytes() == before


@pytest.mark.parametrize("told", [None, "", "{}"])
def test_a_workspace_that_was_told_nothing_says_so(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], told: str | None
) -> None:
    if told is None:
        monkeypatch.delenv(PRECHECK)
    else:
        monkeypatch.setenv(PRECHECK, told)
    assert main([str(workspace / "outputs")]) == 3
    assert "was not told its project's policy" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_said(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(workspace / "none.csv")]) == 3
    assert capsys.readouterr().err.startswith("datalab: none.csv cannot be read")
