from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from doubles.api import URL, Answer, FakeLab, error
from hub.cli import login as command
from hub.cli.client import Portal
from hub.cli.login_file import Login, checked_token, checked_url, login_path, read_login, write_login
from hub.cli.main import app
from hub.domain.errors import InvalidError, RefusedError


@pytest.fixture(autouse=True)
def _no_connection(monkeypatch: pytest.MonkeyPatch, fake: FakeLab) -> None:
    monkeypatch.setattr(command, "Portal", lambda url, token: Portal(url, token, fake))


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)} | more


def test_a_login_is_kept_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = login_path(environment(tmp_path))
    write_login(Login(URL, "word"), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_login(environment(tmp_path)) == Login(URL, "word")
    assert list(path.parent.iterdir()) == [path]


def test_a_second_login_replaces_the_first_also_when_that_was_open_to_others(tmp_path: Path) -> None:
    path = login_path(environment(tmp_path))
    write_login(Login(URL, "first"), path)
    path.chmod(0o644)
    write_login(Login(URL, "second"), path)
    assert read_login(environment(tmp_path)).token == "second"


def test_the_environment_wins(tmp_path: Path) -> None:
    write_login(Login(URL, "word"), login_path(environment(tmp_path)))
    given = environment(tmp_path, DATALAB_TOKEN="other", DATALAB_URL="https://lab.example.org/")
    assert read_login(given) == Login("https://lab.example.org", "other")


def test_without_a_login_the_way_to_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="datalab login"):
        read_login(environment(tmp_path))


def test_a_relative_config_folder_is_ignored_as_the_xdg_rules_say() -> None:
    assert login_path({"XDG_CONFIG_HOME": "here"}) == Path.home() / ".config/datalab/login.json"


def test_a_login_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = login_path(environment(tmp_path))
    write_login(Login(URL, "word"), path)
    path.chmod(0o640)
    with pytest.raises(InvalidError, match="chmod 600"):
        read_login(environment(tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "{}", "nothing"])
def test_a_broken_login_is_said_to_be_one(tmp_path: Path, text: str) -> None:
    path = login_path(environment(tmp_path))
    write_login(Login(URL, "word"), path)
    path.write_text(text)
    with pytest.raises(InvalidError, match="datalab login"):
        read_login(environment(tmp_path))


@pytest.mark.parametrize("url", ["http://lab.example.org", "ftp://localhost", "lab", "https://", ""])
def test_a_token_is_never_sent_in_clear_text_beyond_this_machine(url: str) -> None:
    with pytest.raises(InvalidError):
        checked_url(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://localhost:8000", "https://lab.example.org/x"])
def test_loopback_and_https_are_addresses_of_a_lab(url: str) -> None:
    assert checked_url(url) == url.rstrip("/")


@pytest.mark.parametrize("token", ["", "  ", "two words", "a\nb", "a\x00", "é"])
def test_what_is_no_plain_word_is_no_token(token: str) -> None:
    with pytest.raises(InvalidError):
        checked_token(token)


def test_the_command_tries_the_token_before_it_keeps_it(fake: FakeLab) -> None:
    fake.answers[("GET", "/me")] = Answer({"name": "scientist", "roles": ["researcher"]})
    done = CliRunner().invoke(app, ["login", "--url", URL, "--json"], input="word\n")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["name"] == "scientist"
    assert read_login() == Login(URL, "word")


def test_a_token_that_the_lab_refuses_is_not_kept(fake: FakeLab) -> None:
    fake.answers[("GET", "/me")] = error(401, "login", "Log in.")
    done = CliRunner().invoke(app, ["login", "--url", URL], input="word\n")
    assert (done.exit_code, login_path().exists()) == (1, False)
    assert "word" not in done.stderr
