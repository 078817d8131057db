"""Datasets made for one fact each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans

Mount = Callable[..., Any]


@pytest.fixture(scope="session")
def on(gate: Any) -> Mount:
    """The engine for one dataset: its rows, and what its owner declared."""

    def mount(rows: pl.DataFrame, unit: str = "", **declared: Any) -> Any:
        description = DatasetDescription(name="d", folder="/data/d", privacy_unit=unit, **declared)
        dataset: MountedDataset = from_scans(description, {"d.parquet": rows.lazy()})
        return type(gate)(gate.policy, (dataset,))

    return mount
