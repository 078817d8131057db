"""Supporting files: what an author lets the reviewers see beside a request, and what never leaves.

They are of a type of their own, and stand beside a request's files: whatever releases, registers, splits, counts or
excepts files is not given them.
"""

from __future__ import annotations

from dataclasses import dataclass


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
