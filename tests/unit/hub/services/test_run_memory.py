"""Facts about what people are told of the memory that a run uses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datasets_mount.catalogue import Tier
from doubles.engine import MemoryEngine
from doubles.people import approved_notebook, play, registered_dataset
from hub.domain.run_memory import STEP, RunMemory, memory_of
from hub.domain.runs import Resources, Screening, as_shown
from hub.services import runs
from hub.services.lab import Lab
from hub.services.work import do_round
from spawner_config.names import work_container

ALLOWED = 2 * 2**30


def started(lab: Lab, engine: MemoryEngine, notebook: str) -> str:
    """The identifier of a run that goes on until a test ends it."""
    engine.on_start = None
    run = runs.start_run(lab, "researcher", notebook, {})[0].id
    do_round(lab)
    do_round(lab)
    return run


def started_on(lab: Lab, engine: MemoryEngine, tier: Tier) -> str:
    play(lab)
    registered_dataset(lab, tier)
    return started(lab, engine, approved_notebook(lab).id)


@pytest.fixture
def running(lab: Lab, engine: MemoryEngine, notebook: str) -> str:
    run = started(lab, engine, notebook)
    engine.memories[run] = 100 * 2**20
    return run


def told(lab: Lab, run: str) -> RunMemory | None:
    kept, work, _ = runs.run(lab, "researcher", run)
    return runs.memory(lab, kept, work)


@pytest.mark.parametrize(
    ("used", "shown"),
    [(0, STEP), (1, STEP), (STEP * 3 // 2 - 1, STEP), (100 * 2**20, 6 * STEP), (ALLOWED, ALLOWED), (2**40, ALLOWED)],
)
def test_memory_is_told_in_steps_and_never_above_what_is_allowed(used: int, shown: int) -> None:
    assert memory_of(used, ALLOWED) == RunMemory(shown, ALLOWED)


def test_a_run_that_goes_on_tells_what_it_uses(lab: Lab, running: str) -> None:
    assert told(lab, running) == RunMemory(6 * STEP, lab.settings.run.memory)


def test_a_run_that_waits_or_has_ended_tells_nothing(
    lab: Lab, engine: MemoryEngine, notebook: str, running: str
) -> None:
    later = runs.start_run(lab, "researcher", notebook, {})[0].id
    engine.memories[later] = 2**30
    assert told(lab, later) is None
    runs.cancel_run(lab, "researcher", running)
    do_round(lab)
    assert told(lab, running) is None


def test_an_engine_that_is_away_keeps_nobody_from_following(lab: Lab, engine: MemoryEngine, running: str) -> None:
    engine.answers = False
    assert told(lab, running) is None


def test_of_a_run_on_secret_data_the_engine_is_not_even_asked(
    lab: Lab, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started_on(lab, engine, Tier.SECRET)
    asked: list[str] = []
    monkeypatch.setattr(engine, "memory", asked.append)
    assert runs.run(lab, "researcher", run)[1].state == "running"
    assert told(lab, run) is None
    assert asked == []


@pytest.mark.parametrize("screening", [Screening.WAITING, Screening.HELD, Screening.SHOWN])
def test_what_a_run_on_secret_data_used_is_shown_to_nobody(lab: Lab, running: str, screening: Screening) -> None:
    run = replace(
        runs.run(lab, "researcher", running)[0], screening=screening, resources=Resources(ALLOWED, 123, 1.0, 4.5)
    )
    assert as_shown(run).resources == Resources(ALLOWED, None, 1.0, None)
    open_run = replace(run, screening=Screening.NONE)
    assert as_shown(open_run) == open_run


def test_of_a_run_on_secret_data_the_progress_is_not_looked_at(
    lab: Lab, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell can write the file: what stands there may be what was read."""
    run = started_on(lab, engine, Tier.SECRET)
    asked: list[str] = []
    monkeypatch.setattr(lab.storage, "progress", asked.append)
    _, work, progress = runs.run(lab, "researcher", run)
    assert (work.state, progress, asked) == ("running", None, [])


@pytest.mark.parametrize(("tier", "said"), [(Tier.SENSITIVE, ": 7 that are"), (Tier.SECRET, ": what are")])
def test_how_many_outputs_were_left_out_is_not_told_of_a_run_on_secret_data(
    lab: Lab, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, tier: Tier, said: str
) -> None:
    run = started_on(lab, engine, tier)
    monkeypatch.setattr(lab.storage, "listing", lambda _: ([], 7))
    engine.exit(work_container("datalab", run), 0)
    do_round(lab)
    assert said in runs.run(lab, "researcher", run)[1].reason
