"""What is sent about notebooks, their approval, runs, sweeps and schedules."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.domain.notebooks import Parameter, ParameterType
from hub.domain.priorities import Priority
from hub.web.models.texts import FilePath, Model, OptionalLine, OptionalWord, Prose, Value, Word


class CatalogueQuery(Model):
    """Words to look for among approved notebooks, and the project and dataset to which to keep; empty for all."""

    text: OptionalLine = ""
    project: OptionalWord = ""
    dataset: OptionalWord = ""


class NotebookBody(Model):
    """A notebook that is submitted for approval."""

    project: Word
    upload: Word
    name: Word
    purpose: Prose
    datasets: Annotated[tuple[Word, ...], Field(max_length=200)] = ()


class ParameterBody(Model):
    """One parameter of a notebook's schema."""

    name: Word
    type: ParameterType
    default: Value
    minimum: float | None = None
    maximum: float | None = None
    choices: Annotated[tuple[OptionalLine, ...], Field(max_length=200)] = ()

    def value(self) -> Parameter:
        """Return the domain's value."""
        return Parameter(self.name, self.type, self.default, self.minimum, self.maximum, self.choices)


class ApprovalBody(Model):
    """The schema under which a notebook may run; without one, the drafted schema counts.

    ``accept_free_text`` says that the approver knows of parameters that take any text.
    """

    parameters: Annotated[tuple[ParameterBody, ...], Field(max_length=50)] | None = None
    accept_free_text: bool = False


class RunBody(Model):
    """The notebook to run and its parameters; what is left out takes its default."""

    notebook: Word
    parameters: Annotated[dict[Word, Value], Field(max_length=50)] = Field(default_factory=dict)
    priority: Priority = Priority.NORMAL


class PriorityBody(Model):
    """Whether a run that waits goes before or behind the other runs of its project."""

    priority: Priority


class SweepBody(Model):
    """The notebook to run, the parameters with several values, and those that are the same in every run."""

    notebook: Word
    grid: Annotated[
        dict[Word, Annotated[tuple[Value, ...], Field(min_length=1, max_length=200)]],
        Field(min_length=1, max_length=10),
    ]
    parameters: Annotated[dict[Word, Value], Field(max_length=50)] = Field(default_factory=dict)
    priority: Priority = Priority.NORMAL


class ScheduleBody(Model):
    """An approved notebook, five words of cron, its parameters, and which outputs each prepared request offers."""

    notebook: Word
    cron: Word
    parameters: Annotated[dict[Word, Value], Field(max_length=50)] = Field(default_factory=dict)
    files: Annotated[tuple[FilePath, ...], Field(max_length=50)] = ()
    context: Prose = ""
    priority: Priority = Priority.NORMAL
