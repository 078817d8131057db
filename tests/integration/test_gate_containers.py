"""The gate's two containers, as the lab starts them: foreign bytes in one, the dataset in the other, no way between."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import polars as pl
import pytest

from datasets_mount.mounts import Mount, dataset_mount
from doubles.workbooks import workbook
from hub.domain.sandbox_exit import SandboxExit
from hub.gate.exchange import CheckFile, CheckRequest, CheckResult, DatasetDescription, OfferedFile, ReadRequest
from hub.gate.exchange import TableDeclaration as Table
from hub.gate.fragments import FileFragments
from hub.policy.load import load_profile
from hub.settings import Images
from spawner_config.isolation import ContainerSpec, Limits, Purpose, container_body
from spawner_config.names import LABEL

IMAGE = os.environ.get("DATALAB_TEST_IMAGE") or Images().workspace
UID = 199_999
SECONDS = 120
LIMITS = Limits(memory=2 * 2**30, cpus=1.0, processes=256, tmp=2**28, seconds=SECONDS, file_size=2**30)


@dataclass(frozen=True)
class Ended:
    """How a container ended, and what it said."""

    code: int
    said: str


def run(purpose: Purpose, program: str, mounts: tuple[Mount, ...], address: str = "", runtime: str = "") -> Ended:
    """Start a program as the lab does, wait for its end and take its container away."""
    command = ("python", "-m", f"hub.sandbox.{program}")
    spec = ContainerSpec(purpose, IMAGE, command, UID, mounts, LIMITS, {}, {LABEL: "test"}, "/tmp", runtime)
    body = container_body(spec)
    engine = docker.APIClient(address or None)
    name = f"datalab-test-{uuid.uuid4().hex[:12]}"
    try:
        engine.create_container_from_config(body, name=name)
        engine.start(name)
        return Ended(int(engine.wait(name, timeout=SECONDS)["StatusCode"]), engine.logs(name).decode())
    finally:
        engine.remove_container(name, force=True, v=True)
        engine.close()


class Lab:
    """The folders of one export request, and a survey with one group of three people."""

    def __init__(self, root: Path, address: str = "", runtime: str = "") -> None:
        self.root = root
        self.address, self.runtime = address, runtime
        for name in ("survey", "read/in", "read/out", "check/in/fragments", "check/out"):
            (root / name).mkdir(parents=True)
        for name in ("read/out", "check/out"):
            os.chown(root / name, UID, UID)
        self.data = pl.DataFrame(
            {
                "person": [n // 2 for n in range(806)],
                "group": ["a"] * 400 + ["b"] * 400 + ["c"] * 6,
                "year": [2020, 2021] * 403,
                "wage": [round(1_000 + n * 7919 % 4_001 + n / 806, 3) for n in range(806)],
            }
        )
        self.data.write_parquet(root / "survey" / "people.parquet")

    def read(self, files: Mapping[str, bytes]) -> Ended:
        for number, content in enumerate(files.values(), 1):
            (self.root / "read/in" / f"{number:04d}").write_bytes(content)
        asked = ReadRequest(files=tuple(OfferedFile(index=n, path=p) for n, p in enumerate(files, 1)))
        (self.root / "read/in/request.json").write_text(asked.model_dump_json())
        inside, out = Mount(f"{self.root}/read/in", "/in"), Mount(f"{self.root}/read/out", "/out", writable=True)
        return run(Purpose.READER, "read", (inside, out), self.address, self.runtime)

    def check(self, paths: Iterable[str], table: Table) -> Ended:
        described = DatasetDescription(name="survey", folder="/data/survey", privacy_unit="person")
        files = tuple(CheckFile(index=n, path=p, table=table) for n, p in enumerate(paths, 1))
        asked = CheckRequest(files=files, datasets=(described,), policy=load_profile("uk-sacro"))
        (self.root / "check/in/request.json").write_text(asked.model_dump_json())
        mounts = (
            Mount(f"{self.root}/check/in", "/in"),
            Mount(f"{self.root}/check/out", "/out", writable=True),
            Mount(f"{self.root}/read/out/fragments", "/in/fragments"),
            dataset_mount(f"{self.root}/survey", "survey"),
        )
        return run(Purpose.CHECKER, "check", mounts, self.address, self.runtime)

    @property
    def result(self) -> CheckResult:
        return CheckResult.model_validate_json((self.root / "check/out/result.json").read_bytes())

    def fragments(self) -> list[Path]:
        return sorted((self.root / "read/out/fragments").iterdir())

    def canonical(self, index: int) -> bytes:
        return (self.root / "check/out/canonical" / f"{index:04d}").read_bytes()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def notebook(text: str) -> bytes:
    output = {"output_type": "execute_result", "metadata": {}, "execution_count": 1, "data": {"text/plain": text}}
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "df.head()", "outputs": [output]}
    body: dict[str, Any] = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    return json.dumps(body | {"cells": [cell | {"execution_count": 1}]}).encode()


def test_a_request_goes_through_both_containers(lab: Lab) -> None:
    table = lab.data.group_by("group", "year").agg(n=pl.col("person").n_unique(), wage=pl.col("wage").mean())
    table = table.sort("group", "year")
    files = {
        "small.csv": table.write_csv().encode(),
        "mended.csv": table.filter(pl.col("n") >= 10).write_csv(separator=";").encode(),
        "rows.csv": lab.data.head(20).write_csv().encode(),
        "head.ipynb": notebook(str(lab.data.head())),
        "page.html": b"<html><script>fetch('x')</script></html>",
    }
    assert lab.read(files) == Ended(SandboxExit.OK, "ok\n")
    assert lab.check(files, Table(dimensions=("group", "year"), measure="wage", aggregate="mean")).said == "ok\n"
    verdicts = {f.path: f.verdict.value for f in lab.result.files}
    assert verdicts.pop("mended.csv") == "fixed"
    assert set(verdicts.values()) == {"block"}
    blocked = {f.path: {x.check for x in f.findings if x.severity == "block"} for f in lab.result.files}
    assert "minimum-frequency" in blocked["small.csv"]
    assert "row-leak" in blocked["rows.csv"]
    assert "row-leak" in blocked["head.ipynb"]
    assert blocked["page.html"] == {"reader"}
    assert lab.canonical(2).startswith(b"group,year,n,wage\r\na,2020,200,")


def test_a_workbook_goes_through_both_containers_sheet_by_sheet(lab: Lab) -> None:
    means = lab.data.group_by("group").agg(n=pl.col("person").n_unique()).filter(pl.col("n") >= 10).sort("group")
    sheets = {"Means": means, "Rows": lab.data.head(20)}
    files = {"out.xlsx": workbook({name: [table.columns, *table.rows()] for name, table in sheets.items()})}
    assert lab.read(files) == Ended(SandboxExit.OK, "ok\n")
    assert lab.check(files, Table()).said == "ok\n"
    assert [(f.path, f.part, f.verdict.value) for f in lab.result.files] == [
        ("out.xlsx!Means", 1, "fixed"),
        ("out.xlsx!Rows", 2, "block"),
    ]
    assert (lab.root / "check/out/canonical/0001-1").read_bytes().startswith(b"group,n\r\na,")


def test_a_file_that_uses_up_its_reader_is_refused_and_the_next_one_is_read(lab: Lab) -> None:
    bomb = b"[" * 1_000 + b"1," * 3_000_000 + b"1" + b"]" * 1_000
    files = {"bomb.json": bomb, "cut.parquet": b"PAR1" + bytes(5_000) + b"PAR1", "good.txt": b"words"}
    assert lab.read(files).code == SandboxExit.OK
    kinds = [FileFragments.model_validate_json(p.read_bytes()).kind.value for p in lab.fragments()]
    assert kinds == ["unknown", "unknown", "text"]


def test_a_dataset_that_is_broken_ends_the_check(lab: Lab) -> None:
    assert lab.read({"t.txt": b"words"}).code == SandboxExit.OK
    (lab.root / "survey/people.parquet").write_bytes(b"PAR1 broken PAR1")
    assert lab.check(["t.txt"], Table()) == Ended(SandboxExit.BROKEN_FILE, "broken_file\n")
    assert not (lab.root / "check/out/result.json").exists()


def test_neither_container_takes_a_request_that_is_none(lab: Lab) -> None:
    assert lab.read({"t.txt": b"words"}).code == SandboxExit.OK
    (lab.root / "read/in/request.json").write_text("{}")
    mounts = (Mount(f"{lab.root}/read/in", "/in"), Mount(f"{lab.root}/read/out", "/out", writable=True))
    assert run(Purpose.READER, "read", mounts) == Ended(SandboxExit.BAD_REQUEST, "bad_request\n")
