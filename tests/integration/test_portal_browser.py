"""The portal in Chromium: sending files, following what is under way, and nothing that the policy blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, Route

from doubles.engine import MemoryEngine
from doubles.people import approved_notebook, checked_request, lab_with_data, work_off
from doubles.portal import PREFIX, login_cookie, served
from hub.services import datasets, freezes, notebooks, projects, runs
from hub.services.lab import Lab
from hub.services.work import do_round
from hub.web import live
from spawner_config.names import work_container


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_with_data(tmp_path)


def page_of(chromium: Browser, base: str, who: str, complaints: list[str]) -> Page:
    context = chromium.new_context(base_url=f"{base}/", locale="en-GB")
    cookies = [{"name": n, "value": v, "domain": "127.0.0.1", "path": PREFIX} for n, v in login_cookie(who).items()]
    context.add_cookies(cookies)  # type: ignore[arg-type]  # plain dictionaries are what it takes
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def test_files_are_sent_and_become_an_offer_whose_page_follows(lab: Lab, chromium: Browser, tmp_path: Path) -> None:
    for name in ("first.csv", "second.csv"):
        (tmp_path / name).write_text("nr,wage\n1,2\n" * 50_000)
    complaints: list[str] = []
    with served(lab) as base:
        page = page_of(chromium, base, "jobs-steward", complaints)
        page.goto("datasets/jobs")
        page.get_by_label("Files", exact=True).set_input_files([tmp_path / "first.csv", tmp_path / "second.csv"])
        page.get_by_role("button", name="Send and convert").click()
        page.wait_for_url("**/offers/**")
        assert page.get_by_text("queued").is_visible()
        offer = datasets.offer(lab, "jobs-steward", page.url.rpartition("/")[2])[0]
        assert [f.name for f in offer.files] == ["first.csv", "second.csv"]
        work_off(lab)
        page.get_by_text("succeeded").wait_for(timeout=5000)
    assert complaints == []


def test_a_refused_upload_is_said_at_the_field(lab: Lab, chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / ".hidden.ipynb").write_text("{}")
    with served(lab) as base:
        page = page_of(chromium, base, "scientist", [])
        page.goto("new/notebook?project=wages")
        page.get_by_label("Notebook", exact=True).set_input_files(tmp_path / ".hidden.ipynb")
        page.get_by_label("Name").fill("wages")
        page.get_by_label("Purpose").fill("Wages by year")
        page.get_by_role("button", name="Submit for approval").click()
        page.get_by_text("A file's name is at most 120 characters").wait_for(timeout=5000)
        assert page.get_by_role("button", name="Submit for approval").is_enabled()
    assert notebooks.notebooks(lab, "scientist") == []


def test_a_run_is_followed_until_its_outputs_are_there(lab: Lab, chromium: Browser) -> None:
    notebook = approved_notebook(lab)
    complaints: list[str] = []
    with served(lab) as base:
        page = page_of(chromium, base, "researcher", complaints)
        page.goto(f"notebooks/{notebook.id}/run")
        page.get_by_role("button", name="Queue the run").click()
        page.wait_for_url("**/runs/**")
        assert runs.runs(lab, "researcher")[0][0].id in page.url
        work_off(lab)
        page.get_by_text("table.csv").wait_for(timeout=5000)
    assert complaints == []


def followed(lab: Lab, page: Page) -> tuple[str, list[str]]:
    """Open a run that goes on; gives its identifier, and the addresses that its page asks for from then on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    notebook = approved_notebook(lab).id
    cast(MemoryEngine, lab.engine).on_start = None
    run = runs.start_run(lab, "researcher", notebook, {})[0].id
    page.goto(f"runs/{run}")
    page.get_by_text("queued").wait_for(timeout=5000)
    return run, asked


def end(lab: Lab, run: str) -> None:
    cast(MemoryEngine, lab.engine).exit(work_container("datalab", run), 0)
    do_round(lab)


def test_a_runs_page_is_told_what_changes_and_asks_for_nothing(lab: Lab, chromium: Browser) -> None:
    complaints: list[str] = []
    with served(lab) as base:
        page = page_of(chromium, base, "researcher", complaints)
        run, asked = followed(lab, page)
        do_round(lab)
        do_round(lab)
        page.get_by_text("so far").wait_for(timeout=5000)
        page.wait_for_timeout(2500)
        assert asked.count("live") == 1
        assert "progress" not in asked
        end(lab, run)
        page.get_by_text("succeeded").wait_for(timeout=5000)
    assert complaints == []


def cut(route: Route) -> None:
    route.abort()


def refuse(route: Route) -> None:
    route.fulfill(status=503)


def keep_back(_route: Route) -> None:
    """What a proxy does that gives nothing on before all of it has come."""


@pytest.mark.parametrize("way", [cut, refuse, keep_back])
def test_a_page_that_is_told_nothing_asks_itself(lab: Lab, chromium: Browser, way: Callable[[Route], None]) -> None:
    with served(lab) as base:
        page = page_of(chromium, base, "researcher", [])
        page.route("**/progress/live", way)
        run, asked = followed(lab, page)
        do_round(lab)
        page.get_by_text("so far").wait_for(timeout=15_000)
        assert "progress" in asked
        end(lab, run)
        page.get_by_text("succeeded").wait_for(timeout=15_000)


