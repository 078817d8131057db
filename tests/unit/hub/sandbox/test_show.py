"""Facts about supporting files in the checking program: they are shown, and are no part of what is judged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from doubles.workbooks import workbook
from hub.domain.sandbox_exit import SandboxExit
from hub.gate.exchange import CheckResult
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.sandbox import check as program
from hub.sandbox.program import judge

ROWS = b"person,group\n" + b"".join(f"{n},a\n".encode() for n in range(40))
GOOD = b"group,n\na,55\n"
DECLARED = {"dataset": "survey", "dimensions": ["group"]}


def checked(root: Path, *supporting: tuple[str, bytes]) -> CheckResult:
    """Check one good table, with supporting files beside it."""
    for name in ("in/fragments", "out", "data/survey"):
        (root / name).mkdir(parents=True)
    people = pl.DataFrame({"person": range(60), "group": ["a"] * 55 + ["b"] * 5})
    people.write_parquet(root / "data" / "survey" / "people.parquet")
    offered = [("good.csv", GOOD), *supporting]
    entries: list[dict[str, Any]] = []
    for index, (path, content) in enumerate(offered, 1):
        entries.append({"index": index, "path": path})
        fragments = read_file(index, path, content).model_dump_json()
        (root / "in" / "fragments" / f"{index:04d}.json").write_text(fragments)
    request = {
        "files": [entries[0] | {"table": DECLARED}],
        "supporting": entries[1:],
        "datasets": [{"name": "survey", "folder": str(root / "data" / "survey"), "privacy_unit": "person"}],
        "policy": load_profile("uk-sacro").model_dump(mode="json"),
    }
    (root / "in" / "request.json").write_text(json.dumps(request))
    assert judge(lambda folder: program.check(folder, 60), root) is SandboxExit.OK
    return CheckResult.model_validate_json((root / "out" / "result.json").read_bytes())


def test_rows_of_people_support_a_table_without_being_judged_compared_or_counted(tmp_path: Path) -> None:
    alone, beside = checked(tmp_path / "alone"), checked(tmp_path / "beside", ("rows.csv", ROWS), ("copy.csv", GOOD))
    assert beside.files == alone.files
    assert (beside.verdict, beside.policy_digest) == (alone.verdict, alone.policy_digest)
    assert [f.name for f in sorted((tmp_path / "beside/out/canonical").iterdir())] == ["0001"]


def test_it_is_written_anew_to_be_shown(tmp_path: Path) -> None:
    [shown] = checked(tmp_path, ("words.csv", b"a;b\n1;2\n")).shown
    content = (tmp_path / "out" / "shown" / "0002").read_bytes()
    assert content == b"a,b\r\n1,2\r\n"
    assert (shown.path, shown.sha256, shown.size) == ("words.csv", hashlib.sha256(content).hexdigest(), len(content))


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("page.html", b"<html><script>alert(1)</script></html>", "html"),
        ("empty.csv", b"", "empty"),
        ("model.pkl", b"\x80\x04\x95.", "pickle"),
    ],
)
def test_what_the_gate_does_not_read_is_not_shown_and_says_why(
    tmp_path: Path, path: str, content: bytes, reason: str
) -> None:
    result = checked(tmp_path, (path, content))
    assert [(s.path, s.refusal, s.sha256) for s in result.shown] == [(path, reason, "")]
    assert not list((tmp_path / "out" / "shown").iterdir())
    assert result.verdict.value == "none"


def test_a_workbook_is_shown_sheet_by_sheet(tmp_path: Path) -> None:
    book = workbook({"one": [["a"], [1]], "two": [["b"], [2]]})
    result = checked(tmp_path, ("book.xlsx", book))
    assert [(s.part, s.path.startswith("book.xlsx")) for s in result.shown] == [(1, True), (2, True)]
    assert [f.name for f in sorted((tmp_path / "out/shown").iterdir())] == ["0002-1", "0002-2"]
