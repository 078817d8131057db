"""Which outputs of other runs a run's outputs are compared with before they leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from doubles.people import approved_notebook, checked_request, play, registered_dataset, work_off
from hub.domain.exports import ExportFile, ExportRequest
from hub.domain.notebooks import Notebook
from hub.domain.runs import OutputFile, Run, Screening
from hub.domain.table_context import TableContext
from hub.services import runs
from hub.services.lab import Lab
from hub.services.sibling_runs import LARGEST, MOST, MOST_BYTES, entry_of, siblings_of

SNAPSHOTS = {"wages": "a" * 64}
NOW = datetime(2026, 3, 2, tzinfo=UTC)
DECLARED = TableContext("wages", ("occupation",), filter="hours <= 2600")


def run(number: int, notebook: str = "notebook-1", **changes: Any) -> Run:
    file = OutputFile("table.csv", f"{number:064d}", 20)
    made = Run(f"run-{number}", "care", notebook, f"person-{number}", NOW, {"hours": number}, SNAPSHOTS, (file,))
    return replace(made, **changes)


def notebook(identifier: str, name: str) -> Notebook:
    return Notebook(identifier, "care", name, "Hours", "ann", "d" * 64, ("wages",), "image", NOW)


NOTEBOOKS = (notebook("notebook-1", "hours"), notebook("notebook-2", "hours"), notebook("notebook-3", "other"))
REQUEST = ExportRequest(
    *("export-1", "care", "ann", "run-1", "why", NOW, SNAPSHOTS),
    (ExportFile("table.csv", DECLARED, f"{1:064d}", 20),),
)


class Known:
    """A store of notebooks and runs of one project."""

    def __init__(self, *kept: Run) -> None:
        self.kept = {Run: list(kept), Notebook: list(NOTEBOOKS)}

    def find(self, kind: type[Any], **equal: object) -> list[Any]:
        assert equal == {"project": "care"}
        return self.kept[kind]


def paths(*kept: Run, request: ExportRequest = REQUEST) -> list[str]:
    reading: Any = Known(*kept)
    return [file.path for file, _, _ in siblings_of(reading, request, 2).files]


@pytest.mark.parametrize("source", ["run-1", "workspace"])
def test_what_nobody_sees_is_compared_with_by_nobody(source: str) -> None:
    """Who offers guesses beside a copied output would be told which of them is near to it."""
    others = (run(2, screening=Screening.HELD), run(3, screening=Screening.WAITING), run(4, screening=Screening.SHOWN))
    shown = run(1, screening=Screening.SHOWN)
    asked = replace(REQUEST, source=source)
    assert [path for path in paths(shown, *others, request=asked) if "run-1/" not in path] == ["runs/run-4/table.csv"]


def test_whoever_guesses_what_is_held_back_byte_for_byte_learns_nothing_of_it() -> None:
    guessed = replace(REQUEST, source="workspace", files=(ExportFile("guess.csv", DECLARED, f"{2:064d}", 20),))
    assert paths(run(2, screening=Screening.HELD), run(3), request=guessed) == []
    assert paths(run(2, screening=Screening.SHOWN), run(3), request=guessed) == ["runs/run-3/table.csv"]


def test_outputs_that_wait_are_compared_with_each_other() -> None:
    screening = replace(REQUEST, id="run-1")
    others = (run(2, screening=Screening.HELD), run(3, screening=Screening.WAITING))
    assert paths(run(1, screening=Screening.WAITING), *others, request=screening) == ["runs/run-3/table.csv"]


def test_every_other_run_of_the_notebook_counts_whoever_asked_for_it_newest_first() -> None:
    reading: Any = Known(run(1), run(2), run(3))
    found = siblings_of(reading, REQUEST, 5)
    assert [(f.index, f.path, sha256, size) for f, sha256, size in found.files] == [
        (5, "runs/run-3/table.csv", f"{3:064d}", 20),
        (6, "runs/run-2/table.csv", f"{2:064d}", 20),
    ]
    assert found.complete


def test_another_version_of_the_notebook_counts_and_another_notebook_does_not() -> None:
    assert paths(run(1), run(2, "notebook-2"), run(3, "notebook-3")) == ["runs/run-2/table.csv"]


def test_a_run_on_another_snapshot_is_marked_and_one_on_other_data_does_not_count() -> None:
    assert paths(run(1), run(2, snapshots={"wages": "b" * 64})) == ["runs-of-other-versions/run-2/table.csv"]
    assert paths(run(1), run(2, snapshots={"health": "b" * 64})) == []


def test_what_was_copied_out_of_a_run_counts_as_its_output() -> None:
    copied = replace(REQUEST, source="workspace")
    assert paths(run(1), run(2), request=copied) == ["runs/run-2/table.csv"]
    own_work = replace(copied, files=(ExportFile("mine.csv", sha256="f" * 64, size=3),))
    assert paths(run(1), run(2), request=own_work) == []


def test_the_same_bytes_and_pictures_are_not_compared() -> None:
    assert paths(run(1), run(2, outputs=run(1).outputs), run(3), run(4, outputs=run(3).outputs)) == [
        "runs/run-4/table.csv"
    ]
    assert paths(run(1), run(2, outputs=(OutputFile("figure.png", "e" * 64, 9),))) == []


@pytest.mark.parametrize(
    ("size", "count", "kept"), [(10, MOST + 1, MOST), (LARGEST, 10, MOST_BYTES // LARGEST), (LARGEST + 1, 1, 0)]
)
def test_more_than_a_check_takes_is_said(size: int, count: int, kept: int) -> None:
    outputs = tuple(OutputFile(f"{n}.csv", f"{n:063d}x", size) for n in range(count))
    reading: Any = Known(run(1), run(2, outputs=outputs))
    found = siblings_of(reading, REQUEST, 2)
    assert (len(found.files), found.complete) == (kept, False)


def test_a_sibling_is_declared_as_the_own_file_of_its_name_but_for_the_filter() -> None:
    reading: Any = Known(run(1), run(2), run(3, snapshots={"wages": "b" * 64}))
    later, same = (entry_of(file, REQUEST) for file, _, _ in siblings_of(reading, REQUEST, 2).files)
    assert later is not None
    assert same is not None
    assert (later.run, later.current, same.run, same.current) == (True, False, True, True)
    assert (same.table.dimensions, same.table.filter) == (("occupation",), "")
    assert entry_of(same.model_copy(update={"path": "left/export-2/table.csv"}), REQUEST) is None


def test_the_checker_is_given_the_outputs_of_the_other_runs(lab: Lab) -> None:
    programs = play(lab)
    registered_dataset(lab)
    runs.start_run(lab, "scientist", approved_notebook(lab).id, {"minimum": 12})
    programs.outputs = {"table.csv": b"year,persons\n1980,544\n"}
    work_off(lab)
    programs.outputs = {"table.csv": b"year,persons\n1980,545\n"}
    checked_request(lab)
    (sibling,) = [f for f in programs.asked["files"] if f["run"]]
    assert sibling["path"].startswith("runs/run-")
    assert (sibling["current"], sibling["other"]) == (True, False)
    assert programs.complete
