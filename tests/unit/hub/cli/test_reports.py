"""Reports in the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from doubles.api import Answer, FakeLab

Command = Callable[..., Result]
ROW = {
    "request": "export-aaaaaaaaaaaa", "turn": 1, "project": "care", "author": "anna", "state": "approved",
    "submitted": "2026-03-01T12:00:00.123+00:00", "claimed": None, "first_decision": None, "reviewers": ["ben"],
    "files": 3,
}  # fmt: skip


def test_submissions_are_shown_within_the_asked_days(fake: FakeLab, datalab: Command) -> None:
    fake.answers["GET", "/reports/submissions"] = [ROW]
    shown = datalab("report", "submissions", "--since", "2026-03-01", "-p", "care").stdout
    assert "2026-03-01T12:00:00 " in shown
    assert "ben" in shown
    assert fake.calls[-1].query == {"project": "care", "since": "2026-03-01"}


def test_the_csv_is_written_into_a_new_file(fake: FakeLab, datalab: Command, tmp_path: Path) -> None:
    fake.answers["GET", "/reports/submissions/csv"] = Answer(b"request\r\n")
    assert datalab("report", "submissions", "--csv", str(tmp_path / "r.csv")).exit_code == 0
    assert (tmp_path / "r.csv").read_bytes() == b"request\r\n"


def test_figures_are_printed_for_programs(fake: FakeLab, datalab: Command) -> None:
    fake.answers["GET", "/reports/figures"] = {"submissions": 2}
    assert json.loads(datalab("report", "figures", "--json").stdout) == {"submissions": 2}
