"""Two ways are measured in turn, and what ends them does not count."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from hub.bench import __main__ as command
from hub.bench import record
from hub.bench.measuring import Pair, measure, seconds
from hub.bench.page import _table
from hub.bench.rows import Row


def test_both_ways_take_turns_and_the_first_round_does_not_count() -> None:
    done: list[str] = []
    told: list[str] = []
    names = ("lab", "instead", "after lab", "after instead", "before lab")
    acts = (lambda name=name: done.append(name) for name in names)
    lab, instead, *around = acts
    row = measure(Pair("x", lab, instead, None, *around), 2, told.append)
    assert done == ["before lab", "lab", "after lab", "instead", "after instead"] * 3
    assert told == ["x: warming up", "x: round 1 of 2", "x: round 2 of 2"]
    assert row.lab < 1


def test_what_ends_a_way_is_done_also_when_the_way_fails() -> None:
    ended: list[bool] = []
    with pytest.raises(ZeroDivisionError):
        seconds(lambda: 1 / 0, lambda: ended.append(True))
    assert ended == [True]


def test_an_interrupted_measurement_says_so_and_leaves_no_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Path] = []

    def rows(folder: Path, rounds: int, tell: object):
        seen.append(folder.parent)
        yield Row("one", 1.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "MEASUREMENTS", {"one": rows})
    assert command.main(["--only", "one"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not seen[0].exists()


def test_a_record_keeps_what_was_not_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    record.write(path, {"a": record.Run("2 cores", 5, (Row("one", 1.0),)), "b": record.Run("2 cores", 5, ())})
    record.write(path, {"b": record.Run("4 cores", 3, ())})
    kept = record.read(path)
    assert kept["a"]["rows"][0]["lab"] == 1.0
    assert kept["b"] == {"machine": "4 cores", "rounds": 3, "rows": [], "commit": "", "moment": ""}


def test_a_record_knows_which_code_was_measured(tmp_path: Path) -> None:
    assert record.present_commit(tmp_path) == ""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=test", "-c", "user.email=test@lab.example"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    (tmp_path / "code.py").write_text("1\n")
    subprocess.run([*git, "add", "code.py"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "Begin"], check=True)
    assert re.fullmatch("[0-9a-f]{12}", record.present_commit(tmp_path))
    (tmp_path / "code.py").write_text("2\n")
    assert re.fullmatch("[0-9a-f]{12}\\+", record.present_commit(tmp_path))


def test_the_page_says_when_and_at_which_commit_a_section_was_recorded() -> None:
    old = {"machine": "2 cores", "rounds": 5, "rows": []}
    *_, said = _table(old | {"commit": "0123456789ab", "moment": "2026-11-27T01:00Z"})
    assert said == "2 cores when it began; rounds: 5; 2026-11-27T01:00Z, commit 0123456789ab."
    *_, said = _table(old)
    assert said == "2 cores when it began; rounds: 5."


def test_fifty_workspaces_are_started_only_when_asked_for() -> None:
    asked = command.parser().parse_args
    assert "fifty" not in command.chosen(asked([]))
    assert "fifty" in command.chosen(asked(["--fifty"]))
    assert list(command.chosen(asked(["--only", "fifty"]))) == ["fifty"]
