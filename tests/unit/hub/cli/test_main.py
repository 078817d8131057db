from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from doubles.api import Answer, FakeLab, error
from hub.cli.main import app, say_fault

Command = Callable[..., Result]


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, below in group.commands.items():
        if isinstance(below, TyperGroup):
            yield from commands(below, (*path, name))
        else:
            yield (*path, name), below


ALL = dict(commands(get_command(app)))
NOT_FOR_PROGRAMS = {("admin", "down"), ("admin", "logs")}
"""Commands that print nothing that a program could use."""


def test_the_subcommands_are_all_there() -> None:
    named = {path[0] for path in ALL}
    promised = {
        "project",
        "dataset",
        "notebook",
        "run",
        "sweep",
        "schedule",
        "export",
        "gate",
        "policy",
        "release",
        "receipt",
        "report",
        "register",
        "audit",
        "doctor",
        "admin",
    }
    assert named == promised | {"demo", "login", "notices"}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help_with_an_example_that_calls_it(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*path, "--help"])
    assert done.exit_code == 0
    assert f"datalab {' '.join(path)}" in " ".join((ALL[path].epilog or "").split())
    assert (ALL[path].help or "").strip()


@pytest.mark.parametrize("path", sorted(set(ALL) - NOT_FOR_PROGRAMS), ids=" ".join)
def test_every_command_prints_json_for_programs(path: tuple[str, ...]) -> None:
    words = {word for parameter in ALL[path].params for word in parameter.opts}
    assert words & {"--json", "--format"}


def test_the_shell_completes_commands() -> None:
    done = CliRunner().invoke(
        app, [], env={"_DATALAB_COMPLETE": "complete_bash", "COMP_WORDS": "datalab r", "COMP_CWORD": "1"}
    )
    assert {"run", "release", "receipt"} <= set(done.stdout.split())


def test_an_error_is_one_sentence_on_standard_error(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("GET", "/projects")] = error(403, "unknown-person", "The lab does not know you.")
    done = datalab("project", "list", "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "datalab: The lab does not know you.\n"


def test_a_sentence_of_the_lab_cannot_act_on_the_terminal(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("GET", "/projects")] = error(422, "lines", "First line\n  second \x1b]0;owned\x07")
    assert datalab("project", "list").stderr == "datalab: First line\n  second �]0;owned�\n"


def test_without_a_login_a_command_says_so() -> None:
    done = CliRunner().invoke(app, ["run", "list"])
    assert done.exit_code == 1
    assert "datalab login" in done.stderr


def test_a_file_that_cannot_be_written_is_a_sentence(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("GET", "/audit")] = []
    done = datalab("audit", "export", "/nowhere/audit.jsonl")
    assert (done.exit_code, done.stderr) == (1, "datalab: /nowhere/audit.jsonl: No such file or directory.\n")


def test_a_wrongly_typed_command_ends_with_two(datalab: Command) -> None:
    assert datalab("run", "start").exit_code == 2
    assert datalab("no-such-command").exit_code == 2


def test_a_fault_of_the_tool_is_said_without_values(
    fake: FakeLab, datalab: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.answers[("GET", "/projects")] = Answer([42])
    done = datalab("project", "list")
    assert isinstance(done.exception, AttributeError)
    assert done.exc_info is not None
    say_fault(*done.exc_info)
    said = capsys.readouterr().err
    assert "AttributeError at " in said
    assert said.count("\n") == 1
    assert "42" not in said.partition(" at ")[0]


def test_the_tool_installs_what_says_its_faults(datalab: Command) -> None:
    datalab("--version")
    assert sys.excepthook is say_fault


def test_the_version_is_printed(datalab: Command) -> None:
    assert datalab("--version").stdout.startswith("datalab ")
