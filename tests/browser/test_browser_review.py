"""A request's whole life in Chromium, in both languages, and a steward's day without a mouse.

The gate and the runs are played by doubles, so that the story takes seconds; everything else is the lab's own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.at_browsers import FEW, People, asked, look_closely, people_of, programs
from doubles.lab import make_lab
from doubles.people import checked_request, finished_run, found_consortium, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.exports import ExportState
from hub.services import exports
from hub.services.lab import Lab
from hub.web.languages import CODES

__all__ = ["people_of", "programs"]
STEWARDS = ("health-steward", "transport-steward", "jobs-steward")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    return lab


def returned(people: People, lab: Lab, request: str) -> None:
    """A steward asks for changes; the author reads why, ticks the notice, and sends it again."""
    steward = people.page("health-steward")
    steward.goto(f"exports/{request}")
    steward.locator("#f-reason").fill("Say which year it is")
    people.press("health-steward", "Ask for changes")
    author = people.page("researcher")
    author.goto("notices?unread=yes")
    notice = author.get_by_role("listitem").filter(has_text=request).first
    notice.get_by_role("button", name=people.say("Mark as read")).click()
    people.sees("researcher", people.say("The notice is marked as read."))
    author.goto(f"exports/{request}")
    people.sees("researcher", "Say which year it is")
    people.state("researcher")
    people.press("researcher", "Send through the gate again")
    people.sees("researcher", people.say("The request was sent through the gate."))
    work_off(lab)
    people.shows_the_end("researcher")


def split(people: People, request: str) -> str:
    """A steward splits a file off; return the request that it goes on in."""
    page = people.page("health-steward")
    page.goto(f"exports/{request}")
    page.get_by_text(people.say("Split files off into a request of their own")).click()
    look_closely(people, "health-steward")
    page.get_by_role("checkbox", name="table.csv").check()
    page.locator("#f-split_reason").fill("The other one needs more time")
    people.press("health-steward", "Split")
    page.wait_for_url(lambda url: "/exports/export-" in url and request not in url)
    people.sees("health-steward", people.say("The request is split; both halves go through the gate again."))
    expect(page.get_by_role("link", name=request)).to_be_visible()
    return page.url.rpartition("/")[2]


def excepted(people: People, part: str) -> None:
    """The author asks for an exception from what blocks; three stewards grant it."""
    author = people.page("researcher")
    author.goto(f"exports/{part}")
    author.get_by_text(people.say("Ask for an exception"), exact=True).click()
    author.locator("#f-exception_text").fill("The few are named in a law, in force since 1990.")
    look_closely(people, "researcher")
    people.press("researcher", "Ask for it")
    people.sees("researcher", people.say("The exception is asked for; the stewards decide on it."))
    for steward in STEWARDS:
        page = people.page(steward)
        page.goto(f"exports/{part}")
        page.locator("textarea[name=exception_reason]").fill("The law says so")
        people.press(steward, "Grant")
        people.sees(steward, people.say("Your word on the exception counts."))
    look_closely(people, STEWARDS[0])


def approved(people: People, part: str) -> None:
    for steward in STEWARDS[:2]:
        page = people.page(steward)
        page.goto("queue")
        page.get_by_role("link", name=part).click()
        people.press(steward, "Approve all files")
        people.sees(steward, people.say("Your vote counts."))


def released_and_revoked(people: People, part: str) -> None:
    """A steward releases, the author sees the file, another steward takes the release back."""
    people.press(STEWARDS[1], "Make the release")
    people.sees(STEWARDS[1], people.say("The release is made, with its signed receipt."))
    author = people.page("researcher")
    author.goto(f"releases/{part}")
    people.press("researcher", "Make a download for me")
    people.sees("researcher", people.say("Your download is ready: fetch the files below."))
    download = people.say("Download %(name)s", name="table.csv")
    expect(author.get_by_role("link", name=download)).to_be_visible()
    page = people.page("jobs-steward")
    page.goto(f"releases/{part}")
    page.get_by_text(people.say("Revoke this release")).click()
    page.locator("#f-reason").fill("The table was too fine")
    look_closely(people, "jobs-steward")
    people.press("jobs-steward", "Revoke")
    author.reload()
    people.sees("researcher", "The table was too fine")
    expect(author.get_by_role("link", name=download)).to_have_count(0)


@pytest.mark.parametrize("code", CODES)
def test_a_request_is_returned_split_excepted_released_and_revoked(
    lab: Lab, programs: GoodPrograms, people_of: Callable[[str], People], code: str
) -> None:
    people = people_of(code)
    request = asked(people, finished_run(lab).id)
    work_off(lab)
    people.shows_the_end("researcher")
    returned(people, lab, request)
    part = split(people, request)
    programs.findings = [FEW]
    work_off(lab)
    people.shows_the_end("health-steward")
    excepted(people, part)
    approved(people, part)
    released_and_revoked(people, part)
    assert exports.request(lab, "auditor", part).state is ExportState.REVOKED
    assert exports.request(lab, "auditor", request).state is ExportState.BLOCKED
    tells_what_happened(people, request, part)
    assert people.complaints == []


def tells_what_happened(people: People, request: str, part: str) -> None:
    """Notices, the owner's page and the reports say what became of it; each accessible, and whole at 200 %."""
    author = people.page("researcher")
    author.goto("notices")
    assert author.get_by_role("listitem").filter(has_text=part).count() >= 3
    look_closely(people, "researcher")
    people.press("researcher", "Mark all as read")
    people.sees("researcher", people.say("All notices are marked as read."))
    expect(author.locator(".card.unread")).to_have_count(0)
    owner = people.page("jobs-steward")
    owner.goto("uses")
    look_closely(people, "jobs-steward")
    owner.get_by_role("link", name="jobs", exact=True).click()
    for drawn in (request, part):
        expect(owner.get_by_role("link", name=drawn).first).to_be_visible()
    left = owner.get_by_role("region", name=people.say("What left, and who took it along"))
    expect(left.first).to_contain_text(part)
    look_closely(people, "jobs-steward")
    owner.goto("reports")
    expect(owner.get_by_role("img", name=people.say("How they stand"))).to_be_visible()
    look_closely(people, "jobs-steward")
    owner.get_by_label(people.say("Project")).select_option("wages")
    people.press("jobs-steward", "Filter")
    assert "project=wages" in owner.url


