"""Facts about runs on secret data: nobody sees their outputs before no check of the gate blocks them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datasets_mount.catalogue import Tier
from doubles.engine import MemoryEngine
from doubles.people import CONTEXT, JOBS, approved_notebook, play, registered_dataset, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.errors import RefusedError
from hub.domain.runs import Run, Screening
from hub.domain.table_context import TableContext
from hub.domain.work import Work, WorkKind, WorkState
from hub.services import datasets, exports, run_record, runs
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.work import do_round

BLOCKS = {"check": "differencing", "severity": "block", "place": "", "sentence": "It tells of few.", "rule": ""}


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    played = play(lab)
    played.leaves_a_link = False
    registered_dataset(lab, Tier.SECRET)
    return played


def ended(lab: Lab, **values: object) -> Run:
    started, _ = runs.start_run(lab, "researcher", approved_notebook(lab).id, values)
    work_off(lab)
    return runs.run(lab, "researcher", started.id)[0]


def folders(lab: Lab, run: Run) -> tuple[Path, Path]:
    """Where people see a run's outputs, and where they are held back."""
    of_project = lab.storage.project("wages", 200_000)
    return of_project.runs / run.id, of_project.held / run.id


def asked(lab: Lab, run: Run) -> None:
    files = {"table.csv": TableContext()}
    exports.create_request(lab, "researcher", "wages", source=run.id, files=files, context=CONTEXT)


def test_outputs_that_no_check_blocks_are_shown(lab: Lab, programs: GoodPrograms) -> None:
    run = ended(lab)
    assert run.screening is Screening.SHOWN
    assert [file.path for file in run.outputs] == ["table.csv"]
    seen, held = folders(lab, run)
    assert (seen / "table.csv").is_file()
    assert not held.exists()
    asked(lab, run)


def test_outputs_that_a_check_blocks_are_held_back_with_their_names_and_digests(
    lab: Lab, programs: GoodPrograms
) -> None:
    programs.findings = [BLOCKS]
    run = ended(lab)
    assert (run.screening, run.screened_by, run.outputs) == (Screening.HELD, ("differencing",), ())
    assert runs.runs(lab, "researcher")[0][0].outputs == ()
    assert run_record.run_record(lab, "researcher", run.id).run.outputs == ()
    seen, held = folders(lab, run)
    assert (held / "table.csv").is_file()
    assert not seen.exists()
    with pytest.raises(RefusedError, match=r"differencing.*other parameters"):
        asked(lab, run)


@pytest.mark.parametrize("unlisted", [".rows.csv", "rows/.hidden/a.csv", "empty/", "link", "twin.csv"])
def test_outputs_beside_which_lies_what_no_check_saw_are_held_back(
    lab: Lab, programs: GoodPrograms, unlisted: str
) -> None:
    def play_more(name: str, body: dict[str, Any]) -> None:
        programs.play(name, body)
        held = lab.storage.project("wages", 200_000).held
        for folder in held.iterdir():
            add(folder, unlisted)

    lab.engine.on_start = play_more  # type: ignore[attr-defined]
    run = ended(lab)
    assert (run.screening, run.screened_by, run.outputs) == (Screening.HELD, ("unlisted",), ())
    assert not folders(lab, run)[0].exists()


def add(folder: Path, unlisted: str) -> None:
    """Put something into a folder that a listing does not give as a plain file."""
    place = folder / unlisted
    if unlisted.endswith("/"):
        place.mkdir(exist_ok=True)
    elif unlisted == "link":
        place.unlink(missing_ok=True)
        place.symlink_to("P00012 31245")
    elif unlisted == "twin.csv":
        (folder / "first.csv").write_text("P00012")
        place.unlink(missing_ok=True)
        place.hardlink_to(folder / "first.csv")
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("P00012")


def test_while_they_wait_nobody_sees_them(lab: Lab, programs: GoodPrograms) -> None:
    started, _ = runs.start_run(lab, "researcher", approved_notebook(lab).id, {})
    assert started.screening is Screening.WAITING
    work_off_until_screened(lab, started.id)
    run, work, _ = runs.run(lab, "researcher", started.id)
    assert (work.state, run.screening, run.outputs) == (WorkState.SUCCEEDED, Screening.WAITING, ())
    assert not folders(lab, run)[0].exists()
    with pytest.raises(RefusedError, match="wait for the gate"):
        asked(lab, run)


def work_off_until_screened(lab: Lab, run: str) -> None:
    """Let the run end, and take the screening away before it starts."""
    for _ in range(20):
        do_round(lab)
        with lab.store.read() as reading:
            work = reading.get(Work, run)
        if work is not None and work.state is WorkState.SUCCEEDED:
            return


@pytest.mark.parametrize("program", ["read", "check"])
def test_what_cannot_be_read_or_checked_stays_held_back(lab: Lab, programs: GoodPrograms, program: str) -> None:
    notebook = approved_notebook(lab).id

    def play_broken(name: str, body: dict[str, Any]) -> None:
        if str(body["Cmd"][-1]).endswith(program):
            lab.engine.exit(name, 70)  # type: ignore[attr-defined]
        else:
            programs.play(name, body)

    lab.engine.on_start = play_broken  # type: ignore[attr-defined]
    started, _ = runs.start_run(lab, "researcher", notebook, {})
    work_off(lab)
    run = runs.run(lab, "researcher", started.id)[0]
    assert (run.screening, run.screened_by, run.outputs) == (Screening.HELD, ("unreadable",), ())


