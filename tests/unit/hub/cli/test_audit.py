from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from doubles.api import Answer, FakeLab
from hub.cli import audit

Command = Callable[..., Result]


@pytest.fixture
def log(past: Any) -> list[Any]:
    """What the API gives of a log, with a story in it."""
    return copy.deepcopy(past.log)


def test_the_log_is_walked_page_by_page(
    fake: FakeLab, datalab: Command, log: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 10)
    fake.answers[("GET", "/audit")] = [Answer(log[n : n + 10]) for n in range(0, len(log) + 10, 10)]
    fake.answers[("GET", "/audit/access-log")] = Answer({"files": 1, "lines": 7})
    done = datalab("audit", "verify", "--json")
    assert done.exit_code == 0, done.stderr
    head = {"unbroken": True, "entries": len(log), "head": log[-1]["digest"]}
    assert json.loads(done.stdout) == head | {"access_log_lines": 7}
    assert [c.query.get("after") for c in fake.calls][:2] == ["0", "10"]


@pytest.fixture
def exported(fake: FakeLab, datalab: Command, log: list[Any], tmp_path: Path) -> Path:
    fake.answers[("GET", "/audit")] = [Answer(log), Answer([])]
    file = tmp_path / "audit.jsonl"
    assert datalab("audit", "export", str(file)).exit_code == 0
    assert datalab("audit", "export", str(file)).exit_code == 1
    return file


def test_an_exported_log_is_verified_offline(datalab: Command, exported: Path, log: list[Any]) -> None:
    done = datalab("audit", "verify", "--file", str(exported))
    assert done.exit_code == 0, done.stderr
    assert log[-1]["digest"] in done.stdout


CHANGES: dict[str, Callable[[list[Any]], object]] = {
    "actor": lambda rows: rows[6]["event"].update(actor="nobody"),
    "time": lambda rows: rows[6].update(at="2020-01-01T00:00:00Z"),
    "details": lambda rows: rows[6]["event"]["details"].append(["more", "1"]),
    "another field": lambda rows: rows[6].update(note="1"),
    "a type": lambda rows: rows[6].update(seq="7"),
    "digest": lambda rows: rows[6].update(digest="0" * 64),
    "taken out": lambda rows: rows.pop(6),
    "exchanged": lambda rows: rows.insert(6, rows.pop(7)),
    "no entry": lambda rows: rows.__setitem__(6, "text"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_entry_is_found_and_named(datalab: Command, exported: Path, log: list[Any], change: str) -> None:
    CHANGES[change](log)
    exported.write_text("".join(json.dumps(row) + "\n" for row in log))
    done = datalab("audit", "verify", "--file", str(exported))
    assert done.exit_code == 1
    assert "breaks at entry 7" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("line", ["", "{", "[" * 100_000, "\udcff"])
def test_a_line_that_is_no_entry_is_named(datalab: Command, exported: Path, line: str) -> None:
    rows = exported.read_text().splitlines()
    rows[2] = line
    exported.write_bytes("\n".join(rows).encode("utf-8", "surrogateescape"))
    assert "breaks at entry 3" in datalab("audit", "verify", "--file", str(exported)).stderr


def test_entries_are_shown_in_a_table(fake: FakeLab, datalab: Command, log: list[Any]) -> None:
    fake.answers[("GET", "/audit")] = Answer(log[:5])
    assert "installation" in datalab("audit", "show").stdout
