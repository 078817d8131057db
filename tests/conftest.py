"""What tests of more than one folder share: the lab of the story, and Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

from lab_fixture import StoryLab, log_in_by_pages, story_told
from lanes import Lanes

PATIENCE = 60_000
"""Milliseconds until something that does not come is a fault; JupyterLab is large and the machine may be small."""

# How long one example takes says how busy the machine is; tests that are about time measure it themselves.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """Let processes that share the tests name them in one order: that of sets is drawn anew for each run, not each."""
    os.environ.setdefault("PYTHONHASHSEED", str(secrets.randbelow(2**32)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage while the tests are collected, and never again in what they are: it is half of the work."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_report_header() -> str:
    """With it, what a run drew can be drawn again."""
    return f"PYTHONHASHSEED={os.environ['PYTHONHASHSEED']}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """Where two processes run the tests, what shares a lab stays together."""
    return Lanes(config, log)


@pytest.fixture(scope="session")
def story_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryLab]:
    """The one lab of the whole run, with the story told in it; it is started when the first test asks for it."""
    with story_told(tmp_path_factory.mktemp("story") / "Lab of the story") as lab:
        yield lab


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
    """Log in to the story's lab as a person, through the provider's own pages."""

    def log_in(name: str) -> Page:
        log_in_by_pages(page, story_lab, name)
        return page

    return log_in
