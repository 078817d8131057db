"""Facts about runs that are run again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.domain.errors import ConflictError
from hub.domain.reproductions import Repetition, Reproduction, check_can_reproduce, repetition_of, reproduction
from hub.domain.runs import OutputFile, Run, seeds
from hub.domain.work import Work, WorkKind, WorkState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLE, NOTES = OutputFile("table.csv", "a" * 64, 3), OutputFile("notes.txt", "b" * 64, 4)
ORIGINAL = Run("run-1", "care", "notebook-1", "researcher", NOW, {}, {}, (TABLE, NOTES))
WORK = Work("run-2", WorkKind.RUN, "run-2", "researcher", NOW, WorkState.SUCCEEDED)


def repeated(*outputs: OutputFile, state: WorkState = WorkState.SUCCEEDED) -> Repetition:
    run = replace(ORIGINAL, id="run-2", outputs=outputs, reproduces="run-1")
    return repetition_of(ORIGINAL, run, replace(WORK, state=state))


def test_the_same_outputs_in_any_order_are_equal() -> None:
    assert repeated(NOTES, TABLE) == Repetition("run-2", WorkState.SUCCEEDED, True)


@pytest.mark.parametrize(
    ("outputs", "differing"),
    [
        ((replace(TABLE, sha256="c" * 64), NOTES), ("table.csv",)),
        ((TABLE,), ("notes.txt",)),
        ((TABLE, NOTES, replace(NOTES, path="more.txt")), ("more.txt",)),
        ((replace(TABLE, path="renamed.csv"), NOTES), ("renamed.csv", "table.csv")),
        ((), ("notes.txt", "table.csv")),
    ],
)
def test_changed_missing_new_and_renamed_outputs_are_named(
    outputs: tuple[OutputFile, ...], differing: tuple[str, ...]
) -> None:
    found = repeated(*outputs)
    assert (found.equal, found.differing) == (False, differing)
    assert reproduction((found,)) is Reproduction.NOT_REPRODUCED


@pytest.mark.parametrize("state", [s for s in WorkState if s is not WorkState.SUCCEEDED])
def test_a_repetition_that_did_not_end_well_says_nothing(state: WorkState) -> None:
    found = repeated(TABLE, NOTES, state=state)
    assert (found.equal, found.differing, reproduction((found,))) == (False, (), Reproduction.UNTRIED)
    assert reproduction((found, repeated(TABLE, NOTES))) is Reproduction.REPRODUCED


def test_one_with_other_outputs_outweighs_all_that_are_equal() -> None:
    mixed = (repeated(TABLE, NOTES), repeated(TABLE), repeated(TABLE, NOTES))
    assert reproduction((repeated(TABLE, NOTES),)) is Reproduction.REPRODUCED
    assert reproduction(mixed) is Reproduction.NOT_REPRODUCED
    assert reproduction(()) is Reproduction.UNTRIED


@pytest.mark.parametrize("state", [s for s in WorkState if s is not WorkState.SUCCEEDED])
def test_only_a_run_that_succeeded_is_repeated(state: WorkState) -> None:
    with pytest.raises(ConflictError, match="did not succeed"):
        check_can_reproduce(ORIGINAL, replace(WORK, state=state))
    check_can_reproduce(ORIGINAL, WORK)


def test_a_repetition_is_not_repeated_itself() -> None:
    with pytest.raises(ConflictError, match="repeat that one"):
        check_can_reproduce(replace(ORIGINAL, reproduces="run-0"), WORK)


def test_seeds_are_whole_numbers_by_name() -> None:
    values = {"seed": 1, "draw_seed": 2, "seeds": 3, "seed_share": 4, "other_seed": True, "word_seed": "x"}
    assert seeds(values) == {"seed": 1, "draw_seed": 2}
