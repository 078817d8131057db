from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.accounts import Account, Group
from hub.setup import accounts, bytecode
from hub.setup.places import Places


def test_root_gets_every_account_and_group_without_shell_and_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "_has_group", lambda _: False)
    monkeypatch.setattr(accounts, "_has_account", lambda _: False)
    made = accounts.commands()
    assert [words[-1] for words in made] == [*Group, *Account, *Account]
    for words in made[-len(Account) :]:
        assert {"--system", "--no-create-home", "--shell", "/usr/sbin/nologin"} <= set(words)
        assert words[words.index("--gid") + 1] == words[-1]


def test_whoever_is_not_root_makes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(accounts, "_has_group", lambda _: False)
    assert accounts.commands() == []


def code(folder: Path) -> Places:
    for package in accounts.CODE[:3]:
        (folder / package / "inner").mkdir(parents=True)
        (folder / package / "inner" / "module.py").write_text("x = 1\n")
    (folder / "jupyterhub_config.py").touch()
    return Places(folder)


def test_code_that_was_cloned_closed_is_opened_for_reading_and_for_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = code(tmp_path)
    module = tmp_path / "hub" / "inner" / "module.py"
    module.chmod(0o600)
    module.parent.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "commands", list)
    assert not accounts.is_done(places)
    accounts.make(places)
    assert accounts.is_done(places)
    assert (module.stat().st_mode & 0o777, module.parent.stat().st_mode & 0o777) == (0o644, 0o755)


def test_code_is_compiled_once_and_again_when_it_changes(tmp_path: Path) -> None:
    places = code(tmp_path)
    module = tmp_path / "hub" / "inner" / "module.py"
    assert not bytecode.is_done(places)
    bytecode.make(places)
    assert bytecode.is_done(places)
    module.write_text("x = 12\n")
    assert list(bytecode.stale(places)) == [module]
