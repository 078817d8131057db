from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from hub.demo import __main__ as program
from hub.demo import story
from hub.demo.people import ORGANISATIONS, PEOPLE, PROJECTS, STEWARDS
from hub.demo.story import STORY, Step
from hub.demo.story_lab import load_demo_settings
from hub.demo.story_stage import Seen, Stage, check, refused
from hub.demo.web_login import Forms, Visitor
from hub.demo.workspace_client import Cell, code_cells, executed
from hub.domain.errors import ConflictError, InvalidError, RefusedError, UnavailableError
from hub.domain.people import Role, check_name, check_roles


def test_everybody_has_one_role_and_is_named_by_it() -> None:
    for person in PEOPLE:
        check_name(person.name)
        check_roles(person.roles)
        assert len(person.roles) == 1
        assert person.organisation in {o.name for o in ORGANISATIONS}


def test_stewards_and_the_administrator_are_no_members() -> None:
    roles = {p.name: p.roles[0] for p in PEOPLE}
    members = {name for project in PROJECTS for name in (project.lead, *project.members)}
    assert {roles[name] for name in members} == {Role.RESEARCHER}
    assert {roles[name] for name in STEWARDS.values()} == {Role.STEWARD}


def test_a_step_of_the_story_has_a_title_of_its_own() -> None:
    assert len({step.title for step in STORY}) == len(STORY)
    assert [step.part for step in STORY] == sorted(step.part for step in STORY)


def test_a_refusal_is_its_sentence() -> None:
    def refuse() -> None:
        raise RefusedError("You cannot review your own export request.", reason="own-request")

    assert refused(refuse, "own-request") == "You cannot review your own export request."
    with pytest.raises(RefusedError):
        refused(refuse, "unknown-project")


def test_what_was_allowed_but_must_not_be_ends_the_story() -> None:
    with pytest.raises(ConflictError, match="own-request"):
        refused(lambda: None, "own-request")
    with pytest.raises(ConflictError, match="the lab is shut in"):
        check(False, "the lab is shut in")


def test_the_demonstrations_settings_are_written_once(tmp_path: Path) -> None:
    config = tmp_path / "lab.toml"
    assert load_demo_settings(config).login.demo is True
    config.write_text(config.read_text().replace("demonstration", "mine"))
    assert load_demo_settings(config).title == "Data lab, mine"


def test_a_lab_with_its_own_provider_is_refused(tmp_path: Path) -> None:
    urls = "".join(f'{word}_url = "https://login.example.org"\n' for word in ("authorize", "token", "userdata"))
    (tmp_path / "lab.toml").write_text(f'state = "var"\n[login]\n{urls}')
    with pytest.raises(InvalidError, match="not for demonstration"):
        load_demo_settings(tmp_path / "lab.toml")


PAGE = """<form method="get" action="/search"><input name="q"></form>
<form method="post" action="/there?a=1&amp;b=2"><input type="hidden" name="csrf_token" value="a&quot;b">
<input type="text" name="login"><input type="submit"></form>"""


def test_a_form_is_read_as_a_browser_reads_it() -> None:
    form = Forms()
    form.feed(PAGE)
    assert form.action == "/there?a=1&b=2"
    assert form.hidden == {"csrf_token": 'a"b'}
    assert "login" in form.fields


class Pages(requests.Session):
    """Answers every request with the next page."""

    def __init__(self, *pages: tuple[int, str, str]) -> None:
        super().__init__()
        self.pages = list(pages)
        self.sent: list[Any] = []

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append((method, url, options.get("data")))
        made = requests.Response()
        made.status_code, made.url, text = self.pages.pop(0)
        made._content = text.encode()
        return made


@pytest.fixture
def browse(monkeypatch: pytest.MonkeyPatch) -> Any:
    def start(*pages: tuple[int, str, str]) -> Pages:
        session = Pages(*pages)
        monkeypatch.setattr(requests, "Session", lambda: session)
        return session

    return start


PASSWORD_PAGE = PAGE.replace('"login"', '"password"')


