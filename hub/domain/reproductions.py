"""Reproduction: a run is run again, and is *reproduced* where the same outputs came of it, byte for byte.

Invariants:

* outputs are compared by path and SHA-256, all of them, the executed notebook too;
* one repetition that ended well with other outputs is enough for a run not to be reproduced, whatever others gave;
* a repetition that did not end well, or has not ended, says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.domain.errors import ConflictError
from hub.domain.runs import Run
from hub.domain.work import Work, WorkState


class Reproduction(StrEnum):
    """What came of running a run again."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not_reproduced"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition of a run: how it ended and, where that was well, whose outputs were others; paths in order."""

    run: str
    state: WorkState
    equal: bool = False
    differing: tuple[str, ...] = ()


def repetition_of(original: Run, repeated: Run, work: Work) -> Repetition:
    """Compare a repetition with the run that it repeats; nothing is equal before it has succeeded."""
    if work.state is not WorkState.SUCCEEDED:
        return Repetition(repeated.id, work.state)
    before, after = ({f.path: f.sha256 for f in run.outputs} for run in (original, repeated))
    differing = tuple(sorted(path for path in before | after if before.get(path) != after.get(path)))
    return Repetition(repeated.id, work.state, not differing, differing)


def reproduction(repetitions: tuple[Repetition, ...]) -> Reproduction:
    """Reproduced is a run of which some repetition gave the same outputs, and none gave others."""
    ended = [r for r in repetitions if r.state is WorkState.SUCCEEDED]
    if not ended:
        return Reproduction.UNTRIED
    return Reproduction.REPRODUCED if all(r.equal for r in ended) else Reproduction.NOT_REPRODUCED


def check_can_reproduce(run: Run, work: Work) -> None:
    """A run that succeeded is run again; a repetition is not repeated itself, its original is."""
    if work.state is not WorkState.SUCCEEDED:
        raise ConflictError(
            "The run {id} did not succeed, so there are no outputs to compare with; start a new run.",
            reason="run-not-succeeded",
            id=run.id,
        )
    if run.reproduces:
        raise ConflictError(
            "The run {id} repeats the run {original}; repeat that one.",
            reason="run-is-repetition",
            id=run.id,
            original=run.reproduces,
        )
