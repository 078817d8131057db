from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter
from typer.testing import Result

from doubles.api import FakeLab
from hub.adapters import local_gate
from hub.domain.errors import InvalidError
from hub.domain.policy_layers import LayerKind
from hub.gate.report_form import Audience
from hub.policy.explain import ExplainedPolicy, explain
from hub.policy.layers import merge_layers
from hub.policy.load import layer_of

Command = Callable[..., Result]


def report(code: int) -> Any:
    return SimpleNamespace(
        exit_code=code, to_json=lambda: '{"verdict": "x"}', to_text=lambda: "a.csv: \x1b[31mfine",
        to_sarif=lambda: '{"version": "2.1.0"}', to_acro=lambda _: '{"results": {}}',
    )  # fmt: skip


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_exit_code_is_the_verdict(datalab: Command, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(local_gate, "check_paths", lambda *words: asked.append(words) or report(code))
    words = ("gate", "check", "a.csv", "out", "-d", "jobs.toml", "--policy", "uk-sacro", "--canonical", "to")
    done = datalab(*words)
    assert (done.exit_code, "\x1b" in done.stdout) == (code, False)
    wanted = local_gate.Asked((Path("jobs.toml"),), "uk-sacro", Path("to"))
    assert asked == [([Path("a.csv"), Path("out")], wanted)]
    assert datalab(*words, "--format", "json").stdout == '{"verdict": "x"}\n'
    assert datalab(*words, "--format", "sarif").stdout == '{"version": "2.1.0"}\n'
    assert datalab(*words, "--format", "acro").stdout == '{"results": {}}\n'
    datalab(*words, "--fix", "--for", "researcher", "--manifest", "m.json", "--earlier", "before")
    assert asked[-1][1] == replace(
        wanted, fix=True, audience=Audience.RESEARCHER, manifest=Path("m.json"), earlier=Path("before")
    )


@dataclass(frozen=True)
class Registered:
    """A registered dataset with two snapshots, and a folder that holds the files of one."""

    fake: FakeLab
    data: Path
    digest: str = "ab" * 32
    older: str = "cd" * 32

    def wages(self) -> Path:
        return self.data / "below" / "anything"


@pytest.fixture
def registered(fake: FakeLab, tmp_path: Path) -> Registered:
    lab = Registered(fake, tmp_path / "data")
    lab.wages().parent.mkdir(parents=True)
    rows = [{"person": f"p{number}", "sector": "ab"[number // 57], "wage": 100 + number} for number in range(60)]
    pl.DataFrame(rows).write_parquet(lab.wages())
    body = lab.wages().read_bytes()
    files = [{"path": "wages.parquet", "sha256": hashlib.sha256(body).hexdigest(), "size": len(body), "rows": 60}]
    about = {"name": "wages", "privacy_unit": "person", "direct_identifiers": ["person"], "profile": "uk-sacro"}
    gone = [{"path": "wages.parquet", "sha256": "0" * 64, "size": 5, "rows": 1}]
    snapshots = [{"digest": lab.older, "files": gone}, {"digest": lab.digest, "files": files}]
    stricter = layer_of(LayerKind.DATASET, "wages", "uk-sacro", {"minimum_units": 30})
    policy = TypeAdapter(ExplainedPolicy).dump_python(explain(merge_layers([stricter])), mode="json")
    fake.answers[("GET", "/datasets")] = [{"dataset": about, "snapshots": snapshots}]
    fake.answers[("GET", "/datasets/wages/policy")] = {"policy": policy, "layer": None}
    return lab


@pytest.mark.parametrize("name", ["wages", "wages@abababab", f"wages@{'ab' * 32}"])
def test_a_snapshot_at_hand_is_checked_under_the_policy_of_the_lab(
    datalab: Command, registered: Registered, tmp_path: Path, name: str
) -> None:
    (tmp_path / "n.csv").write_text("sector,n\na,57\nb,3\n")
    words = ("gate", "check", str(tmp_path / "n.csv"), "--dataset", name, "--data", str(registered.data))
    done = datalab(*words, "--format", "json")
    said = json.loads(done.stdout)
    (found,) = [f for f in said["files"][0]["findings"] if f["check"] == "minimum-frequency"]
    assert (done.exit_code, found["severity"]) == (2, "block")
    assert {p["name"]: p["value"] for p in found["parameters"]}["minimum_units"] == "30"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nobody", "There is no dataset nobody, or you may not see it."),
        ("wages@0011223344", "has no snapshot 0011223344; the lab knows cdcdcdcdcdcdcdcd, abababababababab."),
        ("wages@cdcdcdcd", "are not at hand"),
        ("wages@", "names no snapshot"),
        ("wages@xyz", "names no snapshot"),
        ("wages@abc", "eight or more digits"),
    ],
)
def test_what_the_lab_does_not_know_is_not_checked(
    datalab: Command, registered: Registered, tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "n.csv").write_text("sector,n\na,57\n")
    words = ("gate", "check", str(tmp_path / "n.csv"), "--dataset", name, "--data", str(registered.data))
    done = datalab(*words)
    assert (done.exit_code, done.stdout) == (3, "")
    assert reason in " ".join(done.stderr.split())


def test_a_file_with_another_byte_is_not_the_snapshot(datalab: Command, registered: Registered, tmp_path: Path) -> None:
    body = bytearray(registered.wages().read_bytes())
    body[100] ^= 1
    registered.wages().write_bytes(body)
    done = datalab("gate", "check", str(tmp_path), "--dataset", "wages", "--data", str(registered.data))
    assert (done.exit_code, "are not at hand" in done.stderr) == (3, True)


def test_two_snapshots_that_begin_alike_are_told_apart(datalab: Command, registered: Registered) -> None:
    (entry,) = registered.fake.answers[("GET", "/datasets")]
    entry["snapshots"].append({"digest": "ab" * 31 + "00", "files": []})
    done = datalab("gate", "check", "a.csv", "--dataset", "wages@abababab")
    assert (done.exit_code, "type more of the digest" in done.stderr) == (3, True)


def test_what_could_not_be_carried_out_ends_with_three(datalab: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise InvalidError("a.csv is not a plain file.", reason="not-a-file")

    monkeypatch.setattr(local_gate, "check_paths", refuse)
    done = datalab("gate", "check", "a.csv")
    assert (done.exit_code, done.stderr) == (3, "datalab: a.csv is not a plain file.\n")


@pytest.mark.parametrize("words", [(), ("--policy",), ("a.csv", "--format", "pdf"), ("a.csv", "--nonsense")])
def test_a_command_that_was_typed_wrongly_blocks_nothing(datalab: Command, words: tuple[str, ...]) -> None:
    assert datalab("gate", "check", *words).exit_code == 3
