"""Runs: one execution of an approved notebook; how far it has come stands in the work of the same identifier."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from hub.domain.errors import RefusedError
from hub.domain.notebooks import ParameterValue


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file of a run's outputs: its path below the outputs folder, SHA-256 and size in bytes."""

    path: str
    sha256: str
    size: int


class Screening(StrEnum):
    """Whether the outputs of a run on secret data are held back from people until the gate has looked at them."""

    NONE = "none"
    WAITING = "waiting"
    HELD = "held"
    SHOWN = "shown"


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
    ``screening`` says whether its outputs are held back, ``screened_by`` which checks of the gate block them (one is
    told), and ``schedule`` which schedule started it.
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
    screening: Screening = Screening.NONE
    screened_by: tuple[str, ...] = ()
    schedule: str = ""

    @property
    def is_on_secret(self) -> bool:
        """Whether it is on secret data, so that its code may tell people nothing before the gate has looked at it."""
        return self.screening is not Screening.NONE

    @property
    def is_held(self) -> bool:
        """Whether nobody sees its outputs, or will not once there are some."""
        return self.screening in (Screening.WAITING, Screening.HELD)


def as_shown(run: Run) -> Run:
    """Return a run as people see it: of outputs that are held back neither names nor sizes nor digests.

    Of the checks that block them one is named: its code chooses which do, and many together could say much.

    How much a run on secret data used is shown to nobody, whatever became of its outputs: its code chooses it, and no
    check of the gate looks at it.
    """
    if not run.is_on_secret:
        return run
    used = replace(run.resources, memory_peak=None, cpu_seconds=None) if run.resources else None
    outputs = () if run.is_held else run.outputs
    return replace(run, outputs=outputs, resources=used, screened_by=run.screened_by[:1])


def check_is_shown(run: Run) -> None:
    """Outputs that are held back are asked for by nobody."""
    if run.screening is Screening.WAITING:
        raise RefusedError(
            "The outputs of the run {id} are on secret data and wait for the gate's checks; ask again when it has "
            "shown them.",
            reason="run-screening",
            id=run.id,
        )
    if run.screening is Screening.HELD:
        raise RefusedError(
            "The outputs of the run {id} are held back: on secret data they are shown only where no check of the gate "
            "blocks them, and {check} does. Run the notebook with other parameters.",
            reason="run-held",
            id=run.id,
            check=next(iter(run.screened_by), "—"),
        )


def seeds(parameters: dict[str, ParameterValue]) -> dict[str, ParameterValue]:
    """Return the parameters that seed random numbers: whole numbers named ``seed``, or with that last word."""
    return {
        name: value
        for name, value in parameters.items()
        if (name == "seed" or name.endswith("_seed")) and isinstance(value, int) and not isinstance(value, bool)
    }
