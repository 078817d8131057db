"""Snapshot and inspection in real containers: foreign bytes are parsed there, and nothing but the result comes back."""

import json
from pathlib import Path

import polars as pl
import pytest

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import InspectResult, SnapshotResult
from integration.sandbox_container import code_cell, notebook_of, on_small_disk, read, word


def offered(*names: str, **more: object) -> bytes:
    return json.dumps({"files": [{"index": n, "name": name} for n, name in enumerate(names, 1)], **more}).encode()


def result_of(root: Path) -> bytes:
    return (root / "out" / "result.json").read_bytes()


def test_csv_and_parquet_become_a_snapshot(tmp_path: Path) -> None:
    pl.DataFrame({"nr": [1], "wage": [2.5]}).write_parquet(tmp_path / "wages.parquet")
    inside = {
        "request.json": offered("persons.csv", "wages.parquet", privacy_unit="nr"),
        "0001": b"nr;name\n1;x\n2;y\n",
        "0002": (tmp_path / "wages.parquet").read_bytes(),
    }
    done = read(tmp_path / "work", "snapshot", inside)
    assert (done.code, done.said) == (0, word(SandboxExit.OK))
    result = SnapshotResult.model_validate_json(result_of(done.root))
    assert [(f.path, f.rows) for f in result.files] == [("persons.parquet", 2), ("wages.parquet", 1)]
    assert sorted(p.name for p in (done.root / "out").iterdir()) == ["persons.parquet", "result.json", "wages.parquet"]


def test_broken_file_is_named_and_none_of_its_bytes_is_said(tmp_path: Path) -> None:
    inside = {"request.json": offered("good.csv", "bad.csv"), "0001": b"a\n1\n", "0002": b"secret,b\n1\n"}
    done = read(tmp_path / "work", "snapshot", inside)
    assert (done.code, done.said) == (SandboxExit.BROKEN_FILE, word(SandboxExit.BROKEN_FILE))
    assert SnapshotResult.model_validate_json(result_of(done.root)) == SnapshotResult(fault=2)


def test_full_disk_is_said_and_no_result_is_left(tmp_path: Path) -> None:
    numbers = pl.Series(range(100_000)).hash(1).to_list()
    body = "a\n" + "".join(f"{n % 10**15}\n" for n in numbers)
    inside = {"request.json": offered("big.csv"), "0001": body.encode()}
    done = read(tmp_path / "work", "snapshot", inside, change=on_small_disk("/out"))
    assert (done.code, done.said) == (SandboxExit.OUTPUT_FULL, word(SandboxExit.OUTPUT_FULL))


def test_submitted_notebook_is_inspected(tmp_path: Path) -> None:
    body = notebook_of(code_cell("by = 'educ'", "parameters"), "print('not run')")
    done = read(tmp_path / "work", "inspect_notebook", {"notebook.ipynb": body})
    assert (done.code, done.said) == (0, word(SandboxExit.OK))
    result = InspectResult.model_validate_json(result_of(done.root))
    assert [c.source for c in result.cells] == ["by = 'educ'", "print('not run')"]
    assert [p.name for p in result.schema_values()] == ["by"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"secret", SandboxExit.NOT_A_NOTEBOOK),
        (notebook_of(code_cell("secret", "injected-parameters")), SandboxExit.REFUSED_TAG),
    ],
)
def test_refused_notebook_leaves_no_result_and_no_word_of_its_own(
    tmp_path: Path, body: bytes, code: SandboxExit
) -> None:
    done = read(tmp_path / "work", "inspect_notebook", {"notebook.ipynb": body})
    assert (done.code, done.said) == (code, word(code))
    assert list((done.root / "out").iterdir()) == []
