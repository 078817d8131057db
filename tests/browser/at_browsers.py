"""Everybody of a lab at a browser of their own, for the tests that tell what people do one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from doubles.people import CONTEXT, play, registered_dataset
from doubles.portal import PREFIX, login_cookie, served
from doubles.sandbox import GoodPrograms
from hub.services.lab import Lab
from hub.web.languages import COOKIE, language
from integration.test_portal_accessible import DRAWN, SIDEWAYS, ZOOMED, faults
from portal_pictures import keep_picture

WIDE = {"width": 1280, "height": 900}
SHORT = 10_000
FEW = {"check": "minimum-frequency", "severity": "block", "place": "table.csv, row 1", "sentence": "A cell is small."}
"""What the gate finds where a story wants it to block."""


class People:
    """Everybody of the lab at a browser of their own, and what a control is called in their language."""

    def __init__(self, chromium: Browser, base: str, code: str) -> None:
        self.chromium, self.base, self.code = chromium, base, code
        self.pages: dict[str, Page] = {}
        self.complaints: list[str] = []

    def page(self, who: str) -> Page:
        """The page of somebody's browser; what its console complains of is kept."""
        if who not in self.pages:
            context: BrowserContext = self.chromium.new_context(base_url=f"{self.base}/", viewport=WIDE)  # type: ignore[arg-type]
            cookies = login_cookie(who) | {COOKIE: self.code}
            context.add_cookies(
                [{"name": n, "value": v, "domain": "127.0.0.1", "path": PREFIX} for n, v in cookies.items()]
            )
            page = context.new_page()
            page.set_default_timeout(SHORT)
            page.on("console", lambda message: self.complaints.append(message.text))
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            self.pages[who] = page
        return self.pages[who]

    def say(self, message: str, **values: str) -> str:
        """A sentence as the pages say it in this story's language."""
        return language(self.code).text(message) % values

    def press(self, who: str, title: str, first: bool = False) -> None:
        button = self.page(who).get_by_role("button", name=self.say(title), exact=True)
        (button.first if first else button).click()

    def state(self, who: str) -> None:
        """Make the requester's statement."""
        self.page(who).get_by_role("checkbox", name=self.say("Requester’s statement:")).check()

    def sees(self, who: str, text: str) -> None:
        expect(self.page(who).get_by_text(text).first).to_be_visible()

    def shows_the_end(self, who: str) -> None:
        """Wait until a page that follows something under way has shown, by itself, what became of it."""
        expect(self.page(who).locator(".live")).to_have_count(0)

    def close(self) -> None:
        for page in self.pages.values():
            page.context.close()


@pytest.fixture
def people_of(lab: Lab, chromium: Browser) -> Iterator[Callable[[str], People]]:
    made: list[People] = []
    with served(lab) as base:

        def people(code: str) -> People:
            made.append(People(chromium, base, code))
            return made[-1]

        yield people
        for one in made:
            one.close()


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    """Runs that write two tables, played by doubles, on a registered dataset."""
    programs = play(lab)
    programs.outputs = {"table.csv": b"year,persons\n1980,545\n", "other.csv": b"year,persons\n1981,545\n"}
    registered_dataset(lab)
    return programs


def asked(people: People, run: str) -> str:
    """The author asks for both files of a run; return the request."""
    page = people.page("researcher")
    page.goto(f"new/export?project=wages&source={run}")
    for file in ("other.csv", "table.csv"):
        page.get_by_role("checkbox", name=file).check()
    page.get_by_label(people.say("Context")).fill(CONTEXT)
    look_closely(people, "researcher")
    people.state("researcher")
    picture(people, "researcher", "2-asking")
    people.press("researcher", "Send through the gate")
    page.wait_for_url("**/exports/export-*")
    return page.url.rpartition("/")[2]


def look_closely(people: People, who: str) -> None:
    """The page is accessible by axe with everything opened, and whole at twice its size."""
    page, before = people.page(who), len(people.complaints)
    page.evaluate("document.querySelectorAll('main details').forEach(details => { details.open = true })")
    assert faults(page) == [], page.url
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    page.evaluate(DRAWN)
    assert page.evaluate(SIDEWAYS) == [], page.url
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.evaluate(DRAWN)
    del people.complaints[before:]  # axe sets styles, which the page's policy blocks


def picture(people: People, who: str, name: str) -> None:
    """Keep what the page looks like, in its language."""
    keep_picture(people.page(who), people.code, name)
