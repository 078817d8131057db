"""Datasets with what their owners declared: opened below a folder, or made of tables that are at hand."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import polars as pl

from hub.domain.errors import InvalidError
from hub.gate.datasets import DataFile
from hub.gate.exchange import DatasetDescription
from hub.gate.held import MOST_HELD, Room
from hub.gate.planted import Planted, planted
from hub.gate.words import plain_words


class MountedDataset:
    """A dataset with what its owner declared."""

    def __init__(self, description: DatasetDescription, files: tuple[DataFile, ...]) -> None:
        self.name = description.name
        self.privacy_unit = description.privacy_unit
        self.direct_identifiers = description.direct_identifiers
        self.group_columns = description.group_columns
        self.structural_zeros = description.structural_zeros
        self.canaries = description.canaries
        self.canary_rows = description.canary_rows
        self.files = files

    @cached_property
    def planted(self) -> Planted:
        """What its owner planted in it."""
        return planted(self.canaries, self.canary_rows, self.files)

    @cached_property
    def identifiers(self) -> tuple[pl.Series, ...]:
        """The different values of each column that names its units directly, as text."""
        found = []
        for file in self.files:
            for column in self.direct_identifiers:
                if column in file.schema:
                    found.append(file.texts(column))
        return tuple(found)

    @cached_property
    def identifier_keys(self) -> tuple[tuple[str, pl.Series], ...]:
        """The identifiers by column, sorted."""
        return tuple((series.name, series) for series in self.identifiers)

    @cached_property
    def plain_identifiers(self) -> tuple[pl.Series, ...]:
        """The identifiers as words without accents, case and marks, as they would stand in a text, sorted."""
        return tuple(map(plain_words, self.identifiers))


def mount(description: DatasetDescription) -> MountedDataset:
    """Open the Parquet files below a dataset's folder; a folder without any is refused."""
    folder = Path(description.folder)
    paths = sorted(folder.rglob("*.parquet"))
    if not paths:
        raise InvalidError(
            "The dataset {name} has no Parquet file where it should be mounted; tell the administrator.",
            reason="dataset-missing",
            name=description.name,
        )
    return from_scans(
        description, {path.relative_to(folder).as_posix(): pl.scan_parquet(path, glob=False) for path in paths}
    )


def from_scans(description: DatasetDescription, scans: dict[str, pl.LazyFrame]) -> MountedDataset:
    """Make a dataset of tables that are at hand already."""
    room, unit = Room(MOST_HELD), description.privacy_unit
    files = tuple(DataFile(description.name, name, scan, unit, room) for name, scan in sorted(scans.items()))
    columns = {name for file in files for name in file.schema}
    zeros = (column for zero in description.structural_zeros for column in zero)
    planted_in = (column for row in description.canary_rows for column in row)
    named = (*description.direct_identifiers, *description.group_columns, *zeros, *planted_in)
    declared = (description.privacy_unit, *named)
    if any(column and column not in columns for column in declared):
        raise InvalidError(
            "The dataset {name} has no column of the name that is declared as its privacy unit, identifier or group, "
            "or in its structural zeros or canary rows; ask its steward to register it again.",
            reason="dataset-columns",
            name=description.name,
        )
    return MountedDataset(description, files)
