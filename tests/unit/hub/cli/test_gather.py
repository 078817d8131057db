"""Facts about gathering past requests for a simulation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from typer.testing import Result

from doubles.api import Answer, FakeLab
from hub.adapters.past_requests import read_past
from hub.domain.policy_layers import LayerKind
from hub.policy.explain import explain
from hub.policy.layers import merge_layers
from hub.policy.load import layer_of

Command = Callable[..., Result]
CONTENT = b"year,n\r\n1980,545\r\n"
MERGED = merge_layers([layer_of(LayerKind.DATASET, "jobs", "uk-sacro")])


def request(identifier: str, state: str) -> dict[str, Any]:
    finding = {
        "check": "recompute", "severity": "review", "place": "t.csv", "sentence": "Look.", "rule": "", "detail": "",
        "parameters": [["minimum_units", "10"]], "fix": None,
    }  # fmt: skip
    file = {
        "path": "t.csv", "kind": "csv", "canonical": hashlib.sha256(CONTENT).hexdigest(), "canonical_name": "t.csv",
        "canonical_size": len(CONTENT), "findings": [finding],
        "table": {"dataset": "jobs", "dimensions": ["year"], "measure": "", "aggregate": "count"},
    }  # fmt: skip
    return {"id": identifier, "state": state, "engine": "datalab-gate/1", "policy": "a" * 64, "files": [file]}


def test_decided_requests_become_folders_that_a_simulation_reads(
    fake: FakeLab, datalab: Command, tmp_path: Path
) -> None:
    fake.answers = {
        ("GET", "/projects/care/policy"): {"policy": asdict(explain(MERGED)), "layer": None},
        ("GET", "/exports"): [request("export-a", "released"), request("export-b", "in_review")],
        ("GET", "/exports/export-a/canonical"): Answer(CONTENT),
    }
    done = datalab("export", "gather", str(tmp_path / "past"), "--project", "care")
    assert (done.exit_code, done.stdout.startswith("1 request(s) of 1")) == (0, True), done.stderr
    (past,) = read_past(tmp_path / "past")
    assert (past.name, past.report.verdict.value, past.report.policy) == ("export-a", "review", MERGED.policy)
    assert past.report.files[0].table.dimensions == ("year",)


def test_what_the_steward_may_not_review_is_left_out(fake: FakeLab, datalab: Command, tmp_path: Path) -> None:
    refused = {"error": {"reason": "own-request", "message": "You cannot review your own export request."}}
    fake.answers = {
        ("GET", "/projects/care/policy"): {"policy": asdict(explain(MERGED)), "layer": None},
        ("GET", "/exports"): Answer([request("export-a", "released")]),
        ("GET", "/exports/export-a/canonical"): Answer(refused, 403),
    }
    done = datalab("export", "gather", str(tmp_path / "past"), "--project", "care")
    assert (done.exit_code, done.stdout.startswith("0 request(s) of 1")) == (0, True)
    assert not (tmp_path / "past").exists()
