"""Requests of the API: what a person may send, bounded and without characters that a record or a page could stumble on.

Invariants:

* an unknown key, a wrong type or a text beyond its bound refuses the whole request;
* no text holds a control character, a half of a surrogate pair, or a mark that reverses the reading direction.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt

from datasets_mount.catalogue import OwnersPart, Tier
from hub.domain.ballots import Cause, Decision
from hub.domain.comments import Audience, Place
from hub.domain.exceptions import Ground
from hub.domain.exceptions import Word as ExceptionWord
from hub.domain.exports import Severity, TableContext
from hub.domain.notebooks import Parameter, ParameterType
from hub.domain.people import Role
from hub.domain.publications import PublicField
from hub.domain.queue import ServiceLevel, Show

REVERSING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MOST_FILES = 1000
LARGEST_COUNT = 2**53


def is_plain(text: str) -> bool:
    """Say whether a line of text holds nothing that is invisible or that changes how its neighbours read."""
    return not any(unicodedata.category(c) in ("Cc", "Cs") or c in REVERSING for c in text)


def _plain(text: str) -> str:
    if not is_plain(text):
        raise ValueError("control characters are not accepted here")
    return text


def _paragraphs(text: str) -> str:
    """Write line ends in one way; tabs stay."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    _plain(unified.replace("\n", "").replace("\t", ""))
    return unified


Word = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_plain)]
"""A name, an identifier or the like; the use cases judge its form."""
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
OptionalLine = Annotated[str, Field(max_length=200), AfterValidator(_plain)]
Prose = Annotated[str, Field(max_length=4000), AfterValidator(_paragraphs)]
FilePath = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_plain)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
StructuralZero = Annotated[dict[Line, OptionalLine], Field(min_length=1, max_length=20)]
"""Columns with values that never stand together in the data."""
Value = StrictBool | StrictInt | StrictFloat | OptionalLine


class Model(BaseModel):
    """What is sent to the API."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Nothing(Model):
    """The request says all in its address."""


class OrganisationBody(Model):
    """A partner's title."""

    title: Line


class PersonBody(Model):
    """A person's title, organisation and roles."""

    title: Line
    organisation: Word
    roles: Annotated[tuple[Role, ...], Field(max_length=len(Role))] = ()
    roles_end: date | None = None


class ProjectBody(Model):
    """A new project."""

    name: Word
    title: Line
    purpose: Prose
    lead: Word
    starts: date
    ends: date


class GrantBody(Model):
    """The last day of a grant; without one it has no end."""

    ends: date | None = None


class MemberBody(Model):
    """The last day of a membership; without one it ends with the project."""

    until: date | None = None


class RoomBody(Model):
    """How much room a project is to have, in bytes."""

    size: Annotated[int, Field(gt=0, le=LARGEST_COUNT)]


class RunGrantBody(Model):
    """How many runs more a project may start this month, and why."""

    runs: Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
    reason: Prose


class UploadQuery(Model):
    """The name that the sender gives the file."""

    name: Line


class DatasetBody(Model):
    """How a dataset is described by its owner's steward."""

    title: Line
    owner: Word
    tier: Tier
    privacy_unit: OptionalLine = ""
    direct_identifiers: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    profile: Word
    group_columns: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    structural_zeros: Annotated[tuple[StructuralZero, ...], Field(max_length=200)] = ()
    approvers: Annotated[int, Field(ge=0, le=100)] = 1
    approver_organisations: Annotated[int, Field(ge=0, le=100)] = 1
    owner_approves: bool = False


class CanaryBody(Model):
    """What was planted in a dataset: values, and rows that are picked by columns with their values."""

    canaries: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    canary_rows: Annotated[tuple[StructuralZero, ...], Field(max_length=20)] = ()


class PolicyBody(Model):
    """A layer of the disclosure policy as TOML; empty where none is to hold any longer."""

    text: Annotated[str, Field(max_length=20_000), AfterValidator(_paragraphs)]


class OfferBody(Model):
    """Uploads that become a new snapshot."""

    uploads: Annotated[tuple[Word, ...], Field(min_length=1, max_length=100)]


class ProjectFilter(Model):
    """Which project to list; empty for all that one may know of."""

    project: Annotated[str, Field(max_length=120), AfterValidator(_plain)] = ""


class CatalogueQuery(Model):
    """Words to look for among approved notebooks, and the project and dataset to which to keep; empty for all."""

    text: OptionalLine = ""
    project: Annotated[str, Field(max_length=120), AfterValidator(_plain)] = ""
    dataset: Annotated[str, Field(max_length=120), AfterValidator(_plain)] = ""


class ReportFilter(Model):
    """Which submissions to report: of a project, from a first to a last day (UTC), both included."""

    project: Annotated[str, Field(max_length=120), AfterValidator(_plain)] = ""
    since: date | None = None
    until: date | None = None


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


class ReasonBody(Model):
    """Why something is decided."""

    reason: Prose


class FreezeBody(Model):
    """What is to be frozen, a project or with an empty name the whole lab, and why."""

    project: Annotated[str, Field(max_length=120), AfterValidator(_plain)] = ""
    reason: Prose


