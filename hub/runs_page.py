"""States of runs and notebooks, and the schema of a notebook's parameters.

``python -m hub.runs_page > docs/reference/runs.md`` writes the page.

What follows on what, which words there are and what ends a run is read from the rules; only the meanings stand here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from hub.domain.errors import InvalidError
from hub.domain.free_text import LONGEST_TEXT
from hub.domain.notebooks import (
    NOTEBOOK_STEPS,
    PARAMETER_NAME,
    NotebookState,
    Parameter,
    ParameterType,
    check_schema,
    check_value,
    describe,
)
from hub.domain.priorities import Priority
from hub.domain.sandbox_exit import OUT_OF_MEMORY, SENTENCES, SandboxExit
from hub.domain.work import STEPS, WorkState
from hub.sandbox.exchange import MOST_PARAMETERS

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=str)

HEAD = """\
# Runs, notebooks and parameters

This page is made from the rules by `python -m hub.runs_page`; a test fails when the two differ. How to run a notebook
stands in the [tutorial](../tutorial/lab-researcher.md), how to approve one in
[a page of its own](../how-to/approve-notebooks.md).
"""
RUNS = """\
## States of a run

The lab decides a state from what it saw of the container: its exit code, whether the kernel ended it for memory, how
long it ran. It never believes the executed notebook, which calls every cell “completed” after a kernel's death.
"""
RUN_STATES = {
    WorkState.QUEUED: "it waits for its project's turn; no container was ever made for it",
    WorkState.STARTING: "its container is being made; a worker that starts again finds it by the run's name",
    WorkState.RUNNING: "its container runs; its page shows the cell, the time so far, and what is left by earlier runs",
    WorkState.SUCCEEDED: "every cell ran to its end, and all of its outputs are listed",
    WorkState.FAILED: "it ended early, and a sentence says why; what it had written until then is listed",
    WorkState.CANCELLED: "somebody who may ended it, or its notebook was withdrawn",
    WorkState.TIMED_OUT: "it was longer under way than a run may be",
    WorkState.LOST: "its container was gone when the lab looked for it; nothing is started again blindly",
}
NOTEBOOK_STATES = {
    NotebookState.INSPECTING: "the lab reads it, and runs it from top to bottom on invented rows",
    NotebookState.SUBMITTED: "it waits for the approvals that its datasets ask for",
    NotebookState.APPROVED: "these bytes run, with parameters inside this schema, on these datasets",
    NotebookState.REFUSED: "an approver said no, or the inspection did; the reason stands beside it",
    NotebookState.SUPERSEDED: "a newer version of the same name was approved; it starts no more runs",
    NotebookState.WITHDRAWN: "its author, a steward or an approver took it back; its runs that wait or go on are ended",
}
PRIORITIES = {
    Priority.HIGH: "before the project's other runs; only its lead sets it",
    Priority.NORMAL: "in the order in which they were asked for",
    Priority.LOW: "after the project's others",
}
ENDS = (
    SandboxExit.CELL_FAILED,
    SandboxExit.CELL_TIMED_OUT,
    SandboxExit.KERNEL_DIED,
    SandboxExit.OUTPUT_FULL,
    SandboxExit.DIGEST_MISMATCH,
    SandboxExit.CRASHED,
)
"""What an approved notebook's run can end with; the other codes are of other programs."""
SCHEMA = f"""\
## Parameters

A schema is a list of at most {MOST_PARAMETERS} parameters, as JSON for `datalab notebook approve --schema`. A run gives
a value for each or takes its default; an unknown name, another type or a value outside the limits starts nothing.

| field | holds |
| --- | --- |
| `name` | matches `{PARAMETER_NAME.pattern}` and is no word of Python's own: papermill makes code of it |
| `type` | one of the words below |
| `default` | what a run takes without a value; it must lie inside the limits itself |
| `minimum`, `maximum` | of numbers, both included; without one, a million billions to either side |
| `choices` | of a choice: the words that it may be, all of them |
"""
EXAMPLES = {
    ParameterType.INTEGER: Parameter("minimum", ParameterType.INTEGER, 11, 11, 50),
    ParameterType.NUMBER: Parameter("share", ParameterType.NUMBER, 0.5, 0, 1),
    ParameterType.BOOLEAN: Parameter("weighted", ParameterType.BOOLEAN, default=False),
    ParameterType.CHOICE: Parameter("by", ParameterType.CHOICE, "educ", choices=("educ", "union", "year")),
    ParameterType.TEXT: Parameter("title", ParameterType.TEXT, "Wages by years of schooling"),
}
TRIED: dict[str, object] = {
    "12": 12,
    "50.0": 50.0,
    "0.25": 0.25,
    "NaN": float("nan"),
    "1e400": float("inf"),
    "true": True,
    '"educ"': "educ",
    '"{0.__class__}"': "{0.__class__}",
    "\"__import__('os')\"": "__import__('os')",
    '"еduc" (its first letter is Cyrillic)': "еduc",
}


