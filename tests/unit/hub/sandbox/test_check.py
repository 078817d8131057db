"""Facts about the checking program: it believes nothing of what the reader wrote."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from doubles.workbooks import workbook
from hub.domain.sandbox_exit import SandboxExit
from hub.gate.checks import catalogue
from hub.gate.checks.check import Check
from hub.gate.exchange import CheckResult
from hub.gate.fragments import refused
from hub.gate.readers.files import read_file
from hub.gate.refusals import RefusalReason
from hub.policy.load import load_profile
from hub.policy.model import policy_digest
from hub.sandbox import check as program
from hub.sandbox.program import judge

POLICY = load_profile("uk-sacro")


class Container:
    """The folders of a checking container, with a dataset of two groups."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("in/fragments", "out", "data/survey"):
            (root / name).mkdir(parents=True)
        people = pl.DataFrame({"person": range(60), "group": ["a"] * 55 + ["b"] * 5})
        people.write_parquet(root / "data" / "survey" / "people.parquet")
        self.request: dict[str, Any] = {
            "files": [],
            "datasets": [{"name": "survey", "folder": str(root / "data" / "survey"), "privacy_unit": "person"}],
            "policy": POLICY.model_dump(mode="json"),
        }

    def offer(self, path: str, content: bytes, **table: object) -> None:
        index = len(self.request["files"]) + 1
        self.request["files"].append({"index": index, "path": path, "table": table})
        self.put(index, read_file(index, path, content).model_dump_json())

    def put(self, index: int, fragments: str) -> None:
        (self.root / "in" / "fragments" / f"{index:04d}.json").write_text(fragments)

    def run(self, seconds: int = 60) -> SandboxExit:
        (self.root / "in" / "request.json").write_text(json.dumps(self.request))
        return judge(lambda root: program.check(root, seconds), self.root)

    @property
    def result(self) -> CheckResult:
        return CheckResult.model_validate_json((self.root / "out" / "result.json").read_bytes())


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def test_findings_and_canonical_files_come_out(container: Container) -> None:
    container.offer("good.csv", b"group;n\na;55\n", dataset="survey", dimensions=["group"])
    container.offer("bad.csv", b"group,n\na,55\nb,5\n", dataset="survey", dimensions=["group"])
    assert container.run() is SandboxExit.OK
    good, bad = container.result.files
    assert (good.verdict.value, bad.verdict.value, container.result.verdict.value) == ("none", "block", "block")
    assert container.result.policy_digest == policy_digest(POLICY)
    written = (container.root / "out" / "canonical" / "0001").read_bytes()
    assert written == b"group,n\r\na,55\r\n"
    assert (good.canonical_name, good.sha256, good.size) == ("good.csv", hashlib.sha256(written).hexdigest(), 15)
    assert [f.check for f in bad.findings if f.severity.value == "block"] == ["minimum-frequency"]


@pytest.mark.parametrize(
    "fragments",
    [
        "",
        "{}",
        '{"index": 1, "path": "t.txt", "kind": "text", "size": 1, "fragments": [{"type": "pickle"}]}',
        '{"index": 2, "path": "t.txt", "kind": "text", "size": 1, "fragments": [{"type": "text", "text": "x"}]}',
        '{"index": 1, "path": "other.txt", "kind": "text", "size": 1, "fragments": [{"type": "text", "text": "x"}]}',
    ],
)
def test_fragments_that_are_not_the_files_block(container: Container, fragments: str) -> None:
    container.offer("t.txt", b"words")
    container.put(1, fragments)
    assert container.run() is SandboxExit.OK
    (file,) = container.result.files
    assert file.verdict.value == "block"
    assert file.sha256 == ""
    assert file.findings[0].rule == "reader: crashed"


def test_fragments_that_are_missing_block(container: Container) -> None:
    container.offer("t.txt", b"words")
    (container.root / "in" / "fragments" / "0001.json").unlink()
    assert container.run() is SandboxExit.OK
    assert container.result.verdict.value == "block"


