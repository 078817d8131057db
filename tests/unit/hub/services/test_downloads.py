"""Downloads through the use cases: whose they are, when they end, and what the log says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import cast

import pytest

from doubles.lab import SteppingClock
from doubles.people import approved_request, fetched, play, registered_dataset
from hub.domain.audit import event
from hub.domain.downloads import OwnDownload, ReleaseTerm
from hub.domain.errors import ConflictError, InvalidError, LabError, NotFoundError, RefusedError
from hub.services import downloads, freezes, projects, releases
from hub.services.lab import Lab
from hub.services.ports import pages

MEMBER, DAY = "researcher", 24 * 3600
WHY = "The author lost the file"


@pytest.fixture
def made(lab: Lab) -> str:
    """The identifier of a release that was made just now."""
    play(lab)
    registered_dataset(lab)
    return releases.release(lab, "health-steward", approved_request(lab).id).id


def clock(lab: Lab) -> SteppingClock:
    return cast(SteppingClock, lab.clock)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(LabError) as said:
        act()
    return said.value.reason


def logged(lab: Lab, *names: str) -> list[tuple[str, str, dict[str, str]]]:
    with lab.store.read() as reading:
        events = [entry.event for entry in pages(reading)]
    return [(e.name, e.actor, dict(e.details)) for e in events if e.name in names]


def test_a_release_is_open_from_its_making_for_as_long_as_the_site_says(lab: Lab, made: str) -> None:
    found = downloads.offered(lab, MEMBER, made)
    assert (found.is_open, found.own) == (True, None)
    assert found.term.ends - found.term.opened == timedelta(days=lab.settings.releases.days)
    assert logged(lab, "export:release:open") == [
        ("export:release:open", "health-steward", {"ends": found.term.ends.isoformat(timespec="seconds")})
    ]
    clock(lab).wait(30 * DAY)
    assert downloads.offered(lab, MEMBER, made).is_open is False
    assert refused(lambda: downloads.make_download(lab, MEMBER, made)) == "release-ended"


def test_a_download_is_of_one_person_and_looks_to_others_like_one_that_is_not_there(lab: Lab, made: str) -> None:
    own = downloads.make_download(lab, MEMBER, made)
    for other in ("scientist", "health-steward", "auditor"):
        sentences = set()
        for name in (own.id, "download-aaaaaaaaaaaa"):
            with pytest.raises(NotFoundError) as said:
                downloads.released_file(lab, other, made, name, "table.csv")
            sentences.add(str(said.value).replace(name, "…"))
        assert len(sentences) == 1
    assert logged(lab, "export:request:refuse") == []
    assert downloads.released_file(lab, MEMBER, made, own.id, "table.csv")[1].startswith(b"year,persons")
    taken = logged(lab, "export:release:offer", "export:release:download")
    assert [(name, actor, details["download"]) for name, actor, details in taken] == [
        ("export:release:offer", MEMBER, own.id),
        ("export:release:download", MEMBER, own.id),
    ]


def test_a_download_of_one_release_opens_no_other(lab: Lab, made: str) -> None:
    other = releases.release(lab, "health-steward", approved_request(lab).id).id
    own = downloads.make_download(lab, MEMBER, made)
    assert refused(lambda: downloads.released_file(lab, MEMBER, other, own.id, "table.csv")) == "not-found"


def test_a_download_ends_and_another_is_made_while_the_release_is_open(lab: Lab, made: str) -> None:
    own = downloads.make_download(lab, MEMBER, made)
    assert downloads.offered(lab, MEMBER, made).own == own
    assert downloads.offered(lab, "scientist", made).own is None
    clock(lab).wait(60 * lab.settings.releases.minutes)
    assert downloads.offered(lab, MEMBER, made).own is None
    assert refused(lambda: downloads.released_file(lab, MEMBER, made, own.id, "table.csv")) == "download-ended"
    assert fetched(lab, MEMBER, made)
    assert logged(lab, "export:request:refuse") == [
        ("export:request:refuse", MEMBER, {"act": "download", "rule": "download-ended"})
    ]


@pytest.mark.parametrize("back", [timedelta(minutes=30), timedelta(days=1), timedelta(days=3650)])
def test_a_clock_that_is_set_back_opens_nothing_that_had_ended(lab: Lab, made: str, back: timedelta) -> None:
    own = downloads.make_download(lab, MEMBER, made)
    clock(lab).wait(30 * DAY)
    clock(lab).moment -= back
    assert refused(lambda: downloads.released_file(lab, MEMBER, made, own.id, "table.csv")) == "release-ended"
    assert refused(lambda: downloads.make_download(lab, MEMBER, made)) == "release-ended"


def test_a_clock_that_is_set_back_within_the_term_keeps_an_ended_download_ended(lab: Lab, made: str) -> None:
    clock(lab).wait(DAY)
    own = downloads.make_download(lab, MEMBER, made)
    clock(lab).wait(3600)
    clock(lab).moment -= timedelta(minutes=50)
    assert refused(lambda: downloads.released_file(lab, MEMBER, made, own.id, "table.csv")) == "download-ended"


@pytest.mark.parametrize("ran", [0, 5, 1200])
def test_after_a_restart_a_release_is_still_open_and_its_downloads_are_over(lab: Lab, made: str, ran: int) -> None:
    """Also where the machine has run for longer since than it had when the download was made."""
    clock(lab).wait(300)
    own = downloads.make_download(lab, MEMBER, made)
    clock(lab).restart()
    clock(lab).wait(ran)
    assert refused(lambda: downloads.released_file(lab, MEMBER, made, own.id, "table.csv")) == "download-ended"
    assert fetched(lab, MEMBER, made)


@pytest.mark.parametrize(
    ("stop", "rule"),
    [
        (lambda lab, made: releases.revoke(lab, "health-steward", made, WHY), "release-revoked"),
        (lambda lab, made: freezes.freeze(lab, "jobs-steward", "", WHY), "frozen"),
        (lambda lab, made: freezes.freeze(lab, "jobs-steward", "wages", WHY), "frozen"),
        (lambda lab, made: clock(lab).wait(30 * DAY), "release-ended"),
        (lambda lab, made: clock(lab).wait(3600), "download-ended"),
        (lambda lab, made: projects.remove_member(lab, "scientist", "wages", MEMBER), "not-found"),
    ],
)
def test_what_falls_while_a_file_is_read_counts(
    lab: Lab, made: str, monkeypatch: pytest.MonkeyPatch, stop: Callable[[Lab, str], object], rule: str
) -> None:
    own, read = downloads.make_download(lab, MEMBER, made), type(lab.vault).read

    def slowly(vault: object, sha256: str, limit: int) -> bytes:
        content = read(vault, sha256, limit)  # type: ignore[arg-type]
        stop(lab, made)
        return content

    monkeypatch.setattr(type(lab.vault), "read", slowly)
    assert refused(lambda: downloads.released_file(lab, MEMBER, made, own.id, "table.csv")) == rule
    assert logged(lab, "export:release:download") == []


def test_a_reviewing_steward_opens_an_ended_release_again_for_some_days(lab: Lab, made: str) -> None:
    clock(lab).wait(31 * DAY)
    ends = downloads.reopen(lab, "health-steward", made, WHY, 7)
    found = downloads.offered(lab, MEMBER, made)
    assert (found.term.ends, found.term.reason, found.term.opened_by) == (ends, WHY, "health-steward")
    assert fetched(lab, MEMBER, made)
    clock(lab).wait(7 * DAY)
    assert refused(lambda: downloads.make_download(lab, MEMBER, made)) == "release-ended"
    opened = logged(lab, "export:release:open")
    assert [details.get("reason", "") for _, _, details in opened] == ["", WHY]


def test_nobody_else_opens_a_release_again_nor_without_a_reason_nor_for_longer(lab: Lab, made: str) -> None:
    for person in (MEMBER, "scientist", "auditor"):
        with pytest.raises(RefusedError):
            downloads.reopen(lab, person, made, WHY)
    for person in ("outsider", "administrator"):
        with pytest.raises(NotFoundError):
            downloads.reopen(lab, person, made, WHY)
    with pytest.raises(InvalidError):
        downloads.reopen(lab, "health-steward", made, " ")
    with pytest.raises(InvalidError):
        downloads.reopen(lab, "health-steward", made, WHY, 31)
    releases.revoke(lab, "health-steward", made, WHY)
    with pytest.raises(ConflictError, match="was revoked"):
        downloads.reopen(lab, "health-steward", made, WHY)
    assert len(logged(lab, "export:release:open")) == 1


def test_a_release_from_before_there_were_terms_is_open_as_long_as_a_new_one(lab: Lab, made: str) -> None:
    with lab.store.begin() as records:
        kept = releases.load_release(records, MEMBER, made)
        records.save(replace(kept, id="export-old"), event("test:release:put", "test", made))
        assert records.get(ReleaseTerm, "export-old") is None
    assert fetched(lab, MEMBER, "export-old")
    clock(lab).wait(30 * DAY)
    assert refused(lambda: downloads.make_download(lab, MEMBER, "export-old")) == "release-ended"


def test_a_member_whose_time_is_over_uses_no_download_any_more(lab: Lab, made: str) -> None:
    own = downloads.make_download(lab, MEMBER, made)
    projects.remove_member(lab, "scientist", "wages", MEMBER)
    assert refused(lambda: downloads.released_file(lab, MEMBER, made, own.id, "table.csv")) == "not-found"
    assert date(2026, 3, 2) == lab.now().date()
    with lab.store.read() as reading:
        assert [d.person for d in reading.find(OwnDownload)] == [MEMBER]
