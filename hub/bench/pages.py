"""The portal's pages with 10,000 requests, one of them of 1,000 files, beside a bare page of the same framework.

The bare page has the same server, login, headers and layout, and asks the database nothing. Measured is the server's
own time, from the first byte of a question to the last of its answer. A tenth of the requests wait in the queue; each
has three files with findings. Each page is opened in turn with the bare one; shown are the median and the 95th
percentile of its times, each beside the same of the bare page. A view of a request writes to the audit log before it
is shown.
"""

from __future__ import annotations

import hashlib
import io
import statistics
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from hub.bench.pages_served import BARE, Served, served
from hub.bench.rows import Goal, Of, Row
from hub.domain.audit import event
from hub.domain.exports import ExportFile, ExportRequest, ExportState, Finding, Severity
from hub.domain.people import Organisation, Person, Role
from hub.domain.projects import Project
from hub.domain.table_context import TableContext
from hub.services.lab import Lab
from hub.settings import Login, Settings
from hub.wiring import lab_from

REQUESTS, FILES, PROJECTS = 10_000, 1_000, 20
WAITING = (ExportState.SUBMITTED, ExportState.IN_REVIEW, ExportState.APPROVED, ExportState.RETURNED)
OVER = (ExportState.RELEASED, ExportState.REJECTED, ExportState.WITHDRAWN)
STEWARD, AUTHOR, LARGE = "steward", "author", "export-large"
VIEWS = 40
"""How often a page is opened in each round."""
GOAL = Goal(Of.RATIO, 5)
TABLE = b"year,n\r\n" + b"".join(b"%d,%d\r\n" % (1990 + n, 20 + n) for n in range(30))
PAGES = {
    "queue, 1,000 of 10,000 requests wait": "/queue",
    "list of 10,000 requests": "/exports",
    "request of 1,000 files": f"/exports/{LARGE}",
    "file of that request": f"/exports/{LARGE}/file?path=file-0500.csv",
}


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Open each page in turn with the bare one; medians and 95th percentiles."""
    tell("10,000 requests")
    lab = lab_from(Settings(name="benchpages", state=folder, login=Login(demo=True)))
    fill(lab)
    with served(lab, STEWARD) as portal:
        for title, path in PAGES.items():
            tell(title)
            yield from _page(portal, title, path, rounds * VIEWS)


def _page(portal: Served, title: str, path: str, views: int) -> Iterator[Row]:
    taken = [(portal.seconds(path), portal.seconds(f"/{BARE}")) for _ in range(views + 3)][3:]
    page, bare = (sorted(1000 * seconds for seconds in times) for times in zip(*taken, strict=True))
    yield Row(f"{title}, median", statistics.median(page), statistics.median(bare), "ms", GOAL)
    late, late_bare = (times[int(0.95 * (len(times) - 1))] for times in (page, bare))
    yield Row(f"{title}, 95th percentile", late, late_bare, "ms")


def fill(lab: Lab, requests: int = REQUESTS, files: int = FILES) -> None:
    """Put people, projects and requests into the records; the last request has so many files."""
    stored = lab.vault.add(io.BytesIO(TABLE), len(TABLE))
    day = lab.now().date()
    with lab.store.begin() as records:

        def keep(value: object, name: str) -> None:
            records.save(value, event("bench:record:make", "bench", name))

        for name, role in ((STEWARD, Role.STEWARD), (AUTHOR, Role.RESEARCHER)):
            keep(Person(name, name.title(), name, (role,)), name)
            keep(Organisation(name, name.title()), name)
        for number in range(PROJECTS):
            name = f"project-{number}"
            keep(Project(name, name, "A purpose", AUTHOR, day, day + timedelta(days=90), 200_000 + number), name)
        for number in range(requests - 1):
            state = WAITING[number // 10 % len(WAITING)] if number % 10 == 0 else OVER[number % len(OVER)]
            keep(_request(lab, f"export-{number}", number, state, 3, stored.sha256), f"export-{number}")
        keep(_request(lab, LARGE, 0, ExportState.IN_REVIEW, files, stored.sha256), LARGE)


def _request(lab: Lab, name: str, number: int, state: ExportState, files: int, canonical: str) -> ExportRequest:
    found = Finding("frequency", Severity.REVIEW, "table, row 3", "Row 3 counts few units.", "minimum_units")
    table = TableContext("jobs", ("year",))
    offered = tuple(
        ExportFile(
            f"file-{n:04}.csv",
            table,
            canonical,
            len(TABLE),
            "table",
            canonical,
            f"file-{n:04}.csv",
            len(TABLE),
            (found,),
        )
        for n in range(files)
    )
    made, policy = lab.now(), hashlib.sha256(b"policy").hexdigest()
    return ExportRequest(
        name, f"project-{number % PROJECTS}", AUTHOR, "workspace", "Counts by year, for a report.", made,
        {"jobs": canonical}, offered, state, policy, "engine", 1, submitted=made,
    )  # fmt: skip
