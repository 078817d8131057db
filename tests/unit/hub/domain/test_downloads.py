"""Until when a release is fetched, and how long one person's download of it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.downloads import (
    Moment,
    OwnDownload,
    ReleaseTerm,
    check_days,
    check_download,
    check_term,
    end_of_download,
    has_download_ended,
    has_term_ended,
)
from hub.domain.errors import ConflictError, InvalidError

BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY, HOUR = 24 * 3600, 3600
TERM = ReleaseTerm("export-a", "wages", BEGUN, BEGUN + timedelta(days=30), 1000, "health-steward")
DOWNLOAD = OwnDownload("download-a", "export-a", "wages", "researcher", BEGUN, BEGUN + timedelta(hours=1), 1000, "a")


def later(seconds: float, ran: float | None = None, boot: str = "a") -> Moment:
    """So long after the beginning by the date, and by the machine's even clock where that differs."""
    return Moment(BEGUN + timedelta(seconds=seconds), 1000 + int(seconds if ran is None else ran), boot)


@contextmanager
def refused(reason: str, words: str) -> Iterator[None]:
    with pytest.raises(ConflictError, match=words) as said:
        yield
    assert said.value.reason == reason


@pytest.mark.parametrize(
    ("now", "ended"),
    [
        (later(0), False),
        (later(30 * DAY - 1), False),
        (later(30 * DAY), True),
        (later(-1), True),  # the date was set to before it was opened
        (later(DAY, 30 * DAY), True),  # the date was set back, and the time went by all the same
        (later(30 * DAY, DAY), True),  # the date was set ahead
        (later(5 * DAY, -900, "b"), False),  # the machine was started again
        (later(30 * DAY, -900, "b"), True),
    ],
)
def test_a_release_ends_by_the_date_or_by_the_seconds_that_went_by(now: Moment, ended: bool) -> None:
    assert has_term_ended(TERM, now) is ended
    with refused("release-ended", "2026-04-01 09:00 UTC") if ended else nullcontext():
        check_term(TERM, now)


@pytest.mark.parametrize(
    ("now", "ended"),
    [
        (later(0), False),
        (later(HOUR - 1), False),
        (later(HOUR), True),
        (later(-1), True),
        (later(60, HOUR), True),
        (later(HOUR, 60), True),
        (later(60, -1, "b"), True),  # after a restart one makes another
        (later(60, 30, "b"), True),  # also once the machine has run as long as it had
    ],
)
def test_a_download_ends_with_its_time_and_with_a_restart(now: Moment, ended: bool) -> None:
    assert has_download_ended(DOWNLOAD, now) is ended
    with refused("download-ended", "made for you alone") if ended else nullcontext():
        check_download(DOWNLOAD, now)


def test_no_moment_after_an_end_opens_what_had_ended_whatever_the_date_is_set_to() -> None:
    for ran in range(HOUR, 3 * HOUR, 600):
        for date in range(-2 * DAY, 2 * DAY, 1800):
            assert has_download_ended(DOWNLOAD, later(date, ran))


def test_a_download_never_lasts_longer_than_its_release_is_open() -> None:
    short = replace(TERM, ends=BEGUN + timedelta(minutes=10))
    assert end_of_download(short, 60, later(0)) == short.ends
    assert end_of_download(TERM, 60, later(0)) == BEGUN + timedelta(hours=1)


@pytest.mark.parametrize("days", [0, -1, 31, 10**9])
def test_a_release_is_opened_again_for_as_long_as_the_site_says_at_most(days: int) -> None:
    with pytest.raises(InvalidError, match="1 to 30 days"):
        check_days(days, 30)
    assert (check_days(1, 30), check_days(30, 30)) == (1, 30)
