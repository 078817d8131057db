"""A lab whose workspaces have origins of their own: the whole story, by command line and in the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Frame, Page, expect

from lab_fixture import StoryLab, story_told

LogIn = Callable[[str], Page]
FRAME = "iframe.workspace"
ASK = """async address => {
    try { return (await (await fetch(address, {credentials: 'include'})).text()).length; } catch (error) { return 0; }
}"""
OUT_OF_REACH = "() => { try { return parent.document.title } catch (error) { return error.name } }"


@pytest.fixture(scope="module")
def story_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryLab]:
    """A lab of this file's own, with ``subdomains = true``; the story is told in it once."""
    with story_told(tmp_path_factory.mktemp("origins") / "Lab", "[server]\nsubdomains = true\n") as lab:
        yield lab


def workspace_of(page: Page, lab: StoryLab, project: str) -> Frame:
    """Open a held workspace from the page of its project; returns the frame that it is shown in."""
    page.goto(f"{lab.settings.public_url}/services/portal/projects/{project}")
    page.get_by_role("link", name="Open workspace").click()
    page.wait_for_url(f"**/services/portal/projects/{project}/workspace")
    page.frame_locator(FRAME).locator("#jp-main-statusbar").wait_for()
    return next(frame for frame in page.frames if f"/{project}/lab" in frame.url)


def test_the_story_and_the_command_line_work(story_lab: StoryLab) -> None:
    assert story_lab.settings.public_url.startswith("http://lab.localhost:")
    assert story_lab.first.code == 0
    known = story_lab.datalab("project", "list", "--json", person="scientist").json
    assert "care" in {project["name"] for project in known}


def test_a_person_works_in_the_frame_of_the_portals_page(logged_in: LogIn, story_lab: StoryLab) -> None:
    sockets: list[str] = []
    page = logged_in("scientist")
    page.on("websocket", lambda socket: sockets.append(socket.url))
    workspace_of(page, story_lab, "care")
    inside = page.frame_locator(FRAME)
    inside.locator(".jp-Launcher").get_by_text("Python 3").first.click()
    expect(inside.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle")
    inside.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
    page.keyboard.insert_text("import os; print(6 * 7, sorted(os.listdir('/data')))")
    page.keyboard.press("Shift+Enter")
    expect(inside.locator(".jp-OutputArea-output").first).to_contain_text("42 ['health', 'jobs']")
    host = f"ws://{story_lab.settings.host_of('scientist', 'care')}:{story_lab.settings.ports.public}"
    assert any(url.startswith(f"{host}/user/scientist/care/api/kernels/") for url in sockets), sockets
    # Copying and pasting a cell, by keyboard alone.
    cells = inside.locator(".jp-Notebook .jp-Cell")
    before = cells.count()
    for key in ("Escape", "k", "c", "v"):
        page.keyboard.press(key)
    expect(cells).to_have_count(before + 1)
    # A link of JupyterLab's own that opens a window opens none.
    inside.get_by_role("menuitem", name="Help").first.click()
    inside.get_by_role("menuitem", name="JupyterLab Reference").click()
    page.wait_for_timeout(1000)
    assert len(page.context.pages) == 1


def test_the_frame_reaches_neither_the_page_around_it_nor_hub_portal_and_others(
    logged_in: LogIn, story_lab: StoryLab
) -> None:
    page = logged_in("scientist")
    frame = workspace_of(page, story_lab, "care")
    lab = story_lab.settings.public_url
    assert frame.evaluate("location.origin") == story_lab.settings.origin_of("scientist", "care") != lab
    assert frame.evaluate(OUT_OF_REACH) == "SecurityError"
    for place in ("/hub/home", "/hub/token", "/services/portal/projects", "/services/portal/api/v1/me"):
        assert frame.evaluate(ASK, lab + place) == 0, place
        # Under the person's own host there is no page of hub or portal either.
        assert frame.evaluate(ASK, story_lab.settings.origin_of("scientist", "care") + place) == 0, place
    assert frame.evaluate(ASK, f"{frame.evaluate('location.origin')}/user/scientist/care/api/contents") > 0


def test_a_held_workspace_as_a_page_of_its_own_leads_to_the_frame(logged_in: LogIn, story_lab: StoryLab) -> None:
    page = logged_in("scientist")
    workspace_of(page, story_lab, "care")
    lab, own = story_lab.settings.public_url, story_lab.settings.origin_of("scientist", "care")
    for address in (f"{own}/user/scientist/care/lab", f"{lab}/user/scientist/care/api/contents"):
        page.goto(address)
        assert page.url == f"{lab}/services/portal/projects/care/workspace"
    page.goto(f"{own}/hub/home")
    assert page.url == f"{lab}/hub/home"


def test_a_workspace_under_another_persons_host_is_led_to_its_own(logged_in: LogIn, story_lab: StoryLab) -> None:
    page = logged_in("researcher")
    workspace_of(page, story_lab, "care")
    page.goto(f"{story_lab.settings.origin_of('scientist', 'care')}/user/researcher/care/lab")
    assert page.url == f"{story_lab.settings.public_url}/services/portal/projects/care/workspace"
    frame = next(frame for frame in page.frames if "/researcher/care" in frame.url)
    assert frame.url.startswith(story_lab.settings.origin_of("researcher", "care"))


def test_an_open_workspace_is_a_page_of_its_own(logged_in: LogIn, story_lab: StoryLab) -> None:
    page = logged_in("researcher")
    page.goto(f"{story_lab.settings.public_url}/hub/spawn/researcher/mobility")
    page.wait_for_url(f"{story_lab.settings.origin_of('researcher', 'mobility')}/user/researcher/mobility/lab**")
    page.locator(".jp-Launcher").wait_for()
    assert page.evaluate("window.top === window")


def test_the_page_with_the_frame_speaks_french(logged_in: LogIn, story_lab: StoryLab) -> None:
    page = logged_in("scientist")
    page.get_by_role("button", name="Français").click()
    page.goto(f"{story_lab.settings.public_url}/services/portal/projects/care/workspace")
    expect(page.locator(FRAME)).to_have_attribute("title", "JupyterLab dans le projet Work, wages and the use of care")