class RejectBody(Model):
    """Why a request is rejected, and which of its submissions was seen; 0 where that is not said."""

    reason: Prose
    cause: Cause = Cause.OTHER
    turn: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0


class OverrideBody(Model):
    """Why a dissent does not hold, and which of the request's submissions was seen; 0 where that is not said."""

    reason: Prose
    turn: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0


class OwnersBody(Model):
    """The owner's part in what leaves of a dataset."""

    part: OwnersPart


class DelegationBody(Model):
    """The last day on which somebody votes for an owner."""

    ends: date


class OwnerVoteBody(Model):
    """A vote for the owner of a dataset on all canonical files, as they were seen, under the policy that was seen.

    ``turn`` is the submission that was seen, 0 where that is not said; ``cause`` is of what has to change.
    """

    dataset: Word
    decision: Decision
    canonical: Annotated[dict[FilePath, Digest], Field(min_length=1, max_length=MOST_FILES)]
    policy: Digest
    reason: Prose = ""
    cause: Cause = Cause.OTHER
    turn: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0


class PublicationBody(Model):
    """The fields that are public from now on; none takes the entry out of the register."""

    fields: Annotated[tuple[PublicField, ...], Field(max_length=len(PublicField))]


class ExceptionBody(Model):
    """From which finding of which file an exception is asked for: its number as listed, from 1; and why."""

    path: FilePath
    finding: Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
    ground: Ground
    text: Prose
    turn: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0


class ExceptionVoteBody(Model):
    """A steward's word on an exception, on the canonical file and under the policy that they saw."""

    word: ExceptionWord
    reason: Prose = ""
    canonical: Digest
    policy: Digest


class NoticeFilter(Model):
    """Which of one's own notices to list."""

    unread: bool = False


class QueueFilter(Model):
    """Which part of the queue to list; what is left out counts for all."""

    show: Show = Show.ALL
    project: Annotated[str, Field(max_length=120), AfterValidator(_plain)] = ""
    risk: Severity | None = None
    level: ServiceLevel | None = None


class RunBody(Model):
    """The notebook to run and its parameters; what is left out takes its default."""

    notebook: Word
    parameters: Annotated[dict[Word, Value], Field(max_length=50)] = Field(default_factory=dict)


class SweepBody(Model):
    """The notebook to run, the parameters with several values, and those that are the same in every run."""

    notebook: Word
    grid: Annotated[
        dict[Word, Annotated[tuple[Value, ...], Field(min_length=1, max_length=200)]],
        Field(min_length=1, max_length=10),
    ]
    parameters: Annotated[dict[Word, Value], Field(max_length=50)] = Field(default_factory=dict)


class ScheduleBody(Model):
    """An approved notebook, five words of cron, its parameters, and which outputs each prepared request offers."""

    notebook: Word
    cron: Word
    parameters: Annotated[dict[Word, Value], Field(max_length=50)] = Field(default_factory=dict)
    files: Annotated[tuple[FilePath, ...], Field(max_length=50)] = ()
    context: Prose = ""


class OptionalReasonBody(Model):
    """Why something is done, where somebody wants to say it."""

    reason: Prose = ""


class TableBody(Model):
    """What the author declares about a table."""

    dataset: OptionalLine = ""
    dimensions: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    measure: OptionalLine = ""
    aggregate: Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_plain)] = "count"
    quantile: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.0
    weight: OptionalLine = ""
    filter: Annotated[str, Field(max_length=500), AfterValidator(_plain)] = ""
    rounding: Annotated[float, Field(ge=0, le=1e12, strict=False)] = 0.0

    def value(self) -> TableContext:
        """Return the domain's value."""
        return TableContext(**self.model_dump())


class ExportBody(Model):
    """Files that are to leave, with their context; ``source`` is a run's identifier or ``workspace``."""

    project: Word
    source: Word
    files: Annotated[dict[FilePath, TableBody], Field(min_length=1, max_length=MOST_FILES)]
    context: Prose


class PathQuery(Model):
    """One file of an export request, by its path."""

    path: FilePath


class CommentBody(Model):
    """A comment: whom it is for, and what it is on; without a path the whole request, 0 and 0 the whole file."""

    text: Prose
    audience: Audience
    path: Annotated[str, Field(max_length=400), AfterValidator(_plain)] = ""
    row: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0
    column: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0

    def place(self) -> Place:
        """Return the domain's value."""
        return Place(self.path, self.row, self.column)


class SplitBody(Model):
    """The files that go on in a request of their own, and why; ``turn`` is the submission that was seen, if said."""

    files: Annotated[tuple[FilePath, ...], Field(min_length=1, max_length=MOST_FILES)]
    reason: Prose = ""
    turn: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0


class VoteBody(Model):
    """A steward's decision on canonical files, named by path and digest, under the policy that was seen.

    ``turn`` is the submission that was seen, 0 where that is not said; ``cause`` is of what has to change.
    """

    decision: Decision
    canonical: Annotated[dict[FilePath, Digest], Field(min_length=1, max_length=MOST_FILES)]
    policy: Digest
    reason: Prose = ""
    cause: Cause = Cause.OTHER
    turn: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0


class AuditQuery(Model):
    """Entries after a sequence number."""

    after: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
