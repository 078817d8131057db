"""A decision on which people differ, in Chromium and in both languages: from the owner's word to the revocation.

Two stewards vote sealed and differ twice: once the dissent is resolved and the request returned, once a lead steward
overrides it. Beside that stand a split, an exception, and the vote of the owner of the data, by whom the owner named.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.at_browsers import FEW, People, asked, look_closely, people_of, picture, programs
from doubles.lab import make_lab
from doubles.people import finished_run, found_consortium, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.exports import ExportState
from hub.domain.people import Role
from hub.services import exports, people, releases
from hub.services.lab import Lab
from hub.settings_review import Review
from hub.web.languages import CODES

__all__ = ["people_of", "programs"]

FIRST, SECOND, OWNER, LEAD, NAMED = "health-steward", "transport-steward", "jobs-steward", "lead", "jobs-lawyer"
TOO_FINE = "The table tells more than the question needs."


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Votes on sensitive data are sealed; there are a lead steward, and somebody at the owner's."""
    lab = make_lab(tmp_path, review=Review(blind_tiers=("sensitive",)))
    found_consortium(lab)
    roles = (Role.STEWARD, Role.LEAD_STEWARD)
    people.add_person(lab, "administrator", LEAD, "Lead steward", "lab-office", roles)
    people.add_person(lab, "administrator", NAMED, "Lawyer", "jobs-institute", (Role.RESEARCHER,))
    return lab


@pytest.mark.parametrize("code", CODES)
def test_two_stewards_differ_twice_and_nothing_leaves_without_the_owner(
    lab: Lab, programs: GoodPrograms, people_of: Callable[[str], People], code: str
) -> None:
    everybody = people_of(code)
    owner_wants_a_vote(everybody, lab)
    request = asked(everybody, finished_run(lab).id)
    work_off(lab)
    everybody.shows_the_end("researcher")
    a_dissent_is_resolved_and_the_request_returned(everybody, request)
    part = sent_again_and_split(everybody, lab, request)
    programs.findings = [FEW]
    work_off(lab)
    everybody.shows_the_end(FIRST)
    excepted(everybody, part)
    a_dissent_is_overridden(everybody, part)
    nothing_leaves_before_the_owner_agrees(everybody, lab, part)
    released(everybody, part)
    revoked(everybody, part)
    assert exports.request(lab, "auditor", part).state is ExportState.REVOKED
    assert exports.request(lab, "auditor", request).state is ExportState.BLOCKED
    assert everybody.complaints == []


def opened(everybody: People, who: str, request: str) -> Page:
    """Somebody's page of a request, and no control in it that has no name in their language."""
    page = everybody.page(who)
    page.goto(f"exports/{request}")
    expect(page.locator("html")).to_have_attribute("lang", everybody.code)
    return page


def owner_wants_a_vote(everybody: People, lab: Lab) -> None:
    """A steward of the owner says that nothing leaves without its vote, and names who gives it."""
    page = everybody.page(OWNER)
    page.goto("datasets/jobs")
    page.locator("#f-part").select_option("vote")
    page.locator("form[action$='/owners'] button").click()
    everybody.sees(OWNER, everybody.say("The owner’s part in what leaves was saved."))
    page.locator("#f-person").fill(NAMED)
    page.locator("#f-delegation_ends").fill((lab.now() + timedelta(days=30)).date().isoformat())
    everybody.press(OWNER, "Name them")
    everybody.sees(OWNER, everybody.say("They may now vote for the owner."))
    look_closely(everybody, OWNER)
    picture(everybody, OWNER, "1-owner-s-part")


def votes_against(everybody: People, who: str, request: str, reason: str, outcome: str) -> None:
    page = opened(everybody, who, request)
    page.locator("#f-cause").select_option("more_than_needed")
    page.locator("#f-reason").fill(reason)
    everybody.press(who, "Ask for changes")
    everybody.sees(who, everybody.say(outcome))


def approves(everybody: People, who: str, request: str, outcome: str) -> None:
    opened(everybody, who, request)
    everybody.press(who, "Approve all files")
    everybody.sees(who, everybody.say(outcome))


def they_differ(everybody: People, request: str) -> None:
    """The first steward approves, sealed; the second does not know of it, and asks for changes."""
    approves(everybody, FIRST, request, "Your vote is sealed until as many as are needed have voted.")
    second = opened(everybody, SECOND, request)
    expect(second.locator("#votes")).to_have_count(0)
    everybody.sees(SECOND, sealed_sentence(everybody))
    look_closely(everybody, SECOND)
    votes_against(everybody, SECOND, request, TOO_FINE, "The stewards differ; the dissent has to be resolved first.")
    expect(second.locator("#dissent")).to_be_visible()
    expect(second.locator("section[aria-labelledby=votes]")).to_contain_text(FIRST)
    look_closely(everybody, SECOND)


def sealed_sentence(everybody: People) -> str:
    return everybody.say(
        "First votes are sealed here: no steward learns of another’s until as many as are needed have voted; "
        "then they are opened together."
    )


def a_dissent_is_resolved_and_the_request_returned(everybody: People, request: str) -> None:
    """Who approved reads the other's reason and joins them; the request goes back with the cause and the reason."""
    they_differ(everybody, request)
    picture(everybody, SECOND, "3-dissent")
    first = opened(everybody, FIRST, request)
    expect(first.locator("section[aria-labelledby=votes]")).to_contain_text(TOO_FINE)
    votes_against(
        everybody, FIRST, request, "Two years would do.", "The request went back to its author with your reason."
    )
    author = opened(everybody, "researcher", request)
    told = author.locator(".notice.refused")
    expect(told).to_contain_text(TOO_FINE)
    expect(told).to_contain_text("Two years would do.")
    look_closely(everybody, "researcher")
    picture(everybody, "researcher", "4-returned")


