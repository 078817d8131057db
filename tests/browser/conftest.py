"""Debian's Chromium, driven by Playwright, at the lab of the story."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from lab_fixture import StoryLab

PATIENCE = 60_000
"""Milliseconds until something that does not come is a fault; JupyterLab is large and the machine may be small."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for one file: while it runs, so does an event loop, which other tests need to themselves."""
    path = shutil.which("chromium")
    assert path, "Chromium is missing; run “make test”, which installs it."
    with sync_playwright() as playwright:
        # As root, Chromium's own sandbox does not start; the pages are the lab's.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A browser without any past, in English."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def logged_in(page: Page, story_lab: StoryLab) -> Callable[[str], Page]:
    """Log in as a person, through the provider's own pages."""

    def log_in(name: str) -> Page:
        page.goto(story_lab.settings.public_url)
        page.get_by_role("link", name="Log in").or_(page.get_by_role("button", name="Log in")).first.click()
        page.locator("input[name=login]").fill(name)
        page.keyboard.press("Enter")
        page.locator("input[name=password]").fill(story_lab.passwords[name])
        page.keyboard.press("Enter")
        page.wait_for_url(f"{story_lab.settings.public_url}/services/portal/**")
        return page

    return log_in
