"""The matrix of the docs, tried in full: each person tries each action in each state, through the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests

from datasets_mount.catalogue import Dataset, OwnersPart
from doubles.lab import make_lab
from doubles.people import (
    CONTEXT,
    cast_vote,
    finished_run,
    found_consortium,
    play,
    registered_dataset,
    statement_of,
    submit,
    work_off,
)
from doubles.portal import served
from hub.domain.audit import event
from hub.domain.exceptions import GateException, Ground
from hub.domain.exports import ExportRequest, ExportState, finding_id
from hub.domain.people import Role
from hub.domain.releases import Release
from hub.domain.table_context import TableContext
from hub.review_matrix import ACTIONS, STATUSES, Action, outcome
from hub.review_scene import CLAIMANT, EVER_RELEASED, PEOPLE, Who, differing
from hub.services import exports, people, projects, releases
from hub.services.lab import Lab, new_id
from hub.web.api.table import ROUTES

WHY = {"reason": "because a test wants to"}


@dataclass(frozen=True)
class Scene:
    """A portal, an approved request, and another one that was released."""

    lab: Lab
    base: str
    approved: ExportRequest
    released: ExportRequest
    release: Release

    def put(self, state: ExportState, who: Who, action: Action) -> ExportRequest:
        """Put a request of its own, with all its votes, into a state; what was once released has its release beside it.

        A release needs what the gate kept of the very request, so that one goes the whole way.
        """
        lab, is_made = self.lab, state is ExportState.APPROVED and action.path.endswith("/release")
        model = self.released if state in EVER_RELEASED else self.approved
        fresh = approved(lab, self.approved.source) if is_made else replace(model, id=new_id("export"))
        claim = (CLAIMANT, lab.now()) if who.claimed else ("", None)
        put = replace(fresh, state=state, claimed_by=claim[0], claimed=claim[1])
        put = differing(put) if action.path.endswith("/override") else put
        with lab.store.begin() as records:
            records.save(put, event("test:request:put", "test", put.id))
            if state in EVER_RELEASED:
                revoked = lab.now() if state is ExportState.REVOKED else None
                records.save(
                    replace(self.release, id=put.id, revoked=revoked), event("test:release:put", "test", put.id)
                )
            part = OwnersPart.VOTE if action.path.endswith("/owner-votes") else OwnersPart.INFORMED
            dataset = records.get(Dataset, "jobs")
            assert dataset is not None
            records.save(replace(dataset, owners=part), event("test:dataset:put", "test", "jobs"))
            if "{exception}" in action.path:
                records.save(self.asked_of(put), event("test:exception:put", "test", put.id))
        return put

    def asked_of(self, put: ExportRequest) -> GateException:
        """An exception that its author has asked for, from the first file's finding."""
        file, now = put.files[0], self.lab.now()
        found = file.findings[0]
        which = (file.path, found.check, found.place, finding_id(found), file.canonical, put.policy)
        why = (Ground.PUBLIC, "The institute has published it", "researcher", now)
        return GateException(f"exception-{put.id}", put.id, put.project, *which, *why)

    def now(self, identifier: str) -> ExportRequest | None:
        with self.lab.store.read() as reading:
            return reading.get(ExportRequest, identifier)

    def attempt(self, who: Who, action: Action, identifier: str) -> tuple[int, str]:
        path = action.path.partition("#")[0].replace("{id}", identifier)
        path = path.replace("{exception}", f"exception-{identifier}")
        path += "?path=a.csv" if path.endswith("/canonical") else ""
        body = None if action.method == "GET" else self.body(action)
        head = {"Authorization": f"token {who.name}-token"}
        answer = requests.request(action.method, f"{self.base}/api/v1{path}", json=body, headers=head, timeout=30)
        return answer.status_code, answer.text[:300]

    def body(self, action: Action) -> dict[str, Any]:
        path, _, audience = action.path.partition("#")
        canonical = {f.path: f.canonical for f in self.approved.files}
        if action.path.endswith("/exceptions/{exception}/votes"):
            return {"word": "grant", "canonical": canonical["a.csv"], "policy": self.approved.policy}
        vote = {"decision": "approve", "canonical": canonical, "policy": self.approved.policy, "reason": ""}
        return {
            "comments": {"text": "A word", "audience": audience},
            "submit": {"statement": statement_of(self.lab)},
            "describe": {"context": CONTEXT},
            "split": {"files": ["a.csv"]} | WHY,
            "votes": vote,
            "exceptions": {"path": "a.csv", "finding": 1, "ground": "public_already", "text": "T" * 20},
            "reject": WHY,
            "owner-votes": vote | {"dataset": "jobs"},
            "override": {"reason": "The institute has published this table"},
            "revoke": WHY,
            "reopen": WHY,
        }.get(path.rpartition("/")[2], {})