def test_a_stream_that_breaks_off_is_taken_up_again(
    lab: Lab, chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LONGEST", 0.5)
    with served(lab) as base:
        page = page_of(chromium, base, "researcher", [])
        run, asked = followed(lab, page)
        page.wait_for_timeout(4500)
        assert asked.count("live") > 1
        do_round(lab)
        end(lab, run)
        page.get_by_text("succeeded").wait_for(timeout=10_000)


def test_a_page_whose_person_was_taken_out_of_the_project_asks_no_more(lab: Lab, chromium: Browser) -> None:
    with served(lab) as base:
        page = page_of(chromium, base, "researcher", [])
        _, asked = followed(lab, page)
        projects.remove_member(lab, "scientist", "wages", "researcher")
        page.wait_for_timeout(3000)
        asked.clear()
        page.wait_for_timeout(2500)
    assert asked == []


def test_a_keyboard_is_enough_to_vote(lab: Lab, chromium: Browser) -> None:
    request = checked_request(lab)
    complaints: list[str] = []
    with served(lab) as base:
        page = page_of(chromium, base, "health-steward", complaints)
        page.goto(f"exports/{request.id}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim()") == "Approve all files":
                break
        page.keyboard.press("Enter")
        page.get_by_text("Your vote counts.").wait_for(timeout=5000)
    assert complaints == []


def test_a_steward_comments_on_a_cell_and_hostile_text_of_a_comment_runs_nothing(lab: Lab, chromium: Browser) -> None:
    request = checked_request(lab)
    hostile = """</p><img src=x onerror="window.stolen=1"><script>window.stolen=1</script>{{ 7*7 }}"""
    complaints: list[str] = []
    with served(lab) as base:
        page = page_of(chromium, base, "health-steward", complaints)
        page.goto(f"exports/{request.id}")
        page.get_by_label("On", exact=True).select_option("table.csv")
        page.get_by_label("Row of a cell").fill("3")
        page.get_by_label("Column of a cell").fill("2")
        page.get_by_label("Your comment").fill(hostile)
        assert page.get_by_label("Who reads it").input_value() == "stewards", "nothing is told by accident"
        page.get_by_label("Who reads it").select_option("project")
        page.get_by_role("button", name="Comment", exact=True).click()
        page.get_by_text("Your comment stands there; the project reads it.").wait_for(timeout=5000)
        for who in ("health-steward", "researcher"):
            reader = page_of(chromium, base, who, complaints)
            reader.goto(f"exports/{request.id}")
            assert reader.get_by_text(hostile).count() == 2
            assert reader.get_by_text("row 3, column 2").count() == 2
            assert reader.evaluate("window.stolen") is None
            assert reader.locator(".comments img, .comments script").count() == 0
    assert complaints == []


def focused(page: Page) -> str:
    """What the control is called that has the focus."""
    said = "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"
    return str(page.evaluate(said))


def tabbed_to(page: Page, name: str) -> None:
    """Press Tab until a control of that name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == name:
            return
    raise AssertionError(f"no Tab leads to “{name}”")


def test_a_keyboard_is_enough_to_freeze_and_to_lift(lab: Lab, chromium: Browser) -> None:
    complaints: list[str] = []
    with served(lab) as base:
        page = page_of(chromium, base, "jobs-steward", complaints)
        page.goto("./")
        tabbed_to(page, "Freeze what leaves")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Freeze now").wait_for(timeout=5000)
        tabbed_to(page, "Reason")
        page.keyboard.type("A table is under suspicion")
        tabbed_to(page, "Freeze")
        page.keyboard.press("Enter")
        assert freezes.freezes(lab, "jobs-steward") == [], "the browser holds the form back: its box is not ticked"
        assert focused(page).startswith("Yes: stop it at once."), "and leads there"
        page.keyboard.press("Space")
        tabbed_to(page, "Freeze")
        page.keyboard.press("Enter")
        page.get_by_text("It is frozen").wait_for(timeout=5000)
        banner = page.get_by_role("region", name="Freeze", exact=True)
        assert "A table is under suspicion" in banner.inner_text()
        tabbed_to(page, "Lift this freeze (The whole lab)")
        page.keyboard.press("Enter")
        tabbed_to(page, "Reason (The whole lab)")
        page.keyboard.type("It was nothing")
        tabbed_to(page, "Yes: releases and downloads go on at once. (The whole lab)")
        page.keyboard.press("Space")
        tabbed_to(page, "Lift the freeze (The whole lab)")
        page.keyboard.press("Enter")
        page.get_by_text("The freeze is lifted").wait_for(timeout=5000)
    assert complaints == []
    assert freezes.freezes(lab, "jobs-steward") == []


def test_a_page_of_a_workspace_gets_nothing_of_the_portal(lab: Lab, chromium: Browser) -> None:
    """A script with the portal's own origin, as a notebook's output is, tries what it can."""
    script = """async () => {
      const got = [];
      for (const mode of ["same-origin", "cors", "no-cors"]) {
        const answer = await fetch("%s", {mode, credentials: "include"}).catch(() => null);
        got.push(answer ? answer.status + ":" + (await answer.text()).includes("Welcome") : "none");
      }
      const opened = window.open("%s");
      await new Promise(done => setTimeout(done, 1500));
      let seen = "closed";
      try { seen = opened.document.title || "blank"; } catch { seen = "denied"; }
      return [got, opened.closed ? "closed" : seen];
    }"""
    with served(lab) as base:
        page = page_of(chromium, base, "scientist", [])
        page.route("**/user/scientist/wages/lab", lambda route: route.fulfill(body="<p>a workspace</p>"))
        page.goto(base.replace(PREFIX.rstrip("/"), "/user/scientist/wages/lab"))
        fetched, opened = page.evaluate(script % (PREFIX, PREFIX))
        assert all(got.endswith("false") or got == "none" for got in fetched), fetched
        assert opened in ("closed", "denied", "blank"), opened
        page.goto(f"{base}/")
        assert page.get_by_text("Welcome, Scientist").is_visible()
