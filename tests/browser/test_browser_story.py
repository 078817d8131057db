"""From the login to a cell's output in JupyterLab, as a person sees it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from lab_fixture import StoryLab

LogIn = Callable[[str], Page]


def test_a_person_logs_in_opens_a_workspace_and_runs_a_cell(logged_in: LogIn, story_lab: StoryLab) -> None:
    sockets: list[str] = []
    page = logged_in("scientist")
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.get_by_role("link", name="Projects").first.click()
    page.get_by_role("link", name="care", exact=True).or_(page.get_by_role("link", name="Work, wages")).first.click()
    page.get_by_role("link", name="Open workspace").click()
    page.wait_for_url(f"{story_lab.settings.public_url}/user/scientist/care/**")
    page.locator(".jp-Launcher").get_by_text("Python 3").first.click()
    # The notebook's own indicator says idle also before there is a kernel; the status bar does not.
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle")
    page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
    page.keyboard.insert_text("import os; print(6 * 7, sorted(os.listdir('/data')))")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-OutputArea-output").first).to_contain_text("42 ['health', 'jobs']")
    assert any("/user/scientist/care/api/kernels/" in url for url in sockets), sockets


def test_a_steward_sees_what_waits_for_them_and_the_lab_in_french(logged_in: LogIn, story_lab: StoryLab) -> None:
    page = logged_in("jobs-steward")
    expect(page.locator(".me")).to_have_text("jobs-steward")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.get_by_role("link", name="Projets").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Projets")


def test_another_persons_workspace_stays_closed(logged_in: LogIn, story_lab: StoryLab) -> None:
    page = logged_in("scientist")
    answer = page.goto(f"{story_lab.settings.public_url}/user/researcher/mobility/lab")
    assert answer is not None
    assert answer.status in (403, 404)
    expect(page.locator(".jp-LabShell")).to_have_count(0)