def approved(lab: Lab, source: str) -> ExportRequest:
    files = {name: TableContext("jobs", ("year",), "", "count") for name in ("a.csv", "b.csv")}
    made = exports.create_request(lab, "researcher", "wages", source=source, files=files, context=CONTEXT)
    submit(lab, "researcher", made.id)
    work_off(lab)
    checked = exports.request(lab, "health-steward", made.id)
    cast_vote(lab, "health-steward", checked)
    return cast_vote(lab, "jobs-steward", checked)


@pytest.fixture(scope="module", params=ExportState)
def state(request: pytest.FixtureRequest) -> ExportState:
    found: ExportState = request.param
    return found


@pytest.fixture(scope="module")
def scene(state: ExportState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    lab = make_lab(tmp_path_factory.mktemp(f"matrix-{state}"))
    found_consortium(lab)
    people.add_person(lab, "administrator", "approver", "Approver", "lab-office", (Role.APPROVER,))
    lead = (Role.STEWARD, Role.LEAD_STEWARD)
    people.add_person(lab, "administrator", "lead-steward", "Lead steward", "lab-office", lead)
    projects.add_member(lab, "scientist", "wages", "transport-steward")
    projects.remove_member(lab, "scientist", "wages", "transport-steward")
    programs = play(lab)
    programs.outputs = {name: f"{name}\n1980,545\n".encode() for name in ("a.csv", "b.csv")}
    programs.findings = [
        {"check": "minimum-frequency", "severity": "review", "place": "row 1", "sentence": "A cell stands for few."}
    ]
    registered_dataset(lab)
    source = finished_run(lab).id
    released = approved(lab, source)
    release = releases.release(lab, "health-steward", released.id)
    with served(lab) as base:
        yield Scene(lab, base, approved(lab, source), released, release)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.title)
def test_each_person_gets_what_the_matrix_says(scene: Scene, state: ExportState, action: Action) -> None:
    expected, seen = {}, {}
    for who in PEOPLE:
        expected[who.title] = STATUSES[outcome(who, action, state)]
        put = scene.put(state, who, action)
        status, said = scene.attempt(who, action, put.id)
        seen[who.title] = status if status in STATUSES.values() else (status, said)
        assert status == 200 or scene.now(put.id) == put, "what is refused changes nothing"
    assert seen == expected


def test_every_route_of_a_request_stands_in_the_matrix() -> None:
    """Looks at releases alone are of another page: they do not depend on the request's state."""
    there = {(r.method, r.path) for r in ROUTES if r.path.startswith("/exports/{id}")}
    there |= {(r.method, r.path) for r in ROUTES if r.path.startswith("/releases/{id}") and r.method != "GET"}
    assert {(a.method, a.path.partition("#")[0]) for a in ACTIONS} == there


def test_somebody_may_do_everything_somewhere_and_nobody_everywhere() -> None:
    """A matrix of one word would hold of nothing."""
    for action in ACTIONS:
        told = {outcome(who, action, state) for who in PEOPLE for state in ExportState}
        assert "yes" in told, action.title
        assert "hidden" in told, action.title
