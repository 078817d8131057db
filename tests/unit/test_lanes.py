"""Where two processes run the tests, what shares the lab of the story, or the corpus, stays in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from lanes import CORPUS, IN_THE_STORYS_LAB, STORY, lane_of, strays

TESTS = Path(__file__).parents[1]


@dataclass
class Asking:
    """A test as it is collected."""

    nodeid: str
    fixturenames: tuple[str, ...] = ()


def test_files_in_the_storys_lab_stay_together() -> None:
    assert {lane_of(f"tests/{file}::test_a[x::y]") for file in IN_THE_STORYS_LAB} == {STORY}


def test_files_of_the_corpus_stay_together() -> None:
    assert {lane_of(f"tests/corpus/test_{name}.py::test_b[1]") for name in ("corpus", "metamorphic")} == {CORPUS}
    assert lane_of("tests/unit/corpus.py::test_b") != CORPUS


def test_any_other_file_is_handed_out_as_a_whole() -> None:
    first, second = lane_of("tests/unit/test_a.py::test_b[1]"), lane_of("tests/unit/test_a.py::test_c")
    assert first == second == "tests/unit/test_a.py"
    assert lane_of("tests/unit/test_b.py::test_b[1]") != first


def test_every_file_that_is_named_is_there() -> None:
    assert sorted(file for file in IN_THE_STORYS_LAB if not (TESTS / file).is_file()) == []


def test_every_file_of_this_run_that_asks_for_the_storys_lab_is_named(request: pytest.FixtureRequest) -> None:
    """Where this fails: add the file to IN_THE_STORYS_LAB, or another process starts a second lab for it."""
    assert strays(request.session.items) == set()


def test_a_file_that_asks_for_the_storys_lab_and_is_not_named_is_found() -> None:
    named, stray = sorted(IN_THE_STORYS_LAB)[0], "tests/attacks/test_new.py"
    items = [
        Asking(f"tests/{named}::test_a", ("story_lab",)),
        Asking(f"{stray}::test_a", ("living", "story_lab")),
        Asking("tests/unit/test_b.py::test_a", ("tmp_path",)),
    ]
    assert strays(cast("list[Any]", items)) == {stray}
