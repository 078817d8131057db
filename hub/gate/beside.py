"""What counts together with the files of a request."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.gate.earlier import EarlierTables
from hub.gate.exchange import ApprovedNotebook
from hub.gate.fragments import FileFragments


@dataclass(frozen=True, slots=True)
class Beside:
    """What left before, what is under way, and the notebook that it all comes from.

    ``earlier`` are the tables that left, ``month_bytes`` the bytes of the project's month; ``approved`` is the notebook
    of the run whose outputs are offered. ``others`` are files of the project's other requests, newest first, which are
    not judged, with whether they left; ``others_all_count`` is false where there are more of them.
    """

    earlier: EarlierTables = field(default_factory=EarlierTables)
    month_bytes: int = 0
    approved: ApprovedNotebook | None = None
    others: tuple[tuple[FileFragments, bool], ...] = ()
    others_all_count: bool = True


NOTHING = Beside()
