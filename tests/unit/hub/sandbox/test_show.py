"""Facts about supporting files in the checking program: they are shown, and are no part of what is judged."""

from __future__ import annotations

import errno
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from doubles.workbooks import workbook
from hub.domain.sandbox_exit import SandboxExit
from hub.gate import engine
from hub.gate.exchange import LARGEST_RESULT, CheckResult
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.sandbox import check as program
from hub.sandbox import shares, show
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


WORDS = ("words.csv", b"a;b\n1;2\n")
"""Ten bytes as the gate writes it."""


def refusals(result: CheckResult) -> list[tuple[str, str | None]]:
    """What is said of each supporting file; whatever it is, the one file that is judged is as good as without them."""
    assert [(f.path, f.verdict.value, f.size) for f in result.files] == [("good.csv", "none", 15)]
    return [(s.path, s.refusal and s.refusal.value) for s in result.shown]


def test_all_together_are_shown_up_to_so_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "MOST_SHOWN_BYTES", 25)
    files = (WORDS, ("long.csv", b"a,b\n1000,2000\n"), WORDS, ("more.csv", b"a\n1\n"))
    result = checked(tmp_path, *files)
    assert refusals(result) == [
        ("words.csv", None),
        ("long.csv", "too-large"),
        ("words.csv", None),
        ("more.csv", "too-large"),
    ]
    assert [f.name for f in sorted((tmp_path / "out" / "shown").iterdir())] == ["0002", "0004"]


def test_all_together_are_shown_up_to_so_many_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "MOST_SHOWN", 3)
    book = workbook({"one": [["a"], [1]], "two": [["b"], [2]]})
    told = refusals(checked(tmp_path, ("one.xlsx", book), ("two.xlsx", book), WORDS))
    assert told == [("one.xlsx!one", None), ("one.xlsx!two", None), ("two.xlsx", "too-many-parts"), ("words.csv", None)]


def test_one_that_was_read_into_more_than_is_shown_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "MOST_SHOWN_BYTES", 300)
    assert refusals(checked(tmp_path, ("long.csv", ROWS), WORDS)) == [("long.csv", "too-large"), ("words.csv", None)]


def slow(what: Callable[..., Any]) -> Callable[..., Any]:
    """The same, and it takes its time with supporting files."""

    def slower(*given: Any) -> Any:
        if any(getattr(one, "path", "") == "words.csv" for one in given):
            time.sleep(30)
        return what(*given)

    return slower


@pytest.mark.parametrize(("module", "name"), [(program, "_fragments"), (engine, "canonical")], ids=["read", "written"])
def test_all_together_have_so_many_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    monkeypatch.setattr(shares, "SECONDS_TO_SHOW", 1)
    monkeypatch.setattr(module, name, slow(getattr(module, name)))
    began = time.monotonic()
    result = checked(tmp_path, ("quick.csv", GOOD), WORDS, WORDS, WORDS)
    assert refusals(result) == [("quick.csv", None), *[("words.csv", "out-of-time")] * 3]
    assert time.monotonic() - began < 20


def test_where_the_checks_took_long_none_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SHARE_OF_LIFE", 0)
    assert refusals(checked(tmp_path, WORDS)) == [("words.csv", "out-of-time")]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_refuses_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    def full(*_: Any) -> None:
        raise OSError(error, "full")

    monkeypatch.setattr(show, "write_atomically", full)
    assert refusals(checked(tmp_path, WORDS)) == [("words.csv", "too-large")]


def test_a_broken_disk_ends_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(show, "write_atomically", broken)
    with pytest.raises(OSError, match="broken"):
        checked(tmp_path, WORDS)


@pytest.mark.parametrize(("free", "said"), [(LARGEST_RESULT + 10, None), (LARGEST_RESULT + 9, "too-large")])
def test_room_is_left_for_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, said: str | None
) -> None:
    monkeypatch.setattr(show.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert refusals(checked(tmp_path, WORDS)) == [("words.csv", said)]


def test_a_slow_one_leaves_time_to_those_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SECONDS_TO_SHOW", 8)
    monkeypatch.setattr(program, "_fragments", slow(program._fragments))
    others = [(f"{n}.csv", GOOD) for n in range(3)]
    result = checked(tmp_path, WORDS, *others)
    assert refusals(result) == [("words.csv", "out-of-time"), *[(path, None) for path, _ in others]]
