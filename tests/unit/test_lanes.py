"""Where two processes run the tests, what shares the lab of the story, or the corpus, stays in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from lanes import CORPUS, IN_ANOTHER, IN_THE_STORYS_LAB, STORY, STORY_AGAIN, Lanes, lane_of, strays, taken_next

TESTS = Path(__file__).parents[1]


@dataclass
class Asking:
    """A test as it is collected."""

    nodeid: str
    fixturenames: tuple[str, ...] = ()


def test_files_in_the_storys_lab_stay_together() -> None:
    assert {lane_of(f"tests/{file}::test_a[x::y]") for file in IN_THE_STORYS_LAB} == {STORY}
    assert {lane_of(f"tests/{file}::test_a[x::y]") for file in IN_ANOTHER} == {STORY_AGAIN}
    assert not IN_THE_STORYS_LAB & IN_ANOTHER


def test_files_of_the_corpus_stay_together() -> None:
    assert {lane_of(f"tests/corpus/test_{name}.py::test_b[1]") for name in ("corpus", "metamorphic")} == {CORPUS}
    assert lane_of("tests/unit/corpus.py::test_b") != CORPUS


def test_any_other_file_is_handed_out_as_a_whole() -> None:
    first, second = lane_of("tests/unit/test_a.py::test_b[1]"), lane_of("tests/unit/test_a.py::test_c")
    assert first == second == "tests/unit/test_a.py"
    assert lane_of("tests/unit/test_b.py::test_b[1]") != first


def test_every_file_that_is_named_is_there() -> None:
    assert sorted(file for file in IN_THE_STORYS_LAB | IN_ANOTHER if not (TESTS / file).is_file()) == []


def test_every_file_of_this_run_that_asks_for_the_storys_lab_is_named(request: pytest.FixtureRequest) -> None:
    """Where this fails: add the file to IN_ANOTHER, or another process starts one more lab for it."""
    assert strays(request.session.items) == set()


def test_a_file_that_asks_for_the_storys_lab_and_is_not_named_is_found() -> None:
    named, stray = sorted(IN_THE_STORYS_LAB)[0], "tests/attacks/test_new.py"
    items = [
        Asking(f"tests/{named}::test_a", ("story_lab",)),
        Asking(f"{stray}::test_a", ("living", "story_lab")),
        Asking("tests/unit/test_b.py::test_a", ("tmp_path",)),
    ]
    assert strays(cast("list[Any]", items)) == {stray}


def test_the_labs_of_the_story_are_begun_first_and_whoever_takes_from_the_end_comes_to_them_last() -> None:
    line = ["tests/attacks/test_a.py", STORY, STORY_AGAIN, CORPUS, "tests/unit/test_b.py"]
    front: list[str] = []
    end: list[str] = []
    while line:
        for taken, from_the_end in ((front, False), (front, False), (end, True)):
            if line:
                taken.append(taken_next(line, from_the_end=from_the_end))
                line.remove(taken[-1])
    assert front[:2] == [STORY, STORY_AGAIN]
    assert end[0] == "tests/unit/test_b.py"
    assert sorted(front + end) == sorted(
        ["tests/attacks/test_a.py", STORY, STORY_AGAIN, CORPUS, "tests/unit/test_b.py"]
    )


def test_one_process_or_two_take_all_from_the_front() -> None:
    assert taken_next(["a", STORY_AGAIN, "b"], from_the_end=False) == STORY_AGAIN
    assert taken_next(["a", "b"], from_the_end=False) == "a"


class Process:
    """A process that runs tests: it notes by their places what it is given."""

    def __init__(self) -> None:
        self.given: list[int] = []
        self.shutting_down = False
        self.gateway = self
        self.id = "one of them"

    def send_runtest_some(self, places: list[int]) -> None:
        self.given += places

    def shutdown(self) -> None:
        self.shutting_down = True


TESTS_IN_LINE = [
    *(f"tests/attacks/test_accounts.py::test_{n}" for n in range(4)),
    *(f"tests/attacks/test_doctor.py::test_{n}" for n in range(4)),
    *(f"tests/attacks/test_p7_audit.py::test_{n}" for n in range(4)),
    *(f"tests/corpus/test_corpus.py::test_{n}" for n in range(4)),
    *(f"tests/unit/test_a.py::test_{n}" for n in range(4)),
    *(f"tests/unit/test_b.py::test_{n}" for n in range(4)),
]


def begun(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, processes: int) -> list[set[str]]:
    """The lanes that each of so many processes is given when they begin."""
    monkeypatch.setattr(request.config.option, "tx", ["popen"] * processes, raising=False)
    monkeypatch.setattr(request.config.option, "loadscopereorder", False, raising=False)
    lanes = Lanes(request.config)
    given = [Process() for _ in range(processes)]
    for one in given:
        lanes.add_node(one)
        lanes.add_node_collection(one, TESTS_IN_LINE)
    lanes.schedule()
    return [{lane_of(TESTS_IN_LINE[place]) for place in one.given} for one in given]


def test_two_processes_begin_at_the_front_and_have_one_lab_of_the_story(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert begun(request, monkeypatch, 2) == [{STORY, STORY_AGAIN}, {"tests/attacks/test_doctor.py"}]


def test_of_three_processes_two_have_labs_of_the_story_and_one_begins_at_the_end(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert begun(request, monkeypatch, 3) == [{STORY}, {STORY_AGAIN}, {"tests/unit/test_b.py"}]
