"""What a run told of itself: resources and packages. It is believed of a run that succeeded alone.

Then its runner saw the end of all other processes and wrote it afterwards; of a run whose runner was killed, what lies
there may be forged.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from hub.domain.errors import LabError
from hub.domain.runs import Resources
from hub.domain.work import Work
from hub.sandbox.exchange import PACKAGES_FILE, REPORT_FILE, PackagesReport, RunReport
from hub.services.lab import Lab

MOST_BYTES = 256 * 1024


def told_packages(lab: Lab, folder: Path) -> str:
    """Return the digest of the list of an image's packages; nothing where none was told, or nonsense."""
    try:
        told = lab.storage.copy_in(folder, PACKAGES_FILE, MOST_BYTES)
        PackagesReport.model_validate_json(lab.vault.read(told.sha256, MOST_BYTES))
    except (LabError, OSError, ValidationError):
        return ""
    return told.sha256


def told_by(lab: Lab, work: Work) -> tuple[Resources | None, str]:
    """Return what a run used, and the digest of its packages' list; nothing where it told none, or nonsense."""
    folder = lab.storage.work_progress(work.id)
    try:
        report = lab.storage.copy_in(folder, REPORT_FILE, MOST_BYTES)
        used = RunReport.model_validate_json(lab.vault.read(report.sha256, MOST_BYTES))
    except (LabError, OSError, ValidationError):
        return None, ""
    packages = told_packages(lab, folder)
    if not packages:
        return None, ""
    return Resources(used.memory_allowed, used.memory_peak, used.cpus_allowed, used.cpu_seconds), packages


def packages_of(lab: Lab, digest: str) -> tuple[str, ...]:
    """Return the packages of a list, as ``name==version``; none where there is no digest."""
    if not digest:
        return ()
    return PackagesReport.model_validate_json(lab.vault.read(digest, MOST_BYTES)).packages
