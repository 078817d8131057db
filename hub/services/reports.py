"""Reports for stewards and auditors: a row for each submission of an export request, and the same in numbers."""

from __future__ import annotations

from datetime import date, datetime

from hub.domain.audit import event
from hub.domain.exports import ExportRequest, Severity
from hub.domain.people import Role, check_has_role
from hub.domain.reports import EVENTS, ReportFigures, Submission, figures_of, submissions_of, within
from hub.services.lab import Lab, load_person
from hub.services.ports import Reading
from hub.services.spreadsheet import csv_of

SEVERITIES = tuple(Severity)
COLUMNS = (
    "request", "project", "author", "turn", "turns", "submitted_utc", "claimed_utc", "first_decision_utc",
    "seconds_to_first_decision", "state", "reviewers", "files", "bytes", *(f"findings_{s}" for s in SEVERITIES),
    "rules", "causes", "votes_needed",
)  # fmt: skip


def submissions(
    lab: Lab, actor: str, project: str = "", since: date | None = None, until: date | None = None
) -> list[Submission]:
    """Return a row for each submission between two days (UTC), oldest first; stewards and auditors read all.

    The number of questions to the database does not depend on how many there are.
    """
    with lab.store.read() as reading:
        _check_reads(reading, actor)
        requests = reading.find(ExportRequest, **({"project": project} if project else {}))
        entries = reading.audit_named(EVENTS, (project,) if project else None)
    found = submissions_of(entries, {r.id: r for r in requests})
    return [s for s in found if within(s, since, until)]


def figures(
    lab: Lab, actor: str, project: str = "", since: date | None = None, until: date | None = None
) -> ReportFigures:
    """Return the numbers of the same submissions."""
    return figures_of(submissions(lab, actor, project, since, until))


def submissions_csv(
    lab: Lab, actor: str, project: str = "", since: date | None = None, until: date | None = None
) -> bytes:
    """Return the rows as CSV, in which no cell is run by a spreadsheet; the download is recorded.

    Times are in UTC (ISO 8601); what is not kept of earlier submissions is empty.
    """
    with lab.store.begin() as records:
        _check_reads(records, actor)
        records.record(event("lab:report:download", actor, "submissions", project))
    return csv_of(COLUMNS, map(_line, submissions(lab, actor, project, since, until)))


def _check_reads(reading: Reading, actor: str) -> None:
    check_has_role(load_person(reading, actor), Role.STEWARD, Role.AUDITOR)


def _line(row: Submission) -> tuple[str, ...]:
    took = row.first_decision - row.submitted if row.first_decision else None
    findings = [_count(None if row.findings is None else row.findings.get(s, 0)) for s in SEVERITIES]
    return (
        row.request, row.project, row.author, str(row.turn), str(row.turns),
        _moment(row.submitted), _moment(row.claimed), _moment(row.first_decision),
        _count(None if took is None else int(took.total_seconds())),
        row.state, " ".join(row.reviewers), _count(row.files), _count(row.size), *findings, " ".join(row.rules),
        " ".join(row.causes), _count(row.needed),
    )  # fmt: skip


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _count(number: int | None) -> str:
    return "" if number is None else str(number)
