"""One program of many attempts: what crashes, hangs, is killed or tries nothing is no proof."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from hub.doctor.attacks import ATTACKS, FLOODED, attacks_in, calls_of, judged
from hub.doctor.program import Call, Said, heard, in_vain, program_of, shown
from hub.domain.examinations import Verdict
from spawner_config.isolation import Purpose


def tries_in_vain() -> Any:
    return {"tried": ["a"], "done": []}


def succeeds(way: str) -> Any:
    return {"tried": ["a", way], "done": [way]}


def crashes() -> Any:
    raise OSError("no such thing")


def hangs() -> Any:
    import time

    time.sleep(60)


def dies() -> Any:
    import os

    os.kill(os.getpid(), 9)


def tries_nothing() -> Any:
    return {"tried": [], "done": []}


def says_something_else() -> Any:
    return ["tried"]


CALLS = [
    Call("vain", tries_in_vain, {}),
    Call("succeeds", succeeds, {"way": "b"}),
    Call("crashes", crashes, {}),
    Call("hangs", hangs, {}, 0.3),
    Call("dies", dies, {}),
    Call("nothing", tries_nothing, {}),
    Call("else", says_something_else, {}),
    Call("again", tries_in_vain, {}),
]


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    command = [sys.executable, "-I", "-c", program_of(CALLS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return dict(heard(done.stdout))


def test_only_an_attempt_that_tried_in_vain_is_a_proof(said: dict[str, Any]) -> None:
    assert [name for name in (c.name for c in CALLS) if in_vain(said.get(name))] == ["vain", "again"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("vain", "None of 1 ways worked."),
        ("succeeds", "It worked: b."),
        ("crashes", "The attempt itself failed (OSError: no such thing)"),
        ("hangs", "The attempt itself failed (too slow)"),
        ("dies", "The attempt itself failed (killed)"),
        ("nothing", "Nothing was tried"),
        ("else", "The attempt ended without a word"),
        ("absent", "The attempt ended without a word"),
    ],
)
def test_a_sentence_says_what_was_seen(said: dict[str, Any], name: str, sentence: str) -> None:
    assert shown(said.get(name)).startswith(sentence)


@pytest.mark.parametrize(
    "line",
    ["", "said:", "said:[]", "said:{}", 'said:["a", 5]', 'said:["a", {"tried": 5, "done": []}]', "devices: fine"],
)
def test_what_is_not_exactly_said_is_not_heard(line: str) -> None:
    assert not in_vain(heard(line).get("a"))
    assert judged(ATTACKS[0], "run", heard(line).get("a")).verdict is Verdict.BROKEN


def test_many_ways_that_worked_are_said_shortly() -> None:
    assert shown(Said(tried=["x"], done=[f"way-{n}" for n in range(20)])).endswith("way-7 (+12).")


def test_every_purpose_is_attacked_and_names_are_unique() -> None:
    assert len({a.name for a in ATTACKS}) == len(ATTACKS)
    for purpose in Purpose:
        assert len(attacks_in(purpose)) >= 12
    assert attacks_in(Purpose.RUN, flooded=True)
    assert FLOODED not in set(Purpose)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_containers_program_fits_into_one_argument(purpose: Purpose) -> None:
    """The kernel takes 128 KiB for one argument."""
    source = program_of(calls_of(attacks_in(purpose), {}))
    compile(source, "program", "exec")
    assert len(source.encode()) < 100 * 2**10
