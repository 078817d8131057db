"""Facts about ``datalab policy``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from hub.adapters import simulation
from hub.domain.policy_layers import LayerKind
from hub.policy.explain import explain
from hub.policy.layers import merge_layers
from hub.policy.load import layer_of, profile_names, profile_text

Command = Callable[..., Result]
EXPLAINED = explain(
    merge_layers(
        [
            layer_of(LayerKind.DATASET, "jobs", "uk-sacro"),
            layer_of(LayerKind.PROJECT, "care", parameters={"minimum_units": 15}, sources=("Decision 12",)),
        ]
    )
)


def test_the_profiles_are_listed_without_a_lab(datalab: Command) -> None:
    done = datalab("policy", "list")
    assert done.exit_code == 0
    assert all(name in done.stdout for name in profile_names())
    rows = {row["name"]: row for row in json.loads(datalab("policy", "list", "--json").stdout)}
    assert (rows["uk-opensafely"]["minimum_units"], rows["uk-opensafely"]["rounding_base"]) == (8, 5)


def test_a_profile_is_shown_as_its_file_is(datalab: Command) -> None:
    assert datalab("policy", "show", "uk-sacro").stdout == profile_text("uk-sacro")
    assert json.loads(datalab("policy", "show", "uk-sacro", "--json").stdout)["parameters"]["minimum_units"] == 10
    assert datalab("policy", "show", "nobody").exit_code == 1


@pytest.mark.parametrize(
    ("words", "address"),
    [(("--project", "care"), "/projects/care/policy"), (("--dataset", "jobs"), "/datasets/jobs/policy")],
)
def test_the_lab_explains_a_project_s_or_dataset_s_policy(
    fake: Any, datalab: Command, words: tuple[str, ...], address: str
) -> None:
    fake.answers = {("GET", address): {"policy": asdict(EXPLAINED), "layer": None}}
    done = datalab("policy", "explain", *words)
    assert done.exit_code == 0, done.stderr
    assert "minimum_units = 15 (higher is stricter): project:care; also 10 of dataset:jobs (profile uk-sacro)" in (
        done.stdout
    )
    assert "project:care: Decision 12" in done.stdout
    assert json.loads(datalab("policy", "explain", *words, "--json").stdout)["digest"] == EXPLAINED.digest


def test_files_are_explained_without_a_lab(datalab: Command, tmp_path: Path) -> None:
    (tmp_path / "wages.toml").write_text(
        'name = "wages"\nfiles = ["w.parquet"]\nprofile = "fr-fiscal-personnes"\n[parameters]\nminimum_units = 20\n'
    )
    done = datalab("policy", "explain", "--dataset", str(tmp_path / "wages.toml"))
    assert "minimum_units = 20 (higher is stricter): dataset:wages; also 11 of" in done.stdout
    (tmp_path / "mine.toml").write_text('profile = "uk-sacro"\n[parameters]\nminimum_units = 12\n')
    done = datalab("policy", "explain", "--policy", str(tmp_path / "mine.toml"), "--json")
    values = {v["parameter"]: v for v in json.loads(done.stdout)["values"]}
    assert (values["minimum_units"]["value"], values["p_percent"]["profile"]) == (12, "uk-sacro")


@pytest.mark.parametrize(
    "words",
    [(), ("--project", "care", "--policy", "uk-sacro"), ("--project", "care", "--dataset", "jobs")],
)
def test_one_thing_is_explained_at_a_time(datalab: Command, words: tuple[str, ...]) -> None:
    done = datalab("policy", "explain", *words)
    assert (done.exit_code, "Name one project" in done.stderr) == (1, True)


def test_a_layer_is_sent_as_its_file_is(fake: Any, datalab: Command, tmp_path: Path) -> None:
    text = "[parameters]\nminimum_units = 15\n"
    (tmp_path / "layer.toml").write_text(text)
    kept = {"id": "project:care", "changed_by": "steward", "changed": "2026-01-01"}
    fake.answers = {("PUT", "/projects/care/policy"): kept, ("PUT", "/datasets/jobs/policy"): kept}
    assert "project:care" in datalab("policy", "set", str(tmp_path / "layer.toml"), "--project", "care").stdout
    assert datalab("policy", "set", str(tmp_path / "layer.toml"), "--dataset", "jobs").exit_code == 0
    assert [c.body for c in fake.calls] == [{"text": text}] * 2
    assert datalab("policy", "set", str(tmp_path / "layer.toml")).exit_code == 1


def test_a_simulation_prints_what_would_change(datalab: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    change = simulation.Difference("export-a", "t.csv", "none", "block", ("minimum-frequency (block)",), ())
    found = simulation.Simulation("a" * 64, 1, 2, 3, (change,))
    monkeypatch.setattr(simulation, "simulate", lambda *_: found)
    done = datalab("policy", "simulate", "uk-sacro", "--against", "past")
    assert "minimum-frequency (block)" in done.stdout
    assert "2 file(s) of 1 request(s) looked at; 3 without a canonical file." in done.stdout
    answer = json.loads(datalab("policy", "simulate", "uk-sacro", "--against", "past", "--json").stdout)
    assert answer["differences"][0]["after"] == "block"