def test_a_result_that_does_not_cover_every_output_shows_none(lab: Lab, programs: GoodPrograms) -> None:
    programs.outputs = {"table.csv": b"year,persons\n1980,545\n", "other.csv": b"year,persons\n1981,545\n"}
    programs.parts = lambda files: iter([(files[0], 0, files[0]["path"])])  # type: ignore[method-assign]
    run = ended(lab)
    assert (run.screening, run.outputs) == (Screening.HELD, ())


def test_the_other_runs_of_the_notebook_are_compared_with_before_anything_is_shown(
    lab: Lab, programs: GoodPrograms
) -> None:
    first = ended(lab)
    programs.outputs = {"table.csv": b"year,persons\n1980,544\n"}
    ended(lab, minimum=12)
    (sibling,) = [f for f in programs.asked["files"] if f["run"]]
    assert sibling["path"] == f"runs/{first.id}/table.csv"


def test_a_run_on_other_data_is_shown_at_once(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab, Tier.SENSITIVE)
    run = ended(lab)
    assert (run.screening, len(run.outputs)) == (Screening.NONE, 1)
    with lab.store.read() as reading:
        assert reading.find(Work, kind=WorkKind.SCREEN_READ) == []


def test_a_dataset_that_became_secret_meanwhile_is_not_run_on_as_before(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab, Tier.SENSITIVE)
    started, _ = runs.start_run(lab, "researcher", approved_notebook(lab).id, {})
    datasets.register_dataset(lab, "jobs-steward", replace(JOBS, tier=Tier.SECRET))
    work_off(lab)
    _, work, _ = runs.run(lab, "researcher", started.id)
    assert (work.state, work.reason) == (
        WorkState.FAILED,
        "A dataset became secret since the run was asked for; start it again.",
    )


def test_a_dataset_that_becomes_secret_ends_the_runs_that_show_what_they_write(lab: Lab, engine: MemoryEngine) -> None:
    play(lab)
    registered_dataset(lab, Tier.SENSITIVE)
    notebook = approved_notebook(lab).id
    engine.on_start = None
    started, _ = runs.start_run(lab, "researcher", notebook, {})
    do_round(lab)
    assert runs.run(lab, "researcher", started.id)[1].state is WorkState.RUNNING
    datasets.register_dataset(lab, "jobs-steward", replace(JOBS, tier=Tier.SECRET))
    do_round(lab)
    run, work, _ = runs.run(lab, "researcher", started.id)
    assert (work.state, runs.memory(lab, run, work)) == (WorkState.FAILED, None)
    assert work.reason == "A dataset became secret since the run was asked for; start it again."


def test_a_run_that_holds_its_outputs_back_goes_on_when_its_dataset_is_registered_again(
    lab: Lab, engine: MemoryEngine, programs: GoodPrograms
) -> None:
    notebook = approved_notebook(lab).id
    engine.on_start = None
    started, _ = runs.start_run(lab, "researcher", notebook, {})
    do_round(lab)
    datasets.register_dataset(lab, "jobs-steward", replace(JOBS, tier=Tier.SECRET))
    do_round(lab)
    assert runs.run(lab, "researcher", started.id)[1].state is WorkState.RUNNING


def test_of_the_checks_that_block_outputs_people_are_told_one_and_the_audit_log_all(
    lab: Lab, programs: GoodPrograms
) -> None:
    """Which of them do is the code's to choose: a bit for each, of outputs that nobody may see."""
    programs.findings = [BLOCKS | {"check": check} for check in ("secrets", "dominance", "frequency")]
    run = ended(lab)
    assert (run.screening, run.screened_by) == (Screening.HELD, ("dominance",))
    assert runs.runs(lab, "researcher")[0][0].screened_by == ("dominance",)
    with pytest.raises(RefusedError) as refused:
        asked(lab, run)
    assert "dominance" in str(refused.value)
    assert not {"secrets", "frequency"} & set(str(refused.value).replace(",", " ").split())
    with lab.store.read() as reading:
        held = [dict(e.event.details) for e in pages(reading) if e.event.name == "lab:run:hold"]
    assert held == [{"checks": "dominance frequency secrets"}]


@pytest.mark.parametrize(("tier", "told"), [(Tier.SENSITIVE, {"outputs": "2"}), (Tier.SECRET, {})])
def test_how_many_outputs_a_run_on_secret_data_wrote_stands_in_no_event(
    lab: Lab, tier: Tier, told: dict[str, str]
) -> None:
    played = play(lab)
    registered_dataset(lab, tier)
    played.outputs = {"a.csv": b"a,b\n", "b.csv": b"a,b\n"}
    ended(lab)
    with lab.store.read() as reading:
        (happened,) = [dict(e.event.details) for e in pages(reading) if e.event.name == "lab:run:end"]
    assert happened == told | {"end": "succeed"}


def test_that_outputs_are_shown_or_held_back_stands_in_the_audit_log(lab: Lab, programs: GoodPrograms) -> None:
    ended(lab)
    programs.findings = [BLOCKS]
    ended(lab, minimum=12)
    with lab.store.read() as reading:
        found = [e.event for e in pages(reading) if e.event.name in ("lab:run:show", "lab:run:hold")]
    assert [(e.name, dict(e.details)) for e in found] == [
        ("lab:run:show", {}),
        ("lab:run:hold", {"checks": "differencing"}),
    ]