def focused(page: Page) -> str:
    """What the control is called that has the focus."""
    return str(
        page.evaluate(
            "(it => it.getAttribute('aria-label') || (it.labels?.[0] ?? it).textContent.trim())(document.activeElement)"
        )
    )


def tab_to(page: Page, name: str, most: int = 80) -> None:
    """Press Tab until a control of that name has the focus, which is seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page) == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"no Tab leads to “{name}”")


def short_cut(page: Page, letter: str) -> None:
    """Press Alt and a letter as a keyboard does: Playwright's own keys tell no letter beside Alt."""
    key = {"modifiers": 1, "key": letter, "code": f"Key{letter.upper()}", "windowsVirtualKeyCode": ord(letter.upper())}
    keys = page.context.new_cdp_session(page)
    keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    keys.send("Input.dispatchKeyEvent", {"type": "char", "text": letter, "unmodifiedText": letter, **key})
    keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    keys.detach()


@pytest.mark.parametrize("code", CODES)
def test_a_steward_goes_from_the_queue_to_their_vote_without_a_mouse(
    lab: Lab, programs: GoodPrograms, people_of: Callable[[str], People], code: str
) -> None:
    """Claim, look at each file by its short cut, go to the vote, and approve; each look starts at the page's top."""
    people = people_of(code)
    request = asked(people, finished_run(lab).id)
    work_off(lab)
    page, say = people.page("health-steward"), people.say
    page.goto("./")
    tab_to(page, say("Queue"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    tab_to(page, say("Claim %(id)s", id=request))
    page.keyboard.press("Enter")
    people.sees("health-steward", say("You have claimed the request."))
    tab_to(page, say("Open alone"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/file?path=other.csv")
    short_cut(page, "n")
    page.wait_for_url("**/file?path=table.csv")
    short_cut(page, "p")
    page.wait_for_url("**/file?path=other.csv")
    tab_to(page, say("Columns in short"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name=say("Smallest that is not 0"))).to_be_visible()
    short_cut(page, "v")
    page.wait_for_url(f"**/exports/{request}#review")
    tab_to(page, say("Approve all files"))
    page.keyboard.press("Enter")
    people.sees("health-steward", say("Your vote counts."))
    assert [vote.steward for vote in exports.request(lab, "auditor", request).votes] == ["health-steward"] * 2
    assert people.complaints == []


@pytest.mark.parametrize("code", CODES)
def test_a_steward_keeps_opens_and_forgets_a_view_of_the_queue_without_a_mouse(
    lab: Lab, programs: GoodPrograms, people_of: Callable[[str], People], code: str
) -> None:
    """Filters go under a name, the name leads back to them, and nobody else has it; the page is accessible with it."""
    people = people_of(code)
    request = checked_request(lab).id
    page, say = people.page("health-steward"), people.say
    page.goto("queue?show=returned")
    expect(page.get_by_text(say("Nothing waits here."))).to_be_visible()
    tab_to(page, say("Keep these filters as a view"))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("À revoir")
    page.keyboard.press("Enter")
    people.sees("health-steward", say("The view is kept; only you see it."))
    expect(page.get_by_role("link", name=request)).to_be_visible()
    tab_to(page, "À revoir")
    look_closely(people, "health-steward")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue?show=returned")
    expect(page.get_by_role("link", name="À revoir")).to_have_attribute("aria-current", "page")
    other = people.page("jobs-steward")
    other.goto("queue")
    expect(other.get_by_role("link", name=request)).to_be_visible()
    expect(other.get_by_role("link", name="À revoir")).to_have_count(0)
    tab_to(page, say("Forget the view %(name)s", name="À revoir"))
    page.keyboard.press("Enter")
    people.sees("health-steward", say("The view is forgotten."))
    expect(page.get_by_role("link", name="À revoir")).to_have_count(0)
    assert people.complaints == []


def test_a_file_with_marks_masks_and_changes_is_accessible_and_whole_at_twice_its_size(
    lab: Lab, programs: GoodPrograms, people_of: Callable[[str], People]
) -> None:
    """Each mark leads by keyboard to its finding, and back is where one was."""
    people = people_of("fr")
    programs.findings = [{**FEW, "place": "table.csv, row 1, column persons", "severity": "review"}]
    request = checked_request(lab).id
    page = people.page("health-steward")
    page.goto(f"exports/{request}/file?path=table.csv&beside=release")
    look_closely(people, "health-steward")
    tab_to(page, people.say("finding %(n)s", n="1"))
    page.keyboard.press("Enter")
    page.wait_for_url("**#finding-1")
    assert page.locator("#finding-1").evaluate("it => it.matches(':target')")
    assert people.complaints == []
