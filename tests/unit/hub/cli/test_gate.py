from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import Result

from hub.adapters import local_gate
from hub.domain.errors import InvalidError
from hub.gate.report_form import Audience

Command = Callable[..., Result]


def report(code: int) -> Any:
    return SimpleNamespace(
        exit_code=code, to_json=lambda: '{"verdict": "x"}', to_text=lambda: "a.csv: \x1b[31mfine",
        to_sarif=lambda: '{"version": "2.1.0"}', to_acro=lambda _: '{"results": {}}',
    )  # fmt: skip


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_exit_code_is_the_verdict(datalab: Command, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(local_gate, "check_paths", lambda *words: asked.append(words) or report(code))
    words = ("gate", "check", "a.csv", "out", "-d", "jobs.toml", "--policy", "uk-sacro", "--canonical", "to")
    done = datalab(*words)
    assert (done.exit_code, "\x1b" in done.stdout) == (code, False)
    wanted = local_gate.Asked((Path("jobs.toml"),), "uk-sacro", Path("to"))
    assert asked == [([Path("a.csv"), Path("out")], wanted)]
    assert datalab(*words, "--format", "json").stdout == '{"verdict": "x"}\n'
    assert datalab(*words, "--format", "sarif").stdout == '{"version": "2.1.0"}\n'
    assert datalab(*words, "--format", "acro").stdout == '{"results": {}}\n'
    datalab(*words, "--fix", "--for", "researcher", "--manifest", "m.json", "--earlier", "before")
    assert asked[-1][1] == replace(
        wanted, fix=True, audience=Audience.RESEARCHER, manifest=Path("m.json"), earlier=Path("before")
    )


def test_a_dataset_outside_of_the_lab_is_a_description(datalab: Command) -> None:
    done = datalab("gate", "check", "a.csv", "--dataset", "jobs@0011")
    assert (done.exit_code, "is no description" in done.stderr) == (3, True)


def test_what_could_not_be_carried_out_ends_with_three(datalab: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise InvalidError("a.csv is not a plain file.", reason="not-a-file")

    monkeypatch.setattr(local_gate, "check_paths", refuse)
    done = datalab("gate", "check", "a.csv")
    assert (done.exit_code, done.stderr) == (3, "datalab: a.csv is not a plain file.\n")


@pytest.mark.parametrize("words", [(), ("--policy",), ("a.csv", "--format", "pdf"), ("a.csv", "--nonsense")])
def test_a_command_that_was_typed_wrongly_blocks_nothing(datalab: Command, words: tuple[str, ...]) -> None:
    assert datalab("gate", "check", *words).exit_code == 3
