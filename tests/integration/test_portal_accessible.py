"""Every page of the portal in Chromium, in both languages: accessible by axe (WCAG 2.2 AA), and whole at 200 % zoom.

The pages come from the portal's own table, with the people and addresses of the matrix of roles, so that a new page
cannot be forgotten. Parts of pages, which a page's script fetches, are looked at within their pages.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from doubles.portal import PREFIX, login_cookie
from hub.web.languages import CODES, COOKIE
from hub.web.pages.table import PAGES
from integration.test_portal_roles import OK, PAGE_MATRIX, WHO, filled, site
from portal_pictures import PARTS, WHOLE, keep_picture, picture_name

__all__ = ["site"]
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
WCAG = {"runOnly": RULES, "resultTypes": ["violations"]}
"""What passes is not written out element by element: nobody reads it."""
RICHEST = ("jobs-steward", "auditor", "administrator")
"""Whose look at a page shows most of it, in this order."""
ZOOMED = {"width": 640, "height": 450}
"""A window of 1280 by 900 at 200 %."""
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Waits until the page is drawn anew."""
SIDEWAYS = """() => document.documentElement.scrollWidth <= 640 ? [] : [...document.querySelectorAll('body *')]
  .filter(it => it.getBoundingClientRect().right > 640 && !it.closest('.scroll'))
  .map(it => it.outerHTML.slice(0, 100))"""
"""What sticks out where a page has to be moved sideways."""


def who_sees(address: str) -> str:
    allowed = [name for name, status in zip(WHO, PAGE_MATRIX[address][1], strict=True) if status == OK]
    return next((name for name in RICHEST if name in allowed), allowed[0])


def opened(chromium: Browser, base: str, who: str, code: str, address: str) -> Page:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    cookies = login_cookie(who) | {COOKIE: code}
    context.add_cookies([{"name": n, "value": v, "domain": "127.0.0.1", "path": PREFIX} for n, v in cookies.items()])
    page = context.new_page()
    page.goto(base + address)
    return page


@pytest.fixture(scope="module")
def looked(site: tuple[str, dict[str, str]], chromium: Browser) -> tuple[Browser, str, dict[str, str]]:
    return chromium, *site


Looked = tuple[Browser, str, dict[str, str]]


def faults(page: Page) -> list[str]:
    """What axe finds: rule, and where."""
    found = Axe().run(page, options=WCAG).response["violations"]
    return [f"{fault['id']}: {node['html'][:120]}" for fault in found for node in fault["nodes"]]


def check_opened_and_zoomed(page: Page) -> None:
    """With every detail open, axe finds nothing, and at twice its size nothing sticks out."""
    page.evaluate("document.querySelectorAll('main details').forEach(details => { details.open = true })")
    assert faults(page) == []
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    page.evaluate(DRAWN)
    assert page.evaluate(SIDEWAYS) == []


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("address", WHOLE)
def test_every_page_is_accessible_and_whole_at_twice_its_size(looked: Looked, address: str, code: str) -> None:
    chromium, base, made = looked
    page = opened(chromium, base, who_sees(address), code, filled(PAGE_MATRIX[address][0], made))
    try:
        assert page.locator("html").get_attribute("lang") == code
        keep_picture(page, code, picture_name(address))
        check_opened_and_zoomed(page)
    finally:
        page.context.close()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("address", ["/nothing-here", "/exports/export-aaaaaaaaaaaa"])
def test_a_page_that_is_not_there_is_accessible_and_has_menu_and_freezes(
    looked: Looked, address: str, code: str
) -> None:
    chromium, base, _ = looked
    page = opened(chromium, base, "jobs-steward", code, address)
    try:
        assert faults(page) == []
        assert page.locator("header nav a").count() > 5
        assert page.locator("section.frozen").count() == 1
    finally:
        page.context.close()


def test_parts_are_parts_and_everything_else_is_looked_at() -> None:
    assert {path.rpartition("/")[2] for path in PARTS} <= {"progress"}
    assert {*WHOLE, *PARTS} == {page.path for page in PAGES}


def test_axe_finds_what_is_wrong(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content('<html lang="en"><title>t</title><main><img src="x"><input></main></html>')
    assert {fault.partition(":")[0] for fault in faults(page)} >= {"image-alt", "label"}
    page.close()