def page() -> str:
    """Return the whole page as markdown; KeyError where a state, a type or a priority has no meaning."""
    return "\n".join([HEAD, RUNS, *_runs(), *_notebooks(), *_schema()]) + "\n"


def _runs() -> Iterator[str]:
    yield from _states(WorkState, RUN_STATES, STEPS)
    yield "\n## Why a run failed\n\n| exit code | said |\n| ---: | --- |"
    yield from (f"| {int(code)} | {SENTENCES[code]} |" for code in ENDS)
    yield f"| any | {OUT_OF_MEMORY} (the kernel's own flag, whatever the code) |"
    yield "\n## Priorities\n\nProjects take turns whatever the priorities are; these order the runs of one project.\n"
    yield "| priority | goes |\n| --- | --- |"
    yield from (f"| `{priority}` | {PRIORITIES[priority]} |" for priority in sorted(Priority, key=lambda p: p.rank))


def _notebooks() -> Iterator[str]:
    yield "\n## States of a notebook\n"
    yield from _states(NotebookState, NOTEBOOK_STATES, NOTEBOOK_STEPS)


def _states(kind: type[S], meanings: Mapping[S, str], steps: Mapping[tuple[S, T], S]) -> Iterator[str]:
    yield "| state | says | then |\n| --- | --- | --- |"
    for state in kind:
        then = ", ".join(f"`{step}` → `{to}`" for (now, step), to in steps.items() if now is state)
        yield f"| `{state}` | {meanings[state]} | {then or 'it stays so'} |"


def _schema() -> Iterator[str]:
    yield f"\n{SCHEMA}"
    yield "| type | example | which may be |\n| --- | --- | --- |"
    for kind in ParameterType:
        example = EXAMPLES[kind]
        yield f"| `{kind}` | `{json.dumps(_written(example))}` | {_cell(describe(example))} |"
    yield f"\nA `text` has up to {LONGEST_TEXT} Latin letters, digits and some signs, and is approved only knowingly.\n"
    check_schema(tuple(EXAMPLES.values()))
    yield "What each of these parameters says to a value:\n"
    yield "| value | " + " | ".join(f"`{kind}`" for kind in ParameterType) + " |"
    yield "| --- |" + " --- |" * len(ParameterType)
    for shown, value in TRIED.items():
        said = (_says(EXAMPLES[kind], value) for kind in ParameterType)
        yield f"| {_cell(shown)} | " + " | ".join(said) + " |"


def _written(parameter: Parameter) -> dict[str, object]:
    known: dict[str, object] = {
        "name": parameter.name,
        "type": parameter.type,
        "default": parameter.default,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "choices": list(parameter.choices) or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _says(parameter: Parameter, value: object) -> str:
    try:
        check_value(parameter, value)
    except InvalidError:
        return "refused"
    return "taken"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    sys.stdout.write(page())
