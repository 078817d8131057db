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
class Resources:
    """What a run was allowed and what it used: memory in bytes, processors, processor time in seconds.

    None where the kernel of the machine does not say. The peak counts what the kernel keeps of files, too.
    """

    memory_allowed: int | None = None
    memory_peak: int | None = None
    cpus_allowed: float | None = None
    cpu_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked and what came: ``snapshots`` pins each dataset to a digest when the run is queued.

    ``resources`` and ``packages``, the SHA-256 of the list of the image's packages in the vault, are known of a run
    that succeeded. ``reproduces`` names the run that this one repeats, ``sweep`` the sweep that it is part of.
    """

    id: str
    project: str
    notebook: str
    requester: str
    created: datetime
    parameters: dict[str, ParameterValue]
    snapshots: dict[str, str]
    outputs: tuple[OutputFile, ...] = field(default=())
    resources: Resources | None = None
    packages: str = ""
    reproduces: str = ""
    sweep: str = ""


def seeds(parameters: dict[str, ParameterValue]) -> dict[str, ParameterValue]:
    """Return the parameters that seed random numbers: whole numbers named ``seed``, or with that last word."""
    return {
        name: value
        for name, value in parameters.items()
        if (name == "seed" or name.endswith("_seed")) and isinstance(value, int) and not isinstance(value, bool)
    }
