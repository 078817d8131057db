"""What the lab and the gate's two containers write to each other, as JSON; strict and bounded on both sides."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from hub.domain.exports import Finding, Fix, FixKind, Severity
from hub.domain.free_text import LONGEST_TEXT
from hub.domain.output_classes import OutputClass
from hub.domain.registers import RegisteredTable
from hub.domain.table_context import TableContext
from hub.gate.card_form import CardPart
from hub.gate.filter_language import LONGEST
from hub.gate.fragments import Part
from hub.gate.kinds import Kind
from hub.gate.refusals import RefusalReason
from hub.policy.model import Policy

MOST_FILES = 500
MOST_CHECKED = 25_000
"""Files of an answer: a workbook is one for each of its sheets. More than the policy's number of files block."""
MOST_FINDINGS = 200
MOST_TABLES = 200
"""Tables of one file that the registry keeps; a file with more of them goes to a steward."""
MOST_CELLS = 100_000
MOST_FIXED = 5_000
"""Rows that one fix names; a finding of more says what to do in words alone."""
MOST_SHOWN = 2_000
MOST_SHOWN_BYTES = 64 * 2**20
"""Parts and bytes that are shown of all supporting files of a request together."""
MOST_SHOWN_FRAGMENTS = 4 * MOST_SHOWN_BYTES
"""Bytes of what the reader writes of all supporting files together."""
MOST_REQUEST_BYTES = 16 * 2**20
EARLIER_NAME = "earlier.json"
"""The file beside the request that tells of earlier releases."""
LARGEST_RESULT = 64 * 2**20
"""The lab reads no result.json that is larger than this."""

LONGEST_PRECHECK = 96 * 2**10
"""What a workspace is told of policy and datasets; Linux takes no variable of more than 128 KiB."""

