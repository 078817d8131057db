"""Supporting files: what an author lets the reviewers see beside a request, and what never leaves.

They are of a type of their own, and stand beside a request's files: whatever releases, registers, splits, counts or
excepts files is not given them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hub.domain.errors import InvalidError


@dataclass(frozen=True, slots=True)
class SupportingFile:
    """One supporting file: ``sha256`` and ``size`` of what was taken in, ``shown`` what the gate wrote to be looked at.

    Where the gate cannot show it, ``refusal`` says why.
    """

    path: str
    sha256: str = ""
    size: int = 0
    kind: str = ""
    shown: str = ""
    shown_name: str = ""
    shown_size: int = 0
    refusal: str = ""


def check_supporting(paths: Collection[str], supporting: Collection[str]) -> None:
    """A file leaves or supports, never both; one that nobody asks to take out supports nothing by itself."""
    if not paths:
        raise InvalidError("Supporting files alone are no request: name a file that is to leave.", reason="no-files")
    if set(paths) & set(supporting) or len(set(supporting)) < len(supporting):
        raise InvalidError(
            "A file is to leave, or it is a supporting file, which never leaves; name each once.", reason="supporting"
        )


def as_taken_in(supporting: Collection[SupportingFile]) -> tuple[SupportingFile, ...]:
    """Return supporting files as they were taken in, of which nothing has been shown yet; others are left out."""
    return tuple(SupportingFile(file.path, file.sha256, file.size) for file in supporting if file.sha256)
