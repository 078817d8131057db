"""A script in a workspace's page has the origin of hub, portal and other workspaces; it must reach none of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from lab_fixture import StoryLab

OPEN = """async (address) => {
    const opened = window.open(address);
    for (let i = 0; i < 40; i++) {
        await new Promise(resolve => setTimeout(resolve, 100));
        try {
            const text = opened.document.documentElement.outerHTML;
            if (opened.location.pathname !== 'blank' && text.length > 200) return text.length;
        } catch (error) { /* not within reach */ }
    }
    return 0;
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
    for place in (*PLACES, "/user/researcher/mobility/lab"):
        assert workspace.evaluate(OPEN, story_lab.settings.public_url + place) == 0, place


def test_the_same_script_reads_a_page_that_nothing_severs(workspace: Page) -> None:
    """The attack is real: what the workspace's page opens of its own making is within its reach."""
    own = "() => { const w = open(''); w.document.write('x'.repeat(300)); return w.document.body.innerHTML.length }"
    assert workspace.evaluate(own) > 200


def test_a_workspaces_page_asks_nothing_of_hub_portal_or_another_workspace(
    workspace: Page, story_lab: StoryLab
) -> None:
    for place in (*PLACES, "/user/researcher/mobility/api/contents"):
        assert workspace.evaluate(ASK, story_lab.settings.public_url + place) == 0, place
    assert workspace.evaluate(ASK, f"{story_lab.settings.public_url}/user/researcher/care/api/contents") > 0
