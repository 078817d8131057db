"""Facts about the states of work."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import ConflictError
from hub.domain.sandbox_exit import SENTENCES, SandboxExit, sentence
from hub.domain.work import ENDED, STEPS, Work, WorkKind, WorkState, WorkStep, step_work

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
QUEUED = Work("run-1", WorkKind.RUN, "run-1", "researcher", NOW)


@given(st.lists(st.sampled_from(WorkStep), max_size=8))
def test_an_ended_work_never_moves_again(steps: list[WorkStep]) -> None:
    work = QUEUED
    for step in steps:
        before = work.state
        try:
            work = step_work(work, step, now=NOW)
        except ConflictError:
            continue
        assert before not in ENDED
    assert work.state is QUEUED.state or any(state is work.state for state in STEPS.values())


def test_a_work_is_never_started_without_being_claimed() -> None:
    with pytest.raises(ConflictError, match="queued"):
        step_work(QUEUED, WorkStep.START, now=NOW)


def test_start_and_end_are_dated() -> None:
    running = step_work(step_work(QUEUED, WorkStep.CLAIM, now=NOW), WorkStep.START, now=NOW)
    ended = step_work(running, WorkStep.FAIL, now=NOW, reason="why", exit_code=15)
    assert (running.started, running.ended) == (NOW, None)
    assert (ended.ended, ended.exit_code, ended.reason, ended.state) == (NOW, 15, "why", WorkState.FAILED)


@pytest.mark.parametrize("code", [c for c in SandboxExit if c is not SandboxExit.OK])
def test_every_exit_code_has_a_sentence(code: SandboxExit) -> None:
    assert code in SENTENCES


def test_memory_is_named_before_the_exit_code() -> None:
    assert "memory" in sentence(137, out_of_memory=True)
    assert "memory" not in sentence(137)
