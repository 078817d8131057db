"""Runs: one execution of an approved notebook; how far it has come stands in the work of the same identifier."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hub.domain.notebooks import ParameterValue


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file of a run's outputs: its path below the outputs folder, SHA-256 and size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked and what came: ``snapshots`` pins each dataset to a digest when the run is queued."""

    id: str
    project: str
    notebook: str
    requester: str
    created: datetime
    parameters: dict[str, ParameterValue]
    snapshots: dict[str, str]
    outputs: tuple[OutputFile, ...] = field(default=())