def sent_again_and_split(everybody: People, lab: Lab, request: str) -> str:
    """The author sends it again, and a steward splits a file off; return the request that it goes on in."""
    opened(everybody, "researcher", request)
    everybody.state("researcher")
    everybody.press("researcher", "Send through the gate again")
    everybody.sees("researcher", everybody.say("The request was sent through the gate."))
    work_off(lab)
    everybody.shows_the_end("researcher")
    page = opened(everybody, FIRST, request)
    page.get_by_text(everybody.say("Split files off into a request of their own")).click()
    page.get_by_role("checkbox", name="table.csv").check()
    page.locator("#f-split_reason").fill("The other one needs more time")
    picture(everybody, FIRST, "5-split")
    everybody.press(FIRST, "Split")
    page.wait_for_url(lambda url: "/exports/export-" in url and request not in url)
    return page.url.rpartition("/")[2]


def excepted(everybody: People, part: str) -> None:
    """The author asks for an exception from what blocks; three stewards grant it, one more than a release needs."""
    author = opened(everybody, "researcher", part)
    author.get_by_text(everybody.say("Ask for an exception"), exact=True).click()
    author.locator("#f-exception_text").fill("The few are named in a law, in force since 1990.")
    everybody.press("researcher", "Ask for it")
    everybody.sees("researcher", everybody.say("The exception is asked for; the stewards decide on it."))
    for steward in (FIRST, SECOND, LEAD):
        opened(everybody, steward, part).locator("textarea[name=exception_reason]").fill("The law says so")
        everybody.press(steward, "Grant")
        everybody.sees(steward, everybody.say("Your word on the exception counts."))
    look_closely(everybody, LEAD)
    picture(everybody, LEAD, "6-exception")


def a_dissent_is_overridden(everybody: People, part: str) -> None:
    """Only a lead steward is offered it; their word takes no vote's place, and so they vote as well."""
    they_differ(everybody, part)
    offered = everybody.say("Override the dissent")
    expect(everybody.page(SECOND).get_by_role("button", name=offered)).to_have_count(0)
    page = opened(everybody, LEAD, part)
    page.locator("summary").filter(has_text=offered).click()
    page.locator("#f-override_reason").fill("The years were asked for, one by one, in the contract.")
    look_closely(everybody, LEAD)
    picture(everybody, LEAD, "7-overriding")
    everybody.press(LEAD, "Override the dissent")
    everybody.sees(LEAD, everybody.say("The dissent is overridden; who voted reads your reason."))
    opened(everybody, SECOND, part)
    everybody.sees(SECOND, everybody.say("Overridden by the lead steward"))
    approves(everybody, LEAD, part, "Your vote counts.")


def nothing_leaves_before_the_owner_agrees(everybody: People, lab: Lab, part: str) -> None:
    """The button to release says why it cannot; whom the owner named finds the request among theirs, and agrees."""
    release = opened(everybody, FIRST, part).locator("#release-1, #release").locator("visible=true")
    expect(release.first).to_be_visible()
    refused = everybody.page(FIRST).get_by_role("button", name=everybody.say("Make the release"))
    expect(refused).to_be_disabled()
    look_closely(everybody, FIRST)
    page = everybody.page(NAMED)
    page.goto("owner-votes")
    look_closely(everybody, NAMED)
    page.get_by_role("link", name=part).click()
    page.wait_for_url(f"**/exports/{part}")
    page.get_by_role("link", name=everybody.say("Open alone")).click()
    page.wait_for_url("**/file?path=table.csv")
    look_closely(everybody, NAMED)
    opened(everybody, NAMED, part)
    expect(page.get_by_role("button", name=everybody.say("Approve all files"))).to_have_count(0)
    look_closely(everybody, NAMED)
    picture(everybody, NAMED, "8-owner-s-vote")
    everybody.press(NAMED, "Agree for the owner")
    everybody.sees(NAMED, everybody.say("The owner’s vote counts."))
    assert releases.releases(lab, "auditor") == []


def released(everybody: People, part: str) -> None:
    page = opened(everybody, FIRST, part)
    expect(page.locator("section[aria-labelledby=owners]")).to_contain_text(everybody.say("agrees"))
    everybody.press(FIRST, "Make the release")
    everybody.sees(FIRST, everybody.say("The release is made, with its signed receipt."))
    look_closely(everybody, FIRST)
    picture(everybody, FIRST, "9-release")


def revoked(everybody: People, part: str) -> None:
    """The author could take the file until another steward revokes the release."""
    author = everybody.page("researcher")
    author.goto(f"releases/{part}")
    everybody.press("researcher", "Make a download for me")
    everybody.sees("researcher", everybody.say("Your download is ready: fetch the files below."))
    download = author.get_by_role("link", name=everybody.say("Download %(name)s", name="table.csv"))
    expect(download).to_be_visible()
    page = everybody.page(SECOND)
    page.goto(f"releases/{part}")
    page.get_by_text(everybody.say("Revoke this release")).click()
    page.locator("#f-reason").fill("The table was too fine")
    look_closely(everybody, SECOND)
    everybody.press(SECOND, "Revoke")
    author.reload()
    everybody.sees("researcher", "The table was too fine")
    expect(download).to_have_count(0)
    look_closely(everybody, "researcher")
    picture(everybody, "researcher", "10-revoked")
