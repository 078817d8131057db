"""Folders of past requests: canonical files with their report, as ``--canonical`` and ``export gather`` leave them.

One request is a folder with ``report.json`` and the canonical files below their own names; several stand side by side
in one folder. A report must be of our form, and each file must be what its report says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from hub.domain.errors import InvalidError
from hub.gate.exchange import LARGEST_RESULT
from hub.gate.report_form import ReportBody, ReportFile

REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class PastRequest:
    """A past request: its name, its report, and the canonical files that lie beside it."""

    name: str
    report: ReportBody
    files: tuple[tuple[ReportFile, Path], ...]

    @property
    def missing(self) -> int:
        """Files of the report without a canonical file: they were refused or blocked."""
        return len(self.report.files) - len(self.files)


def read_past(folder: Path) -> list[PastRequest]:
    """Read a folder of one past request, or of several; InvalidError where there is none, or one is altered."""
    reports = [folder / REPORT] if (folder / REPORT).is_file() else sorted(folder.glob(f"*/{REPORT}"))
    if not reports:
        raise InvalidError(
            "There is no {name} in {folder} or in a folder below; “datalab gate check --canonical” and “datalab "
            "export gather” leave such folders.",
            reason="past-missing",
            name=REPORT,
            folder=folder,
        )
    return [_read(path) for path in reports]


def _read(path: Path) -> PastRequest:
    try:
        with path.open("rb") as file:
            report = ReportBody.model_validate_json(file.read(LARGEST_RESULT))
    except (OSError, ValidationError):
        raise InvalidError("{path} is no report of the gate.", reason="past-form", path=path) from None
    named = [file for file in report.files if file.canonical_name]
    if any(not _stays_below(file.canonical_name) for file in named):
        raise InvalidError("{path} is no report of the gate.", reason="past-form", path=path)
    found = [(file, path.parent / file.canonical_name) for file in named]
    kept = tuple((file, place) for file, place in found if _is_there(file, place))
    return PastRequest(path.parent.name, report, kept)


def _stays_below(name: str) -> bool:
    """Whether a name leads nowhere but below its folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _is_there(file: ReportFile, path: Path) -> bool:
    if not path.exists():
        return False
    if path.is_symlink() or hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
        raise InvalidError("{path} is not the file that its report names.", reason="past-differs", path=path)
    return True
