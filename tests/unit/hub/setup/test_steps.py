from __future__ import annotations

import pytest

from hub.setup import commands
from hub.setup.places import Places
from hub.setup.steps import SetupError, Step, take, take_all


class Thing:
    def __init__(self, *, there: bool = False, takes: bool = True) -> None:
        self.there, self.takes, self.made = there, takes, 0

    def make(self) -> None:
        self.made += 1
        self.there = self.takes

    def step(self, name: str = "thing") -> Step:
        return Step(name, "making it", lambda: self.there, self.make)


def failing(name: str) -> Step:
    def do() -> None:
        raise SetupError(f"{name} failed.", "try again")

    return Step(name, "trying", lambda: False, do)


def test_what_is_done_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    thing = Thing(there=True)
    take(thing.step())
    assert thing.made == 0
    assert capsys.readouterr().out.split() == ["thing", "ready"]


def test_what_is_missing_is_made_once() -> None:
    thing = Thing()
    take(thing.step())
    take(thing.step())
    assert thing.made == 1


def test_a_step_that_does_not_take_is_a_fault() -> None:
    with pytest.raises(SetupError, match="still not there"):
        take(Thing(takes=False).step())


def test_a_fault_ends_its_lane_and_no_other() -> None:
    after, beside = Thing(), Thing()
    failed = take_all([[failing("first"), after.step()], [beside.step()]])
    assert [error.sentence for error in failed] == ["first failed."]
    assert (after.made, beside.made) == (0, 1)


def test_all_faults_are_told_at_once() -> None:
    failed = take_all([[failing("first")], [failing("second")]])
    assert [error.sentence for error in failed] == ["first failed.", "second failed."]


def test_a_command_that_fails_is_told_with_its_telling_line(places: Places) -> None:
    log = places.logs / "x.log"
    with pytest.raises(SetupError, match="Trying failed with code 3: E: no such package") as refused:
        commands.run(["sh", "-c", "echo start; echo 'E: no such package'; echo bye; exit 3"], what="Trying", log=log)
    assert refused.value.mend == f"less {log}"


def test_a_program_that_is_not_there_is_one_sentence(places: Places) -> None:
    with pytest.raises(SetupError, match="no-such-program could not be started"):
        commands.run(["no-such-program"], what="Trying", log=places.logs / "x.log")


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("a\nERROR: b\nc\n", "ERROR: b"),
        ("a\nb\n", "b"),
        ("", "it said nothing"),
        ("error handling on\n", "error handling on"),
    ],
)
def test_the_telling_line_names_the_fault(output: str, line: str) -> None:
    assert commands.telling_line(output) == line
