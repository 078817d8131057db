"""Notebook approvals: exact bytes, image, parameter schema and datasets that may run."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.free_text import LONGEST_TEXT, check_text
from hub.domain.notebook_approvals import NotebookApproval
from hub.domain.people import Person, Role
from hub.domain.validation import Validation

PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
ParameterValue = bool | int | float | str


class ParameterType(StrEnum):
    """What a parameter may be."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a notebook: its name, type, default, and range or choices.

    ``minimum`` and ``maximum`` bound integers and numbers, both inclusive; ``choices`` lists what a choice may be.
    """

    name: str
    type: ParameterType
    default: ParameterValue
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


class NotebookState(StrEnum):
    """How far an approval has come."""

    INSPECTING = "inspecting"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook that a member submitted, and the decision on it.

    ``digest`` is the SHA-256 of the exact bytes; ``image`` the digest of the image that it may run in; ``datasets``
    the names of the datasets that its runs mount; ``cells`` its source as inspection saw it, (type, source) each.
    ``canonical`` is the digest of cells, tags and kernel as they are read; empty for notebooks older than it.
    ``validation`` says whether it ran to its end on twins of its datasets; None before that, and for older notebooks.
    ``approvals`` are those of the schema as it stands, while it waits for more and afterwards.
    """

    id: str
    project: str
    name: str
    purpose: str
    author: str
    digest: str
    datasets: tuple[str, ...]
    image: str
    created: datetime
    state: NotebookState = NotebookState.INSPECTING
    parameters: tuple[Parameter, ...] = ()
    cells: tuple[tuple[str, str], ...] = field(default=())
    decided_by: str = ""
    decided: datetime | None = None
    reason: str = ""
    validation: Validation | None = None
    canonical: str = ""
    approvals: tuple[NotebookApproval, ...] = ()


NOTEBOOK_STEPS: dict[tuple[NotebookState, str], NotebookState] = {
    (NotebookState.INSPECTING, "accept"): NotebookState.SUBMITTED,
    (NotebookState.INSPECTING, "refuse"): NotebookState.REFUSED,
    (NotebookState.SUBMITTED, "approve"): NotebookState.APPROVED,
    (NotebookState.SUBMITTED, "refuse"): NotebookState.REFUSED,
    (NotebookState.SUBMITTED, "withdraw"): NotebookState.WITHDRAWN,
    (NotebookState.APPROVED, "withdraw"): NotebookState.WITHDRAWN,
    (NotebookState.APPROVED, "supersede"): NotebookState.SUPERSEDED,
}


def next_state(notebook: Notebook, step: str) -> NotebookState:
    """Return the state after a step, or say that the step does not follow."""
    state = NOTEBOOK_STEPS.get((notebook.state, step))
    if state is None:
        raise ConflictError(
            "The notebook {id} is {state}; the step {step} does not follow from there.",
            reason="notebook-state",
            id=notebook.id,
            state=notebook.state,
            step=step,
        )
    return state


def check_can_decide(person: Person, notebook: Notebook) -> None:
    """A steward or approver decides on a notebook, never its author."""
    if not {Role.STEWARD, Role.APPROVER} & set(person.roles):
        raise RefusedError("Only stewards and approvers decide on notebooks.", reason="not-an-approver")
    if person.name == notebook.author:
        raise RefusedError("You cannot decide on your own notebook.", reason="own-notebook")


def decides(person: Person, notebook: Notebook) -> bool:
    """Say whether the person may decide on a notebook."""
    try:
        check_can_decide(person, notebook)
    except RefusedError:
        return False
    return True


def check_can_run(notebook: Notebook) -> None:
    """Only an approved notebook runs."""
    if notebook.state is not NotebookState.APPROVED:
        raise RefusedError(
            "The notebook {id} is {state}; only an approved one runs.",
            reason="notebook-not-approved",
            id=notebook.id,
            state=notebook.state,
        )


def check_schema(parameters: tuple[Parameter, ...]) -> None:
    """Names are plain identifiers (papermill runs them as code) and each default is inside its own range."""
    names = [p.name for p in parameters]
    for parameter in parameters:
        if not PARAMETER_NAME.fullmatch(parameter.name) or keyword.iskeyword(parameter.name):
            raise InvalidError(
                "A parameter's name has lower-case letters, digits and underscores, and starts with a letter.",
                reason="parameter-name",
            )
        if parameter.type is ParameterType.CHOICE and not parameter.choices:
            raise InvalidError("The parameter {name} has no choices.", reason="parameter-choices", name=parameter.name)
        check_value(parameter, parameter.default)
    if len(set(names)) < len(names):
        raise InvalidError("Two parameters have the same name.", reason="parameter-twice")


def check_value(parameter: Parameter, value: object) -> ParameterValue:
    """A value has the parameter's exact type and lies inside its range or choices."""
    ok: bool
    match parameter.type:
        case ParameterType.TEXT:
            return check_text(parameter.name, value)
        case ParameterType.BOOLEAN:
            ok = isinstance(value, bool)
        case ParameterType.CHOICE:
            ok = isinstance(value, str) and len(value) <= LONGEST_TEXT and value in parameter.choices
        case ParameterType.INTEGER:
            ok = isinstance(value, int) and not isinstance(value, bool) and _inside(parameter, value)
        case ParameterType.NUMBER:
            ok = isinstance(value, int | float) and not isinstance(value, bool) and _inside(parameter, value)
    if not ok or not isinstance(value, bool | int | float | str):
        raise InvalidError(
            "The parameter {name} must be {wanted}.",
            reason="parameter-value",
            name=parameter.name,
            wanted=describe(parameter),
        )
    return value


def check_free_text(parameters: tuple[Parameter, ...], *, accepted: bool) -> None:
    """A parameter that takes any text is approved only by somebody who says that they know it."""
    free = [p.name for p in parameters if p.type is ParameterType.TEXT]
    if free and not accepted:
        raise RefusedError(
            "These parameters take free text: {names}. Accept it explicitly, or make them choices.",
            reason="free-text-not-accepted",
            names=", ".join(free),
        )


def _inside(parameter: Parameter, value: float) -> bool:
    """Comparisons with a NaN are false, so a NaN is never inside."""
    low = parameter.minimum if parameter.minimum is not None else -1e15
    high = parameter.maximum if parameter.maximum is not None else 1e15
    return low <= value <= high


def describe(parameter: Parameter) -> str:
    """Say in a few words what the parameter may be."""
    match parameter.type:
        case ParameterType.BOOLEAN:
            return "true | false"
        case ParameterType.CHOICE:
            return " | ".join(parameter.choices)
        case ParameterType.TEXT:
            return str(parameter.type)
    low = "" if parameter.minimum is None else f"{parameter.minimum:g} ≤ "
    high = "" if parameter.maximum is None else f" ≤ {parameter.maximum:g}"
    return f"{low}{parameter.type}{high}"


def check_parameters(schema: tuple[Parameter, ...], values: dict[str, object]) -> dict[str, ParameterValue]:
    """Return every parameter's value, the default where none was given; an unknown name is refused."""
    unknown = set(values) - {p.name for p in schema}
    if unknown:
        raise InvalidError(
            "This notebook has no parameter of that name; it has: {names}.",
            reason="parameter-unknown",
            names=", ".join(p.name for p in schema) or "—",
        )
    return {p.name: check_value(p, values.get(p.name, p.default)) for p in schema}