FileIndex = Annotated[int, Field(ge=1, le=9999)]
FilePath = Annotated[str, Field(min_length=1, max_length=300)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ColumnName = Annotated[str, Field(max_length=200)]
Line = Annotated[str, Field(max_length=800)]
StructuralZero = Annotated[dict[ColumnName, ColumnName], Field(min_length=1, max_length=20)]
"""Columns with values: those that never stand together, or those that pick a row."""
ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
ParameterValue = Annotated[str, Field(max_length=60)]


class Verdict(StrEnum):
    """What the gate says of a file or a request, strictest first."""

    BLOCK = "block"
    REVIEW = "review"
    FIXED = "fixed"
    NONE = "none"


def file_name(index: int, part: int = 0) -> str:
    """Name of a file in the folders that containers see, or of one that was made from a part of it."""
    return f"{index:04d}-{part}" if part else f"{index:04d}"


class OfferedFile(Part):
    """A file that was offered, by its number and the path that its author gave it."""

    index: FileIndex
    path: FilePath


class ReadRequest(Part):
    """What the reader's container is asked to read."""

    files: tuple[OfferedFile, ...] = Field(max_length=MOST_FILES)
    others_all_count: bool = True
    """Whether all files of the project's other requests are among these; the check is told."""
    supporting: tuple[FileIndex, ...] = Field(default=(), max_length=MOST_FILES)
    """Which of them are only shown: they are read last, within bounds for all of them together."""
    seconds: Annotated[int, Field(ge=1)] = 120
    """How long the container may live; what is only shown ends before."""


class ReadFile(Part):
    """What became of one file: its kind, or why it was refused."""

    index: FileIndex
    path: FilePath
    kind: Kind
    refusal: RefusalReason | None = None


class ReadResult(Part):
    """The reader's answer beside the fragments."""

    engine: Annotated[str, Field(max_length=40)]
    files: tuple[ReadFile, ...] = Field(max_length=MOST_FILES)


class TableDeclaration(Part):
    """What the author declares about a table; see ``hub.domain.table_context.TableContext``."""

    dataset: ColumnName = ""
    dimensions: tuple[ColumnName, ...] = Field(default=(), max_length=20)
    measure: ColumnName = ""
    aggregate: Annotated[str, Field(max_length=40)] = "count"
    quantile: Annotated[float, Field(ge=0, le=1)] = 0.0
    weight: ColumnName = ""
    filter: Annotated[str, Field(max_length=LONGEST)] = ""
    rounding: Annotated[float, Field(ge=0, le=1e12)] = 0.0

    @classmethod
    def of(cls, table: TableContext) -> TableDeclaration:
        """Write what the lab keeps."""
        return cls(**asdict(table))

    def value(self) -> TableContext:
        """The same as the lab's own value."""
        return TableContext(**self.model_dump())


class CheckFile(OfferedFile):
    """A file to check, with its declaration; one that left ``earlier`` is compared with and not judged.

    One of another request of the project is an ``other``, which may have ``left``: its small parts count together with
    those that are judged. An output of another run of the same notebook is of a ``run``: its tables are compared with,
    as if they had left; ``current`` is false where it saw another snapshot.
    ``sheets`` are the declarations of a workbook's sheets by their names; what has none there is as ``table`` says.
    """

    table: TableDeclaration = TableDeclaration()
    sheets: dict[ColumnName, TableDeclaration] = Field(default_factory=dict, max_length=50)
    earlier: bool = False
    other: bool = False
    left: bool = False
    run: bool = False
    current: bool = True


Canary = Annotated[str, Field(min_length=6, max_length=200)]
"""A value that an owner planted in a dataset, and that stands nowhere else."""


class DatasetDescription(Part):
    """A mounted dataset: where it lies and what its owner declared; an empty privacy unit makes each row one."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    folder: Annotated[str, Field(min_length=1, max_length=4096)]
    privacy_unit: ColumnName = ""
    direct_identifiers: tuple[ColumnName, ...] = Field(default=(), max_length=200)
    profile: Annotated[str, Field(max_length=60)] = ""
    group_columns: tuple[ColumnName, ...] = Field(default=(), max_length=20)
    structural_zeros: tuple[StructuralZero, ...] = Field(default=(), max_length=200)
    canaries: tuple[Canary, ...] = Field(default=(), max_length=200)
    canary_rows: tuple[StructuralZero, ...] = Field(default=(), max_length=20)
    """Rows that an owner planted, picked by columns with their values."""


ParameterGiven = bool | int | float | Annotated[str, Field(max_length=LONGEST_TEXT)]


class ApprovedNotebook(Part):
    """The notebook that a run was made from: digests of its cells (``notebook_source.cell_digest``) and the values."""

    digest: Digest
    cells: tuple[Digest, ...] = Field(default=(), max_length=500)
    parameters: Annotated[dict[ParameterName, ParameterGiven], Field(default_factory=dict, max_length=50)]


class CheckRequest(Part):
    """What the checking container is asked to judge, and under which policy."""

    files: tuple[CheckFile, ...] = Field(max_length=MOST_FILES)
    datasets: tuple[DatasetDescription, ...] = Field(default=(), max_length=100)
    policy: Policy
    month_bytes: Annotated[int, Field(ge=0)] = 0
    """Bytes that the project released in this month already."""
    approved: ApprovedNotebook | None = None
    """Where the files are outputs of a run: what it ran."""
    others_all_count: bool = True
    """Whether all files of the project's other requests are among these."""
    fix: bool = False
    """Whether to carry out what findings propose before a file is written."""
    supporting: tuple[OfferedFile, ...] = Field(default=(), max_length=MOST_FILES)
    """Files that are written anew to be shown to reviewers; none of them is judged, compared or counted."""
    seconds: Annotated[int, Field(ge=1)] = 120
    """How long the container may live; what is only shown ends before."""


class FixPart(Part):
    """A change of a table; see ``hub.domain.exports.Fix``."""

    kind: FixKind
    place: Annotated[str, Field(max_length=600)]
    rows: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(), max_length=MOST_FIXED)
    columns: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(), max_length=2_000)
    base: Annotated[int, Field(ge=0)] = 0

    def value(self) -> Fix:
        """The same as the lab's own value."""
        return Fix(self.kind, self.place, self.rows, self.columns, self.base)


