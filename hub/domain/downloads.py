"""Downloads: until when a release is fetched, and the download that one person makes of it for a short time.

Invariants:

* a download is of one person and one release; to everybody else it looks like one that is not there;
* what has ended stays ended: by the date, or by the seconds that went by, whichever comes first, so that a clock that
  is set back opens nothing; a term goes by the date alone from a restart on, until its seconds are more again;
* a download ends with a restart of the machine, which the kernel names anew each time;
* a download never lasts longer than its release is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.domain.errors import ConflictError, InvalidError


@dataclass(frozen=True, slots=True)
class Moment:
    """The present by the date, and by seconds that go on evenly whatever the date is set to, until a restart.

    ``boot`` names the machine's start since which the seconds count.
    """

    at: datetime
    seconds: int
    boot: str


@dataclass(frozen=True, slots=True)
class ReleaseTerm:
    """Until when a release is fetched; ``seconds`` is the machine's even clock when it was opened.

    ``reason`` is why a steward opened it again; it is empty for the first time.
    """

    release: str
    project: str
    opened: datetime
    ends: datetime
    seconds: int
    opened_by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OwnDownload:
    """The right of one person to fetch one release's files for a short time, until the machine starts again."""

    id: str
    release: str
    project: str
    person: str
    made: datetime
    ends: datetime
    seconds: int
    boot: str


def has_term_ended(term: ReleaseTerm, now: Moment) -> bool:
    """A release is open from its opening to its end; a restart of the machine in between changes nothing."""
    return _is_outside(term.opened, term.ends, now.at) or _has_run_out(term.opened, term.ends, term.seconds, now)


def has_download_ended(download: OwnDownload, now: Moment) -> bool:
    """A download ends with its time, and with the machine: after a restart one makes another."""
    return (
        now.boot != download.boot
        or _is_outside(download.made, download.ends, now.at)
        or _has_run_out(download.made, download.ends, download.seconds, now)
    )


def _is_outside(begun: datetime, ends: datetime, at: datetime) -> bool:
    return not begun <= at < ends


def _has_run_out(begun: datetime, ends: datetime, seconds: int, now: Moment) -> bool:
    return now.seconds - seconds >= (ends - begun).total_seconds()


def check_term(term: ReleaseTerm, now: Moment) -> None:
    """A release that has ended says until when it could be fetched, and what to do."""
    if has_term_ended(term, now):
        raise ConflictError(
            "The release {id} could be fetched until {ends}, and that time is over. Ask a data steward who reviews the "
            "project's exports to open it again, and say what for.",
            reason="release-ended",
            id=term.release,
            ends=f"{term.ends:%Y-%m-%d %H:%M} UTC",
        )


def check_download(download: OwnDownload, now: Moment) -> None:
    """A download that has ended says so; its person makes another as long as the release is open."""
    if has_download_ended(download, now):
        raise ConflictError(
            "This download is over: it was made for you alone, and for a short time. Make another on the release's "
            "page.",
            reason="download-ended",
        )


def end_of_download(term: ReleaseTerm, minutes: int, now: Moment) -> datetime:
    """Return when a download that is made now ends."""
    return min(now.at + timedelta(minutes=minutes), term.ends)


def check_days(days: int, most: int) -> int:
    """A release is opened again for a number of days that the site allows."""
    if not 1 <= days <= most:
        raise InvalidError("A release is opened again for 1 to {most} days.", reason="days", most=most)
    return days
