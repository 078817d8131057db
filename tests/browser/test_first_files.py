"""JupyterLab's program comes in one file: a browser without any past asks the lab's shared address once."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page

from lab_fixture import StoryLab
from spawner_config.lab_files import SHARED

LogIn = Callable[[str], Page]


def test_a_first_visit_asks_for_one_file_of_jupyterlab(logged_in: LogIn, story_lab: StoryLab) -> None:
    page = logged_in("scientist")
    page.get_by_role("link", name="Projects").first.click()
    page.get_by_role("link", name="care", exact=True).or_(page.get_by_role("link", name="Work, wages")).first.click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.get_by_role("link", name="Open workspace").click()
    page.wait_for_url(f"{story_lab.settings.public_url}/user/scientist/care/**")
    page.locator("#jp-main-statusbar").wait_for()
    parts = sorted(path.removeprefix(SHARED) for path in asked if path.startswith(SHARED) and path.endswith(".js"))
    assert [name.split(".")[0] for name in parts] == ["main"], "images/workspace/first_files.txt names the others"
