"""A script in a workspace's page has the origin of hub, portal and other workspaces; it must reach none of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from lab_fixture import StoryLab

OPEN = "(address) => { (window.theirs ??= []).push(window.open(address)); return window.theirs.at(-1) !== null }"
LOOK = """async () => {
    for (let i = 0; i < 40; i++) {
        await new Promise(resolve => setTimeout(resolve, 100));
        const seen = window.theirs.map(opened => {
            try {
                const text = opened.document.documentElement.outerHTML;
                return opened.location.pathname !== 'blank' && text.length > 200 ? text.length : 0;
            } catch (error) { return 0; /* not within reach */ }
        });
        if (seen.some(length => length > 0)) return seen;
    }
    return window.theirs.map(() => 0);
}"""
ASK = """async (address) => {
    try { return (await (await fetch(address)).text()).length; } catch (error) { return 0; }
}"""
PLACES = ("/hub/token", "/hub/home", "/services/portal/projects", "/services/portal/api/v1/me")


@pytest.fixture
def workspace(logged_in: Callable[[str], Page], story_lab: StoryLab) -> Page:
    """A page of the researcher's workspace in one project, where any script is the workspace's own."""
    opened = logged_in("researcher")
    opened.goto(f"{story_lab.settings.public_url}/hub/spawn/researcher/care")
    opened.wait_for_url("**/user/researcher/care/lab**")
    return opened


def test_what_a_workspaces_page_opens_is_not_within_its_reach(workspace: Page, story_lab: StoryLab) -> None:
    places = (*PLACES, "/user/researcher/mobility/lab")
    for place in places:
        assert workspace.evaluate(OPEN, story_lab.settings.public_url + place), place
    assert dict(zip(places, workspace.evaluate(LOOK), strict=True)) == dict.fromkeys(places, 0)


def test_the_same_scripts_read_a_page_that_nothing_severs(workspace: Page, story_lab: StoryLab) -> None:
    """The attack is real: between two pages of the same origin without the lab's headers it reads all."""
    plain = f"{story_lab.settings.public_url}/plain"
    text = f"<!doctype html><title>plain</title><p>{'x' * 300}"
    workspace.context.route(f"{plain}/*", lambda route: route.fulfill(body=text, content_type="text/html"))
    opener = workspace.context.new_page()
    opener.goto(f"{plain}/opener")
    assert opener.evaluate(OPEN, f"{plain}/opened")
    assert opener.evaluate(LOOK)[0] > 200


def test_a_workspaces_page_asks_nothing_of_hub_portal_or_another_workspace(
    workspace: Page, story_lab: StoryLab
) -> None:
    for place in (*PLACES, "/user/researcher/mobility/api/contents"):
        assert workspace.evaluate(ASK, story_lab.settings.public_url + place) == 0, place
    assert workspace.evaluate(ASK, f"{story_lab.settings.public_url}/user/researcher/care/api/contents") > 0
