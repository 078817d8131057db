"""Exceptions through the use cases: from a blocked request to a release with its receipt, and what is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from datasets_mount.catalogue import Tier
from doubles.lab import SteppingClock
from doubles.people import JOBS, cast_vote, checked_request, play, registered_dataset, submit, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.ballots import Decision
from hub.domain.errors import ConflictError, LabError, NotFoundError, RefusedError
from hub.domain.exceptions import GateException, Ground, Word
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.notices import NoticeKind
from hub.domain.people import Role
from hub.services import datasets, exceptions, notices, people, projects, releases
from hub.services.lab import Lab
from hub.services.ports import pages

FEW = {"check": "minimum-frequency", "severity": "block", "place": "row 1", "sentence": "A cell stands for few."}
LEAK = {"check": "row-leak", "severity": "block", "place": "row 1", "sentence": "A row of the data."}
STEWARDS = ("health-steward", "jobs-steward", "transport-steward")
TEXT = "The institute has published this very table."


@dataclass
class Scene:
    lab: Lab
    programs: GoodPrograms
    request: ExportRequest

    def ask(self, number: int = 1, who: str = "researcher") -> GateException:
        return exceptions.ask(
            self.lab, who, self.request.id, "table.csv", number, ground=Ground.PUBLIC, text=TEXT, turn=0
        )  # fmt: skip

    def say(self, asked: GateException, who: str, word: Word = Word.GRANT, **seen: str) -> GateException:
        named: dict[str, Any] = {"canonical": asked.canonical, "policy": asked.policy} | seen
        return exceptions.decide(self.lab, who, self.request.id, asked.id, word=word, reason="because", **named)

    def grant(self) -> GateException:
        asked = self.ask()
        for steward in STEWARDS:
            self.say(asked, steward)
        return asked

    def now(self) -> ExportRequest:
        with self.lab.store.read() as reading:
            found = reading.get(ExportRequest, self.request.id)
        assert found is not None
        return found


@pytest.fixture
def scene(lab: Lab) -> Scene:
    programs = play(lab)
    registered_dataset(lab)
    programs.findings = [FEW]
    return Scene(lab, programs, checked_request(lab))


def test_a_blocked_request_goes_the_whole_way_and_its_receipt_and_the_log_say_so(scene: Scene) -> None:
    lab = scene.lab
    assert scene.request.state is ExportState.BLOCKED
    asked = scene.ask()
    for steward in STEWARDS[:2]:
        assert scene.say(asked, steward).granted is None
        assert scene.now().state is ExportState.BLOCKED
    assert scene.say(asked, STEWARDS[2]).granted is not None
    assert (scene.now().state, scene.now().votes) == (ExportState.SUBMITTED, ())
    with pytest.raises(RefusedError):
        releases.release(lab, "health-steward", scene.request.id)
    for steward in STEWARDS[:2]:
        cast_vote(lab, steward, scene.now())
    made = releases.release(lab, "health-steward", scene.request.id)
    assert json.loads(made.receipt)["exceptions"] == [
        {"check": "minimum-frequency", "sha256": asked.canonical, "ground": "public_already", "grants": 3}
    ]
    with lab.store.read() as reading:
        names = [e.event.name for e in pages(reading) if e.event.subject == scene.request.id]
        texts = [str(e.event.details) for e in pages(reading)]
    assert [n for n in names if "exception" in n or n.endswith(":except")] == [
        "export:exception:ask", *["export:exception:grant"] * 3, "export:request:except",
    ]  # fmt: skip
    assert not any(TEXT in text for text in texts)
    told = [n.kind for n in notices.notices(lab, "researcher")]
    assert {NoticeKind.EXPORT_BLOCKED, NoticeKind.EXCEPTION_GRANTED} <= set(told)


def test_the_same_bytes_sent_again_are_covered_and_others_are_not(scene: Scene) -> None:
    scene.grant()
    cast_vote(scene.lab, "health-steward", scene.now(), Decision.CHANGES)
    submit(scene.lab, "researcher", scene.request.id)
    work_off(scene.lab)
    assert scene.now().state is ExportState.SUBMITTED
    cast_vote(scene.lab, "health-steward", scene.now(), Decision.CHANGES)
    scene.programs.findings = [FEW, {**FEW, "place": "row 2"}]
    submit(scene.lab, "researcher", scene.request.id)
    work_off(scene.lab)
    assert scene.now().state is ExportState.BLOCKED


def test_an_exception_that_is_over_keeps_an_approved_request_from_its_release(scene: Scene) -> None:
    scene.grant()
    for steward in STEWARDS[:2]:
        cast_vote(scene.lab, steward, scene.now())
    assert isinstance(scene.lab.clock, SteppingClock)
    scene.lab.clock.wait(30 * 24 * 3600)
    with pytest.raises(RefusedError, match="blocks"):
        releases.release(scene.lab, "health-steward", scene.request.id)


def test_a_steward_who_joins_the_project_takes_their_word_along(scene: Scene) -> None:
    scene.grant()
    for steward in STEWARDS[:2]:
        cast_vote(scene.lab, steward, scene.now())
    projects.add_member(scene.lab, "scientist", "wages", "transport-steward")
    with pytest.raises(RefusedError, match="blocks"):
        releases.release(scene.lab, "health-steward", scene.request.id)


def test_a_tier_that_is_made_stricter_takes_the_exception_away(scene: Scene) -> None:
    scene.grant()
    for steward in STEWARDS[:2]:
        cast_vote(scene.lab, steward, scene.now())
    datasets.register_dataset(scene.lab, "jobs-steward", replace(JOBS, tier=Tier.SECRET))
    with pytest.raises(LabError):
        releases.release(scene.lab, "health-steward", scene.request.id)
    assert exceptions.excepted_now(scene.lab, scene.now()) == frozenset()


def test_nothing_is_asked_of_a_secret_tier_or_from_a_leak(scene: Scene) -> None:
    scene.programs.findings = [LEAK]
    scene.request = checked_request(scene.lab)
    with pytest.raises(RefusedError, match="no exception"):
        scene.ask()
    scene.programs.findings = [FEW]
    scene.request = checked_request(scene.lab)
    datasets.register_dataset(scene.lab, "jobs-steward", replace(JOBS, tier=Tier.SECRET))
    with pytest.raises(RefusedError, match="tier"):
        scene.ask()


def test_who_asks_and_who_decides(scene: Scene) -> None:
    lab = scene.lab
    for who in ("scientist", "health-steward", "auditor"):
        with pytest.raises(RefusedError):
            scene.ask(who=who)
    for who in ("outsider", "administrator"):
        with pytest.raises(NotFoundError):
            scene.ask(who=who)
    with pytest.raises(NotFoundError):
        scene.ask(number=2)
    asked = scene.ask()
    with pytest.raises(ConflictError, match="already"):
        scene.ask()
    for who in ("researcher", "scientist", "auditor"):
        with pytest.raises(RefusedError):
            scene.say(asked, who)
    for who in ("outsider", "administrator"):
        with pytest.raises(NotFoundError):
            scene.say(asked, who)
    with pytest.raises(NotFoundError):
        scene.say(replace(asked, id="exception-other"), "health-steward")
    for seen in ({"canonical": "0" * 64}, {"policy": "0" * 64}):
        with pytest.raises(ConflictError):
            scene.say(asked, "health-steward", **seen)
    people.add_person(lab, "administrator", "researcher", "R", "transport-agency", (Role.STEWARD,))
    with pytest.raises(RefusedError):
        scene.say(asked, "researcher")
    assert [e.votes for e in exceptions.exceptions(lab, "auditor", scene.request.id)] == [()]


def test_a_denial_ends_it_and_is_not_asked_away(scene: Scene) -> None:
    asked = scene.ask()
    scene.say(asked, "health-steward")
    assert scene.say(asked, "jobs-steward", Word.DENY).denied is not None
    with pytest.raises(ConflictError, match="decided"):
        scene.say(asked, "transport-steward")
    with pytest.raises(ConflictError, match="already"):
        scene.ask()
    assert scene.now().state is ExportState.BLOCKED
    assert NoticeKind.EXCEPTION_DENIED in [n.kind for n in notices.notices(scene.lab, "researcher")]


def test_a_granted_exception_lifts_no_other_block(scene: Scene) -> None:
    scene.programs.findings = [FEW, LEAK]
    scene.request = checked_request(scene.lab)
    scene.grant()
    assert scene.now().state is ExportState.BLOCKED


def test_who_only_sees_the_request_does_not_read_how_stewards_spoke(scene: Scene) -> None:
    asked = scene.ask()
    scene.say(asked, "health-steward")
    for who in ("researcher", "scientist", "auditor"):
        assert exceptions.exceptions(scene.lab, who, scene.request.id)[0].votes == ()
    assert len(exceptions.exceptions(scene.lab, "jobs-steward", scene.request.id)[0].votes) == 1


def test_a_steward_whose_role_ends_takes_their_word_on_an_exception_along(scene: Scene) -> None:
    scene.grant()
    for steward in STEWARDS[:2]:
        cast_vote(scene.lab, steward, scene.now())
    people.add_person(
        scene.lab, "administrator", "transport-steward", "T", "transport-agency", (Role.RESEARCHER,)
    )  # fmt: skip
    with pytest.raises(RefusedError, match="blocks"):
        releases.release(scene.lab, "health-steward", scene.request.id)
    people.add_person(scene.lab, "administrator", "transport-steward", "T", "transport-agency", (Role.STEWARD,))
    assert releases.release(scene.lab, "health-steward", scene.request.id).id == scene.request.id


def test_a_grant_that_counts_no_more_is_asked_for_again_and_decided_anew(scene: Scene) -> None:
    """An approved request would otherwise wait for ever: nobody could decide on what was decided."""
    lab, first = scene.lab, scene.grant()
    for steward in STEWARDS[:2]:
        cast_vote(lab, steward, scene.now())
    with pytest.raises(ConflictError, match="already"):
        scene.ask()
    assert isinstance(lab.clock, SteppingClock)
    lab.clock.wait(30 * 24 * 3600)
    asked = scene.ask()
    assert asked.id != first.id
    with pytest.raises(ConflictError, match="decided"):
        scene.say(first, STEWARDS[0])
    for steward in STEWARDS:
        with pytest.raises(RefusedError, match="blocks"):
            releases.release(lab, "health-steward", scene.request.id)
        scene.say(asked, steward)
    made = releases.release(lab, "health-steward", scene.request.id)
    assert [e["grants"] for e in json.loads(made.receipt)["exceptions"]] == [3]


def test_a_denial_of_one_asked_for_again_ends_it_also_when_the_first_ones_steward_comes_back(scene: Scene) -> None:
    scene.grant()
    for steward in STEWARDS[:2]:
        cast_vote(scene.lab, steward, scene.now())
    joined = ("administrator", "transport-steward", "T", "transport-agency")
    people.add_person(scene.lab, *joined, (Role.RESEARCHER,))
    scene.say(scene.ask(), "jobs-steward", Word.DENY)
    people.add_person(scene.lab, *joined, (Role.STEWARD,))
    with pytest.raises(RefusedError, match="blocks"):
        releases.release(scene.lab, "health-steward", scene.request.id)
    with pytest.raises(ConflictError, match="already"):
        scene.ask()