def test_a_login_fills_in_the_providers_pages(browse: Any) -> None:
    there = "http://localhost:8004/login"
    session = browse((200, there, PAGE), (200, there, PASSWORD_PAGE), (200, "http://127.0.0.1:8000/services/", ""))
    Visitor("http://127.0.0.1:8000", "scientist", "a-word")
    assert session.sent[1] == (
        "POST",
        "http://localhost:8004/there?a=1&b=2",
        {"csrf_token": 'a"b', "login": "scientist"},
    )
    assert session.sent[2][2]["password"] == "a-word"


def test_a_login_that_stays_at_the_provider_is_refused_without_the_password(browse: Any) -> None:
    there = "http://localhost:8004/login"
    browse((200, there, PAGE), (200, there, PASSWORD_PAGE), (200, there, PASSWORD_PAGE))
    with pytest.raises(RefusedError) as caught:
        Visitor("http://127.0.0.1:8000", "scientist", "a-word")
    assert "a-word" not in str(caught.value)


def test_another_page_than_the_providers_is_said_to_be_one(browse: Any) -> None:
    browse((500, "http://127.0.0.1:8000/hub/error", "<h1>500</h1>"))
    with pytest.raises(UnavailableError, match="status 500"):
        Visitor("http://127.0.0.1:8000", "scientist", "a-word")


NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# A", "look"]},
        {"cell_type": "code", "source": ["x = 1\n", "x"], "outputs": [], "execution_count": None},
    ]
}
ONE = {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}, "execution_count": 1}


def test_outputs_go_to_the_code_cells_in_order() -> None:
    assert code_cells(NOTEBOOK) == ["x = 1\nx"]
    done = executed(NOTEBOOK, [Cell("x", (ONE,))])
    assert done["cells"][0] == NOTEBOOK["cells"][0]
    assert done["cells"][1]["outputs"] == [ONE]


def test_a_cell_says_what_it_printed_and_how_it_failed() -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "4360 "}
    error = {"output_type": "error", "ename": "OSError", "evalue": "x", "traceback": []}
    cell = Cell("x", (stream, ONE, error))
    assert (cell.text, cell.error) == ("4360 1", "OSError")
    assert Cell("x", ()).error == ""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A story of three steps, the second of which may fail; what was tried is noted."""
    tried: list[str] = []

    def first(stage: Stage) -> Seen:
        stage.new_passwords = {"scientist": "shown-once"}
        tried.append("first")
        return Seen("made", "two things")

    def second(stage: Stage) -> Seen:
        tried.append("second")
        if stage.settings.title == "Fails":
            raise ConflictError("This was not seen: {promise}.", reason="promise", promise="a thing")
        return Seen("seen")

    short = tuple(Step(n, act.__name__, act) for n, act in enumerate((first, second)))
    monkeypatch.setattr(story, "STORY", short)
    monkeypatch.setattr(program, "STORY", short)
    monkeypatch.setattr("sys.excepthook", None)
    return tried


def config(tmp_path: Path, title: str) -> list[str]:
    (tmp_path / "lab.toml").write_text(f'title = "{title}"\nstate = "var"\n[login]\ndemo = true\n')
    return ["--config", str(tmp_path / "lab.toml")]


def test_the_end_shows_address_logins_and_what_was_seen(
    steps: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(config(tmp_path, "Lab")) == 0
    said = capsys.readouterr()
    for word in ("http://127.0.0.1:8000", "shown-once", "two things", "first", "second"):
        assert word in said.out
    assert "✓" in said.err


def test_the_same_for_programs(steps: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main([*config(tmp_path, "Lab"), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert [step["verdict"] for step in body["steps"]] == ["made", "seen"]
    assert body["new_passwords"] == {"scientist": "shown-once"}


def test_a_step_that_fails_ends_the_story_and_loses_no_password(
    steps: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(config(tmp_path, "Fails")) == 1
    said = capsys.readouterr()
    assert said.out == ""
    for word in ("✗ second", "datalab: This was not seen: a thing.", "shown-once"):
        assert word in said.err
    assert steps == ["first", "second"]


def test_without_new_passwords_the_place_of_the_old_ones_is_said(
    steps: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    only = (Step(0, "second", STORY[0].act),)
    monkeypatch.setattr(program, "STORY", only)
    monkeypatch.setattr(program, "tell", lambda stage: [SimpleNamespace(step=only[0], seen=Seen("x"), seconds=0.0)])
    assert program.main(config(tmp_path, "Lab")) == 0
    assert "demo-passwords.json" in capsys.readouterr().out
