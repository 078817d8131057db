"""What the worker and the programs that make and check synthetic twins say to each other."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from datasets_mount.synthetic import LONGEST_VALUE, MOST_DOMAINS, MOST_ROWS, MOST_VALUES
from hub.gate.exchange import DatasetDescription
from hub.policy.model import Policy
from hub.sandbox.exchange import (
    LONGEST_COLUMN,
    MOST_COLUMNS,
    MOST_FILES,
    Column,
    DatasetName,
    Message,
    ParquetName,
    SnapshotEntry,
)

FOLDER = "fragments"
"""Below what the first container writes: the folder that the second one sees, to be read alone."""
DeclaredValue = Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE)]


class DeclaredDomain(Message):
    """What an owner declares of a column: its values, or the numbers between which it lies."""

    column: Column
    values: Annotated[tuple[DeclaredValue, ...], Field(max_length=MOST_VALUES)] = ()
    low: float | None = None
    high: float | None = None


class MakeTwinRequest(Message):
    """What ``make_twin`` is asked: so many rows for each file of a dataset, all of them for ``epsilon``."""

    dataset: DatasetName
    files: Annotated[tuple[ParquetName, ...], Field(min_length=1, max_length=MOST_FILES)]
    privacy_unit: Annotated[str, Field(max_length=LONGEST_COLUMN)] = ""
    direct_identifiers: Annotated[tuple[Column, ...], Field(max_length=MOST_COLUMNS)] = ()
    domains: Annotated[tuple[DeclaredDomain, ...], Field(max_length=MOST_DOMAINS)] = ()
    epsilon: Annotated[str, Field(pattern=r"^\d{1,4}(\.\d{1,3})?\z")]
    rows: Annotated[int, Field(ge=1, le=MOST_ROWS)]
    seed: Annotated[int, Field(ge=0)]


class TwinFiles(Message):
    """The files that a first container wrote for a twin."""

    files: Annotated[tuple[SnapshotEntry, ...], Field(min_length=1, max_length=MOST_FILES)]


class CheckTwinRequest(Message):
    """What ``check_twin`` is asked: whether these files say anything of a row of the dataset."""

    dataset: DatasetDescription
    policy: Policy
    files: Annotated[tuple[ParquetName, ...], Field(min_length=1, max_length=MOST_FILES)]


class CheckTwinResult(Message):
    """Which checks block a twin, none where it may stand in; and its files as they were checked."""

    blocked_by: Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z-]{1,40}\z")], ...], Field(max_length=50)] = ()
    files: Annotated[tuple[SnapshotEntry, ...], Field(max_length=MOST_FILES)] = ()
