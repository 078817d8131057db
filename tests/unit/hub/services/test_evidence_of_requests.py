"""What small parts tell adds up over requests of a project: the real reader and checker, on folders of containers."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from doubles.engine import MemoryEngine
from doubles.people import CONTEXT, finished_run, registered_dataset, submit, work_off
from doubles.sandbox import GoodPrograms, mounted
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.table_context import TableContext
from hub.sandbox import check, read
from hub.services import canaries, exports, other_requests
from hub.services.lab import Lab
from hub.services.splits import split

NAMES = "abcdefgh"


class RealPrograms(GoodPrograms):
    """Reader and checker are the real ones, with a dataset of their own in the place of the mounted one."""

    def __init__(self, engine: MemoryEngine, root: Path) -> None:
        super().__init__(engine)
        self.root = root
        self.turns = 0

    def container(self, body: dict[str, Any]) -> Path:
        """A root folder with what the container sees."""
        self.turns += 1
        root = self.root / f"container-{self.turns}"
        (root / "in").mkdir(parents=True)
        for path in mounted(body, "/in").iterdir():
            if path.is_file():
                (root / "in" / path.name).write_bytes(path.read_bytes())
        (root / "out").symlink_to(mounted(body, "/out"))
        return root

    def read(self, body: dict[str, Any]) -> None:
        read.read(self.container(body))

    def check(self, body: dict[str, Any]) -> None:
        root = self.container(body)
        (root / "in" / "fragments").symlink_to(mounted(body, "/in/fragments"))
        asked = json.loads((root / "in" / "request.json").read_text())
        for dataset in asked["datasets"]:
            dataset["folder"] = str(self.root / "data")
        (root / "in" / "request.json").write_text(json.dumps(asked))
        check.check(root)


@pytest.fixture
def programs(lab: Lab, tmp_path: Path) -> RealPrograms:
    draw = random.Random(5)
    rows = [{"nr": 10**8 + n, "wage": round(draw.lognormvariate(10, 1), 2), "hours": n * 7 % 997} for n in range(2_000)]
    (tmp_path / "data").mkdir()
    pl.DataFrame(rows).write_parquet(tmp_path / "data" / "persons.parquet")
    made = RealPrograms(cast(MemoryEngine, lab.engine), tmp_path)
    made.outputs = {
        f"{name}.json": json.dumps({"a": rows[at]["wage"], "b": rows[at]["hours"]}).encode()
        for at, name in enumerate(NAMES)
    }
    registered_dataset(lab)
    return made


def offered(lab: Lab, run: str, *names: str) -> ExportRequest:
    files = {f"{name}.json": TableContext() for name in names}
    made = exports.create_request(lab, "researcher", "wages", source=run, files=files, context=CONTEXT)
    submit(lab, "researcher", made.id)
    work_off(lab)
    return now(lab, made)


def now(lab: Lab, request: ExportRequest) -> ExportRequest:
    return exports.request(lab, "auditor", request.id)


def blocked_by(request: ExportRequest) -> set[str]:
    return {f.check for file in request.files for f in file.findings if f.severity == "block"}


def test_rows_in_one_request_after_another_are_found(lab: Lab, programs: RealPrograms) -> None:
    run = finished_run(lab).id
    made = [offered(lab, run, name) for name in NAMES]
    at = [request.state for request in made].index(ExportState.BLOCKED)
    assert {request.state for request in made[:at]} == {ExportState.SUBMITTED}
    assert blocked_by(made[at]) == {"scattered-rows"}
    for request in made[:at]:
        exports.withdraw_request(lab, "researcher", request.id)
    assert offered(lab, run, NAMES[at]).state is ExportState.SUBMITTED


def test_a_split_takes_nothing_apart(lab: Lab, programs: RealPrograms) -> None:
    whole = offered(lab, finished_run(lab).id, *NAMES[:4])
    assert (whole.state, blocked_by(whole)) == (ExportState.BLOCKED, {"scattered-rows"})
    halves = [whole]
    for name in NAMES[1:4]:
        halves.append(split(lab, "researcher", whole.id, [f"{name}.json"])[1])
        work_off(lab)
    for half in [*halves, *halves]:
        if now(lab, half).state is ExportState.BLOCKED:
            submit(lab, "researcher", half.id)
            work_off(lab)
    states = [now(lab, half).state for half in halves]
    assert states.count(ExportState.SUBMITTED) == 2
    assert {check for half in halves for check in blocked_by(now(lab, half))} == {"scattered-rows"}


def found(request: ExportRequest, check: str) -> set[str]:
    return {f.severity.value for file in request.files for f in file.findings if f.check == check}


def test_who_pushes_a_half_out_by_harmless_files_is_seen(
    lab: Lab, programs: RealPrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three requests that tell rows together, the newest two push the first out, and the third would pass."""
    harmless = {f"note-{word}.md": f"A {word} note.\n".encode() for word in ("short", "plain")}
    programs.outputs |= harmless
    run = finished_run(lab).id
    fewest = 3
    made = [offered(lab, run, name) for name in NAMES[: fewest - 1]]
    assert {request.state for request in made} == {ExportState.SUBMITTED}
    assert not any(found(request, "uncounted-parts") for request in made)
    for name in harmless:
        other = exports.create_request(
            lab, "researcher", "wages", source=run, files={name: TableContext()}, context=CONTEXT
        )
        submit(lab, "researcher", other.id)
        work_off(lab)
        assert found(now(lab, other), "uncounted-parts") == set()
    monkeypatch.setattr(other_requests, "MOST", len(harmless))
    pushed = offered(lab, run, NAMES[fewest - 1])
    assert blocked_by(pushed) == set()
    assert found(pushed, "uncounted-parts") == {"review"}


def test_a_declared_canary_is_blocked_wherever_it_stands(lab: Lab, programs: RealPrograms) -> None:
    programs.outputs |= {"a.json": b'{"best": "near Zephyrine Quatrelivres"}', "b.json": b'{"best": "nr 100000007"}'}
    run = finished_run(lab).id
    assert not blocked_by(offered(lab, run, "a"))
    canaries.declare_canaries(lab, "jobs-steward", "jobs", ("Zéphyrine quatrelivres",), ({"nr": "100000007"},))
    for name in "ab":
        asked = offered(lab, run, name)
        assert "canary" in blocked_by(asked)
        said = repr(asked).casefold()
        assert not any(word in said for word in ("quatrelivres", "100000007"))
    canaries.declare_canaries(lab, "jobs-steward", "jobs", (), ())
    assert not found(offered(lab, run, "a"), "canary")