def test_a_check_that_does_not_end_blocks(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(_fragment: object, _context: object) -> None:
        """It goes on for ever."""
        time.sleep(30)

    monkeypatch.setattr("hub.gate.engine.CHECKS", (*catalogue.CHECKS, Check("endless", endless)))  # type: ignore[arg-type]
    container.offer("t.txt", b"words")
    began = time.monotonic()
    assert container.run(seconds=1) is SandboxExit.OK
    assert time.monotonic() - began < 20
    (file,) = container.result.files
    assert [f.check for f in file.findings if f.severity.value == "block"] == ["endless"]
    assert "in time" in file.findings[0].sentence


@pytest.mark.parametrize("change", [{"policy": {}}, {"files": 3}, {"surprise": 1}, {"datasets": [{"name": "x"}]}])
def test_a_request_that_is_none_is_refused(container: Container, change: dict[str, object]) -> None:
    container.request |= change
    assert container.run() is SandboxExit.BAD_REQUEST
    assert not (container.root / "out" / "result.json").exists()


def test_a_dataset_that_is_not_mounted_is_refused(container: Container) -> None:
    (container.root / "data" / "survey" / "people.parquet").unlink()
    assert container.run() is SandboxExit.BROKEN_FILE


def test_a_dataset_without_its_declared_columns_is_refused(container: Container) -> None:
    container.request["datasets"][0]["privacy_unit"] = "nobody"
    assert container.run() is SandboxExit.BROKEN_FILE


def test_without_datasets_everything_is_at_least_read(container: Container) -> None:
    container.request["datasets"] = []
    container.offer("t.csv", b"group,n\na,55\n")
    assert container.run() is SandboxExit.OK
    assert container.result.verdict.value == "review"


def test_the_sheets_of_a_workbook_are_judged_and_written_one_by_one(container: Container) -> None:
    content = workbook({"Groups": (("group", "n"), ("a", 55)), "Small": (("group", "n"), ("b", 5))})
    container.offer("out.xlsx", content)
    container.offer("note.txt", b"words\n")
    assert container.run() is SandboxExit.OK
    told = [(f.index, f.part, f.path, f.canonical_name) for f in container.result.files]
    assert told == [
        (1, 1, "out.xlsx!Groups", "out.xlsx.Groups.csv"),
        (1, 2, "out.xlsx!Small", "out.xlsx.Small.csv"),
        (2, 0, "note.txt", "note.txt"),
    ]
    assert (container.root / "out/canonical/0001-1").read_bytes() == b"group,n\r\na,55\r\n"
    assert "minimum-frequency" in {f.check for f in container.result.files[1].findings}
    assert "minimum-frequency" not in {f.check for f in container.result.files[0].findings}


def test_a_notebook_of_a_run_is_compared_with_the_approved_one(container: Container) -> None:
    cell = {"cell_type": "markdown", "metadata": {}, "source": "other"}
    body = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    container.offer("executed.ipynb", json.dumps(body).encode())
    container.request["approved"] = {"digest": "a" * 64, "cells": ["b" * 64], "parameters": {"rate": 0.5}}
    assert container.run() is SandboxExit.OK
    (file,) = container.result.files
    assert "provenance" in {f.check for f in file.findings}


def test_what_the_reader_decoded_is_judged(container: Container) -> None:
    container.offer("t.txt", f"see {b'-----BEGIN RSA PRIVATE KEY-----'.hex()}".encode())
    assert container.run() is SandboxExit.OK
    (file,) = container.result.files
    assert ("secrets", "t.txt!hex, line 1") in {(f.check, f.place) for f in file.findings}


def test_a_file_of_another_request_is_not_judged_and_counts(container: Container) -> None:
    note = b"The weather was fine, and nothing else that is worth a word happened on that day in the whole county. " * 4
    container.offer("note.md", note)
    assert container.run() is SandboxExit.OK
    assert "scattered-text" not in {f.check for f in container.result.files[0].findings}
    container.offer("another/note.md", note + b"Nor on the next.")
    container.request["files"][-1]["other"] = True
    assert container.run() is SandboxExit.OK
    (file,) = container.result.files
    assert "scattered-text" in {f.check for f in file.findings}


NOTE = b"The weather was fine, and nothing else that is worth a word happened on that day in the whole county. " * 4


@pytest.mark.parametrize(("reason", "is_told"), [(RefusalReason.CRASHED, True), (RefusalReason.HTML, False)])
@pytest.mark.parametrize(
    ("way", "own", "check"),
    [("other", ("note.md", NOTE), "uncounted-parts"), ("run", ("t.csv", b"group,n\na,55\n"), "differencing")],
)
def test_a_steward_is_told_where_the_reader_came_to_no_end_with_a_file_that_is_compared(
    container: Container, way: str, own: tuple[str, bytes], check: str, reason: RefusalReason, is_told: bool
) -> None:
    container.offer(*own, dataset="survey", dimensions=["group"])
    container.offer("beside.csv", b"group,n\na,55\n", dataset="survey", dimensions=["group"])
    container.request["files"][-1][way] = True
    assert container.run() is SandboxExit.OK
    assert check not in {f.check for f in container.result.files[0].findings}
    container.put(2, refused(2, "beside.csv", 0, reason).model_dump_json())
    assert container.run() is SandboxExit.OK
    assert (check in {f.check for f in container.result.files[0].findings}) is is_told


@pytest.mark.parametrize(("told", "ends"), [(b"", SandboxExit.BAD_REQUEST), (b"\n", SandboxExit.OK)])
def test_a_checker_that_waits_looks_at_nothing_before_it_is_told(
    container: Container, told: bytes, ends: SandboxExit
) -> None:
    container.offer("good.csv", b"group;n\na;55\n")
    (container.root / "in" / "request.json").write_text(json.dumps(container.request))
    command = [sys.executable, "-m", "hub.sandbox.check", str(container.root), "--when-told"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[4])}
    ended = subprocess.run(command, input=told, capture_output=True, env=environment, timeout=120, check=False)
    assert ended.returncode == ends
    assert (container.root / "out" / "result.json").exists() is (ends is SandboxExit.OK)