class FoundPart(Part):
    """A finding; see ``hub.domain.exports.Finding``."""

    check: Annotated[str, Field(max_length=60)]
    severity: Severity
    place: Annotated[str, Field(max_length=600)]
    sentence: Line
    rule: Line = ""
    detail: Line = ""
    parameters: tuple[tuple[ParameterName, ParameterValue], ...] = Field(default=(), max_length=20)
    fix: FixPart | None = None

    def value(self) -> Finding:
        """The same as the lab's own value."""
        fix = self.fix.value() if self.fix else None
        said = (self.sentence, self.rule, self.detail)
        return Finding(self.check, self.severity, self.place, *said, self.parameters, fix)


Word = Annotated[str, Field(min_length=1, max_length=2_000)]
Amounts = Annotated[tuple[Annotated[int, Field(ge=-1)], ...], Field(max_length=MOST_CELLS)]


class TablePart(Part):
    """A table's cells as groups of a dataset, for the registry; see ``hub.domain.registers.RegisteredTable``."""

    path: Annotated[str, Field(min_length=1, max_length=320)]
    dataset: ColumnName
    file: Annotated[str, Field(max_length=1_000)]
    dimensions: tuple[ColumnName, ...] = Field(default=(), max_length=20)
    decimals: tuple[Annotated[int, Field(ge=0, le=9)], ...] = Field(default=(), max_length=20)
    filter: Line = ""
    figures: tuple[ColumnName, ...] = Field(default=(), max_length=200)
    exact: bool
    cells: tuple[tuple[Word, ...], ...] = Field(default=(), max_length=MOST_CELLS)
    rows: Amounts = ()
    units: Amounts = ()
    counts: Amounts = ()

    def value(self) -> RegisteredTable:
        """The same as the lab's own value."""
        return RegisteredTable(**{name: getattr(self, name) for name in type(self).model_fields})


class CheckedFile(Part):
    """What the gate says of one file; without a canonical file, name and digest are empty.

    ``part`` counts the sheets of a workbook that has several, from 1; each has its own path.
    """

    index: FileIndex
    part: Annotated[int, Field(ge=0, le=999)] = 0
    path: FilePath
    kind: Kind
    verdict: Verdict
    canonical_name: Annotated[str, Field(max_length=320)] = ""
    sha256: Digest | Annotated[str, Field(max_length=0)] = ""
    size: Annotated[int, Field(ge=0)] = 0
    findings: tuple[FoundPart, ...] = Field(default=(), max_length=MOST_FINDINGS)
    tables: tuple[TablePart, ...] = Field(default=(), max_length=MOST_TABLES)
    classes: tuple[OutputClass, ...] = Field(default=(), max_length=len(OutputClass))
    """What would leave with it; nothing said counts as the strictest."""
    card: CardPart | None = None


class ShownFile(Part):
    """What is shown of a supporting file, or of a sheet of it; where nothing is, why not."""

    index: FileIndex
    part: Annotated[int, Field(ge=0, le=999)] = 0
    path: FilePath
    kind: Kind
    name: Annotated[str, Field(max_length=320)] = ""
    sha256: Digest | Annotated[str, Field(max_length=0)] = ""
    size: Annotated[int, Field(ge=0)] = 0
    refusal: RefusalReason | None = None


class CheckResult(Part):
    """The gate's answer for a request: the strictest verdict of its files, and what it rests on."""

    engine: Annotated[str, Field(max_length=40)]
    policy_digest: Digest
    verdict: Verdict
    files: tuple[CheckedFile, ...] = Field(max_length=MOST_CHECKED)
    shown: tuple[ShownFile, ...] = Field(default=(), max_length=MOST_CHECKED)
    """The supporting files."""
