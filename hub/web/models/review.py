"""What is sent about export requests: files, comments, votes of stewards and owners, exceptions."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from datasets_mount.catalogue import OwnersPart
from hub.domain.ballots import Cause, Decision
from hub.domain.comments import Audience, Place
from hub.domain.exceptions import Ground
from hub.domain.exceptions import Word as ExceptionWord
from hub.domain.exports import Severity
from hub.domain.file_groups import MOST_GROUPS, FileGroup, Grouped
from hub.domain.queue import ServiceLevel, Show
from hub.domain.table_context import TableContext
from hub.services.request_looks import ShownBeside
from hub.web.models.texts import (
    LARGEST_COUNT,
    MOST_FILES,
    Digest,
    FilePath,
    Line,
    Model,
    OptionalLine,
    OptionalWord,
    PathQuery,
    Prose,
    Turn,
    Word,
    plain,
)


class QueueFilter(Model):
    """Which part of the queue to list; what is left out counts for all."""

    show: Show = Show.ALL
    project: OptionalWord = ""
    risk: Severity | None = None
    level: ServiceLevel | None = None


class PictureQuery(PathQuery):
    """The canonical picture of that path, or the one that it is shown beside."""

    beside: ShownBeside | None = None


class TableBody(Model):
    """What the author declares about a table."""

    dataset: OptionalLine = ""
    dimensions: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    measure: OptionalLine = ""
    aggregate: Annotated[str, Field(min_length=1, max_length=40), AfterValidator(plain)] = "count"
    quantile: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.0
    weight: OptionalLine = ""
    filter: Annotated[str, Field(max_length=500), AfterValidator(plain)] = ""
    rounding: Annotated[float, Field(ge=0, le=1e12, strict=False)] = 0.0

    def value(self) -> TableContext:
        """Return the domain's value."""
        return TableContext(**self.model_dump())


class GroupBody(Model):
    """A named group of files, with its context in four parts."""

    name: OptionalLine
    what: Prose
    why: Prose
    population: Prose
    protection: Prose
    files: Annotated[tuple[FilePath, ...], Field(max_length=MOST_FILES)]

    def value(self) -> tuple[FileGroup, tuple[str, ...]]:
        """Return the domain's values."""
        return FileGroup(self.name, self.what, self.why, self.population, self.protection), self.files


class DescriptionBody(Model):
    """What the files are: the request's own context, which files in no group need, and groups with theirs.

    ``supporting`` are paths of more files of the same outputs, which reviewers see and which never leave.
    """

    context: Prose = ""
    groups: Annotated[tuple[GroupBody, ...], Field(max_length=MOST_GROUPS)] = ()
    supporting: Annotated[tuple[FilePath, ...], Field(max_length=MOST_FILES)] = ()

    def grouped(self) -> Grouped:
        """Return the domain's values."""
        return tuple(group.value() for group in self.groups)


class ExportBody(DescriptionBody):
    """Files that are to leave, with their context; ``source`` is a run's identifier or ``workspace``."""

    project: Word
    source: Word
    files: Annotated[dict[FilePath, TableBody], Field(min_length=1, max_length=MOST_FILES)]


class SubmitBody(Model):
    """The digest of the statement that the author makes with a submission; see ``GET /statement``."""

    statement: Digest | Annotated[str, Field(max_length=0)] = ""


class CommentBody(Model):
    """A comment: whom it is for, and what it is on; without a path the whole request, 0 and 0 the whole file."""

    text: Prose
    audience: Audience
    path: Annotated[str, Field(max_length=400), AfterValidator(plain)] = ""
    row: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0
    column: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0

    def place(self) -> Place:
        """Return the domain's value."""
        return Place(self.path, self.row, self.column)


class SplitBody(Model):
    """The files that go on in a request of their own, and why; ``turn`` is the submission that was seen, if said."""

    files: Annotated[tuple[FilePath, ...], Field(min_length=1, max_length=MOST_FILES)]
    reason: Prose = ""
    turn: Turn = 0


class VoteBody(Model):
    """A steward's decision on canonical files, named by path and digest, under the policy that was seen.

    ``turn`` is the submission that was seen, 0 where that is not said; ``cause`` is of what has to change.
    """

    decision: Decision
    canonical: Annotated[dict[FilePath, Digest], Field(min_length=1, max_length=MOST_FILES)]
    policy: Digest
    reason: Prose = ""
    cause: Cause = Cause.OTHER
    turn: Turn = 0


class RejectBody(Model):
    """Why a request is rejected, and which of its submissions was seen; 0 where that is not said."""

    reason: Prose
    cause: Cause = Cause.OTHER
    turn: Turn = 0


class OverrideBody(Model):
    """Why a dissent does not hold, and which of the request's submissions was seen; 0 where that is not said."""

    reason: Prose
    turn: Turn = 0


class OwnersBody(Model):
    """The owner's part in what leaves of a dataset."""

    part: OwnersPart


class DelegationBody(Model):
    """The last day on which somebody votes for an owner."""

    ends: date


class OwnerVoteBody(VoteBody):
    """The same for the owner of a dataset, on all canonical files."""

    dataset: Word


class ExceptionBody(Model):
    """From which finding of which file an exception is asked for: its number as listed, from 1; and why."""

    path: FilePath
    finding: Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
    ground: Ground
    text: Prose
    turn: Turn = 0


class ExceptionVoteBody(Model):
    """A steward's word on an exception, on the canonical file and under the policy that they saw."""

    word: ExceptionWord
    reason: Prose = ""
    canonical: Digest
    policy: Digest
