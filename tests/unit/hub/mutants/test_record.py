"""Facts about results: kept while the source stays, explained by words, and never more than was run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.mutants import page, record
from hub.mutants.explained import Explanation, reasons, without_use
from hub.mutants.modules import Module
from hub.mutants.record import Known, Result
from hub.mutants.trying import Outcome


def module(tmp_path: Path, text: str) -> Module:
    file = tmp_path / "one.py"
    file.write_text(text)
    return Module("rules/one.py", file)


def test_an_outcome_is_kept_until_the_source_changes(tmp_path: Path) -> None:
    first = module(tmp_path, "A = 1\n")
    Known(tmp_path / "cache", first).note("a #1", Outcome.KILLED)
    assert Known(tmp_path / "cache", first).outcomes == {"a #1": Outcome.KILLED}
    assert Known(tmp_path / "cache", module(tmp_path, "A = 2\n")).outcomes == {}


def test_an_explanation_is_for_one_module_and_one_change(tmp_path: Path) -> None:
    (change,) = module(tmp_path, "A = 1\n").changes
    told = [Explanation("rules/one.py", "because", (change.key,)), Explanation("rules/two.py", "not", ("x",))]
    assert reasons(told, "rules/one.py") == {change.key: "because"}
    assert without_use(reasons(told, "rules/one.py"), [change]) == []
    assert without_use(reasons(told, "rules/one.py"), []) == [change.key]


def test_a_module_that_was_not_run_stands_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mutants.json"
    record.write(
        file, ["a.py", "b.py"], {"b.py": Result("0" * 12, 9, 4, 2, 1, {"f: x → y #1": "Both are the same."}, ["z #1"])}
    )
    monkeypatch.setattr(page, "RECORD", file)
    text = page.page()
    assert "| `a.py` | not run yet |" in text
    assert "| `b.py` | 9 | 4 | 2 | 1 | 1 | 1 | 000000000000 |" in text
    assert "* `` f: x → y #1 ``: Both are the same." in text


def test_a_later_run_keeps_what_it_does_not_speak_of(tmp_path: Path) -> None:
    file = tmp_path / "mutants.json"
    one, two = Result("1" * 12, 1, 1, 1, 0, {}, []), Result("2" * 12, 2, 2, 2, 0, {}, [])
    record.write(file, ["a.py", "b.py"], {"a.py": one})
    record.write(file, ["a.py", "b.py"], {"b.py": two})
    assert record.read(file) == {"a.py": one, "b.py": two}
    record.write(file, ["b.py"], {})
    assert record.read(file) == {"b.py": two}


def test_a_result_that_tried_less_of_the_same_source_takes_no_place(tmp_path: Path) -> None:
    file = tmp_path / "mutants.json"
    whole, part = Result("1" * 12, 9, 9, 9, 0, {}, []), Result("1" * 12, 9, 4, 4, 0, {}, [])
    record.write(file, ["a.py"], {"a.py": whole})
    record.write(file, ["a.py"], {"a.py": part})
    assert record.read(file) == {"a.py": whole}
    newer = Result("2" * 12, 9, 4, 4, 0, {}, [])
    record.write(file, ["a.py"], {"a.py": newer})
    assert record.read(file) == {"a.py": newer}
