"""What the worker and the programs inside containers say to each other: requests in, results out.

Invariants:

* a result comes from a container that parsed foreign bytes, so every text and every list in it has a bound;
* an unknown key, a wrong type or a number that is not finite refuses the whole text;
* this module imports plain values alone, so that the worker can rest on it without any of the programs.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.domain.free_text import LONGEST_TEXT
from hub.domain.notebooks import Parameter, ParameterType

MOST_CELLS = 500
LONGEST_CELL = 100_000
MOST_PARAMETERS = 50
MOST_CHOICES = 200
MOST_FILES = 100
MOST_COLUMNS = 5000
MOST_PACKAGES = 2000
REPORT_FILE, PACKAGES_FILE = "report.json", "packages.json"
LONGEST_COLUMN = 120
MOST_REQUEST_BYTES = 2**20
STEM_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}"

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}\z")]
Name = Annotated[str, Field(min_length=1, max_length=40)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
ParquetName = Annotated[str, Field(pattern=rf"^{STEM_PATTERN}\.parquet\z")]
DatasetName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\z", max_length=100)]
Column = Annotated[str, Field(min_length=1, max_length=LONGEST_COLUMN)]
Package = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}==[A-Za-z0-9._+!-]{1,80}\z")]
Value = bool | int | float | Text


class Message(BaseModel):
    """One text between worker and container; read it with ``model_validate_json``."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class ParameterEntry(Message):
    """One parameter of a schema."""

    name: Name
    type: ParameterType
    default: Value
    minimum: float | None = None
    maximum: float | None = None
    choices: Annotated[tuple[Text, ...], Field(max_length=MOST_CHOICES)] = ()

    def value(self) -> Parameter:
        """Return the domain's value."""
        return Parameter(self.name, self.type, self.default, self.minimum, self.maximum, self.choices)


def entry_of(parameter: Parameter) -> ParameterEntry:
    """Return the entry that stands for a parameter."""
    return ParameterEntry(
        name=parameter.name,
        type=parameter.type,
        default=parameter.default,
        minimum=parameter.minimum,
        maximum=parameter.maximum,
        choices=parameter.choices,
    )


Schema = Annotated[tuple[ParameterEntry, ...], Field(max_length=MOST_PARAMETERS)]


class RunRequest(Message):
    """What ``execute`` is asked: run these bytes with these values, each cell at most so many seconds."""

    digest: Digest
    parameters: Annotated[dict[Name, Value], Field(max_length=MOST_PARAMETERS)]
    parameter_schema: Annotated[Schema, Field(alias="schema")]
    cell_seconds: Annotated[int, Field(ge=1, le=7 * 86400)]

    def schema_values(self) -> tuple[Parameter, ...]:
        """Return the domain's schema."""
        return tuple(p.value() for p in self.parameter_schema)


class RunReport(Message):
    """What ``execute`` tells of a run: memory in bytes and processor time in seconds, where the kernel says them."""

    memory_allowed: Annotated[int, Field(ge=0)] | None = None
    memory_peak: Annotated[int, Field(ge=0)] | None = None
    cpus_allowed: Annotated[float, Field(ge=0)] | None = None
    cpu_seconds: Annotated[float, Field(ge=0)] | None = None


class PackagesReport(Message):
    """The Python packages of an image, each as ``name==version``."""

    packages: Annotated[tuple[Package, ...], Field(max_length=MOST_PACKAGES)]


class Cell(Message):
    """One cell as reviewers see it: its type and source, never its outputs."""

    type: Literal["code", "markdown", "raw"]
    source: Annotated[str, Field(max_length=LONGEST_CELL)]


class InspectResult(Message):
    """What ``inspect_notebook`` found: canonical digest, draft schema and cells."""

    canonical: Digest
    parameters: Schema
    cells: Annotated[tuple[Cell, ...], Field(max_length=MOST_CELLS)]

    def schema_values(self) -> tuple[Parameter, ...]:
        """Return the domain's schema; the caller checks it with ``check_schema``."""
        return tuple(p.value() for p in self.parameters)


class ValidateRequest(Message):
    """What ``validate`` is asked: whether these bytes run to their end, each cell at most so many seconds."""

    digest: Digest
    cell_seconds: Annotated[int, Field(ge=1, le=7 * 86400)]


class ValidateResult(Message):
    """What ``validate`` saw: where the notebook failed, its first such cell, from 1, and the error's class."""

    passed: bool
    cell: Annotated[int, Field(ge=0, le=MOST_CELLS)] = 0
    error: Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]{0,59})?\z")] = ""


class OfferedEntry(Message):
    """One offered file: its number, which names it inside the container, and the name that its sender gave it."""

    index: Annotated[int, Field(ge=1, le=9999)]
    name: Annotated[str, Field(min_length=1, max_length=120)]


class SnapshotRequest(Message):
    """What ``snapshot`` is asked: turn these files into Parquet; the named columns must be in at least one of them."""

    files: Annotated[tuple[OfferedEntry, ...], Field(min_length=1, max_length=MOST_FILES)]
    privacy_unit: Annotated[str, Field(max_length=LONGEST_COLUMN)] = ""
    direct_identifiers: Annotated[tuple[Column, ...], Field(max_length=MOST_COLUMNS)] = ()
    other_columns: Annotated[tuple[Column, ...], Field(max_length=MOST_COLUMNS)] = ()


class SnapshotEntry(Message):
    """One Parquet file that ``snapshot`` wrote."""

    path: ParquetName
    rows: Annotated[int, Field(ge=1)]
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=MOST_COLUMNS)]
    sha256: Digest
    size: Annotated[int, Field(ge=1)]


class TwinDataset(Message):
    """One dataset of which ``twin`` is asked, and the names of its Parquet files."""

    name: DatasetName
    files: Annotated[tuple[ParquetName, ...], Field(min_length=1, max_length=MOST_FILES)]


class TwinRequest(Message):
    """What ``twin`` is asked: invent rows for these datasets, mounted below ``/data``."""

    datasets: Annotated[tuple[TwinDataset, ...], Field(min_length=1, max_length=MOST_FILES)]


class TwinEntry(Message):
    """The files of one twin; they stand in a folder named as the dataset."""

    name: DatasetName
    files: Annotated[tuple[SnapshotEntry, ...], Field(min_length=1, max_length=MOST_FILES)]


class TwinResult(Message):
    """The twins that ``twin`` made."""

    datasets: Annotated[tuple[TwinEntry, ...], Field(max_length=MOST_FILES)]


class SnapshotResult(Message):
    """What ``snapshot`` made; where it refused, ``fault`` is the number of the file that it refused, if it was one."""

    files: Annotated[tuple[SnapshotEntry, ...], Field(max_length=MOST_FILES)] = ()
    fault: Annotated[int, Field(ge=1, le=9999)] | None = None
