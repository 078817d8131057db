"""Promise 5: a download is of one person and ends; its address is of no use to anybody else, nor afterwards.

The lab's clock is one that the test holds; the portal is the real one, asked over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import requests

from doubles.lab import SteppingClock, make_lab
from doubles.people import approved_request, found_consortium, play, registered_dataset
from doubles.portal import login_cookie, served
from hub.domain.people import Role
from hub.services import freezes, people, projects, releases
from hub.services.lab import Lab
from hub.services.ports import pages

OWNER, FILE = "researcher", "table.csv"
OTHERS = ("scientist", "health-steward", "jobs-steward", "auditor")
"""Others who see the release, and may make downloads of their own."""
STRANGERS = ("outsider", "administrator")
WHY = "because a test wants to"
DAY = 24 * 3600


@dataclass(frozen=True)
class Site:
    """A lab with a release, behind its portal."""

    lab: Lab
    base: str
    release: str

    def ask(self, who: str, method: str, path: str, **options: Any) -> requests.Response:
        head = {"Authorization": f"token {who}-token"} if who else {}
        return requests.request(
            method, f"{self.base}/api/v1{path}", headers=head, timeout=30, allow_redirects=False, **options
        )

    def made(self, who: str) -> str:
        """The address of the file in a download that somebody makes."""
        answer = self.ask(who, "POST", f"/releases/{self.release}/downloads")
        assert answer.status_code == 200, answer.text
        return f"/releases/{self.release}/downloads/{answer.json()['id']}/files/{FILE}"

    def told(self, who: str, path: str) -> tuple[int, str]:
        answer = self.ask(who, "GET", path)
        return answer.status_code, answer.json()["error"]["reason"] if answer.status_code != 200 else ""

    @property
    def clock(self) -> SteppingClock:
        return cast(SteppingClock, self.lab.clock)

    def left(self) -> int:
        with self.lab.store.read() as reading:
            return sum(entry.event.name == "export:release:download" for entry in pages(reading))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    made = releases.release(lab, "health-steward", approved_request(lab).id)
    with served(lab) as base:
        yield Site(lab, base, made.id)
    lab.store.engine.dispose()  # type: ignore[attr-defined]


def test_another_persons_address_is_of_no_use_to_anybody(site: Site) -> None:
    own = site.made(OWNER)
    invented = own.replace("/downloads/download-", "/downloads/download-z")
    for person in (*OTHERS, *STRANGERS):
        there, nothing = site.ask(person, "GET", own), site.ask(person, "GET", invented)
        assert (there.status_code, nothing.status_code) == (404, 404)
        assert there.json()["error"]["reason"] == nothing.json()["error"]["reason"] == "not-found"
        cookie = requests.get(f"{site.base}/api/v1{own}", cookies=login_cookie(person), timeout=30)
        assert (cookie.status_code, b"year,persons" in cookie.content) == (404, False)
    assert site.ask("", "GET", own).status_code in (302, 401, 403)
    assert site.left() == 0
    assert site.told(OWNER, own) == (200, "")


def test_one_persons_download_is_not_used_with_anothers_release(site: Site) -> None:
    """Nor is one's own download a way to a release of a project of which one is no member."""
    own = site.made(OWNER)
    other = releases.release(site.lab, "health-steward", approved_request(site.lab).id).id
    assert site.told(OWNER, own.replace(site.release, other)) == (404, "not-found")
    assert site.told(OWNER, own.replace(site.release, "export-aaaaaaaaaaaa")) == (404, "not-found")


@pytest.mark.parametrize("back", [timedelta(), timedelta(minutes=59), timedelta(days=1), timedelta(days=4000)])
def test_an_address_whose_time_is_over_opens_for_no_clock(site: Site, back: timedelta) -> None:
    own = site.made(OWNER)
    site.clock.wait(3600)
    site.clock.moment -= back
    assert site.told(OWNER, own) in [(409, "download-ended"), (409, "release-ended")]
    assert site.left() == 0


def test_an_address_from_before_the_machine_started_again_opens_for_nobody(site: Site) -> None:
    """Also where the machine has run for longer since than it had when the download was made."""
    own = site.made(OWNER)
    site.clock.restart()
    site.clock.wait(60)
    assert site.told(OWNER, own) == (409, "download-ended")
    assert site.left() == 0
    assert site.told(OWNER, site.made(OWNER)) == (200, "")


@pytest.mark.parametrize("back", [timedelta(), timedelta(days=5), timedelta(days=30), timedelta(days=4000)])
def test_a_release_whose_time_is_over_opens_for_no_clock(site: Site, back: timedelta) -> None:
    site.clock.wait(30 * DAY)
    site.clock.moment -= back
    for person in (OWNER, *OTHERS):
        answer = site.ask(person, "POST", f"/releases/{site.release}/downloads")
        assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "release-ended")
        assert "Ask a data steward" in answer.json()["error"]["message"]
    assert site.left() == 0


def test_a_download_that_is_made_just_before_the_end_does_not_outlast_it(site: Site) -> None:
    site.clock.wait(30 * DAY - 600)
    own = site.made(OWNER)
    assert site.told(OWNER, own) == (200, "")
    site.clock.wait(600)
    assert site.told(OWNER, own) == (409, "release-ended")


def test_a_revoked_release_a_frozen_project_and_a_member_who_left_end_open_downloads(site: Site) -> None:
    own, others = site.made(OWNER), site.made("health-steward")
    frozen = freezes.freeze(site.lab, "jobs-steward", "wages", WHY)
    assert site.told(OWNER, own) == (409, "frozen")
    freezes.lift_freeze(site.lab, "jobs-steward", frozen.id, WHY)
    assert site.told(OWNER, own) == (200, "")
    projects.remove_member(site.lab, "scientist", "wages", OWNER)
    assert site.told(OWNER, own) == (404, "not-found")
    releases.revoke(site.lab, "health-steward", site.release, WHY)
    assert site.told("health-steward", others) == (409, "release-revoked")
    assert site.left() == 1


@pytest.mark.parametrize("person", [OWNER, "scientist", "auditor", *STRANGERS, "member-steward"])
def test_nobody_but_a_steward_who_may_review_opens_a_release_again(site: Site, person: str) -> None:
    """Neither who asked for it, nor a steward who ever was a member of its project."""
    if person == "member-steward":
        people.add_person(site.lab, "administrator", person, "M", "jobs-institute", (Role.STEWARD,))
        projects.add_member(site.lab, "scientist", "wages", person)
        projects.remove_member(site.lab, "scientist", "wages", person)
    site.clock.wait(30 * DAY)
    answer = site.ask(person, "POST", f"/releases/{site.release}/reopen", json={"reason": WHY})
    assert answer.status_code == (404 if person in STRANGERS else 403)
    assert site.ask(OWNER, "POST", f"/releases/{site.release}/downloads").status_code == 409


def test_a_release_is_not_opened_for_longer_than_the_site_says(site: Site) -> None:
    for days in (0, -1, 31, 3650, 10**12, 1.5, "7", True):
        body = {"reason": WHY, "days": days}
        answer = site.ask("health-steward", "POST", f"/releases/{site.release}/reopen", json=body)
        assert answer.status_code == 422, (days, answer.text)
    site.clock.wait(30 * DAY)
    assert site.told(OWNER, f"/releases/{site.release}/term") == (200, "")
    assert site.ask(OWNER, "GET", f"/releases/{site.release}/term").json()["is_open"] is False
    assert site.lab.now().date() > date(2026, 3, 31)
