"""Promise 6: nobody reviews their own request; the votes that a policy asks for are of eligible, different people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from attacks.acts import write_words
from attacks.living import Living, acting, schema_of
from hub.cli.client import API, Json, Portal, place
from hub.cli.statement import send
from hub.demo.people import (
    ADMINISTRATOR,
    AUDITOR,
    CARE,
    HEALTH_STEWARD,
    JOBS_STEWARD,
    RESEARCHER,
    SCIENTIST,
    TRANSPORT_STEWARD,
)
from hub.demo.story_stage import refused
from hub.demo.workspace_client import Workspace
from hub.domain.errors import LabError

STEWARDS = (JOBS_STEWARD, HEALTH_STEWARD, TRANSPORT_STEWARD)


@pytest.fixture
def request_(living: Living, written: str) -> Json:
    """A request that passed the gate and has no vote."""
    return living.checked(written, "words.txt")


def votes(living: Living, request: Json) -> list[str]:
    """Who voted, by the records."""
    found = next(e for e in living.portal(AUDITOR).get("/exports") if e["id"] == request["id"])
    return sorted(v["steward"] for v in found["votes"])


def state(living: Living, request: Json) -> str:
    return next(str(e["state"]) for e in living.portal(AUDITOR).get("/exports") if e["id"] == request["id"])


JOINED, SEALED = "numbat", "oryx"
"""Projects of their own: one for stewards who join it, which never forgets them, and one that none of them joins."""


@pytest.fixture(scope="module")
def acts_of_joined(living: Living) -> str:
    """An approved notebook of that project."""
    living.found_project(JOINED)
    return living.approved(acting(write_words), schema_of(write_words), project=JOINED)


@pytest.fixture
def request_of_joined(living: Living, acts_of_joined: str) -> Json:
    """A request of that project that passed the gate and has no vote."""
    run = living.ended(living.start(acts_of_joined))["run"]["id"]
    return living.checked(run, "words.txt", project=JOINED)


@contextmanager
def member(living: Living, person: str) -> Iterator[None]:
    """Somebody is a member of the project for a while."""
    path = place("projects", JOINED, "members", person)
    living.portal(SCIENTIST).put(path)
    try:
        yield
    finally:
        living.portal(SCIENTIST).delete(path)


def test_only_stewards_who_are_no_members_vote_and_nobody_on_their_own(living: Living, request_of_joined: Json) -> None:
    request_ = request_of_joined
    assert refused(partial(living.vote, SCIENTIST, request_), "own-request") == (
        "You cannot review your own export request."
    )
    refused(partial(living.vote, AUDITOR, request_), "not-a-steward")
    refused(partial(living.vote, RESEARCHER, request_), "not-found")
    refused(partial(living.vote, ADMINISTRATOR, request_), "not-found")
    with member(living, RESEARCHER):
        refused(partial(living.vote, RESEARCHER, request_), "not-a-steward")
    with member(living, TRANSPORT_STEWARD):
        steward = living.portal(TRANSPORT_STEWARD)
        refused(partial(living.vote, TRANSPORT_STEWARD, request_), "member-of-project")
        refused(
            lambda: steward.post(place("exports", request_["id"], "reject"), {"reason": "because"}), "member-of-project"
        )
        refused(lambda: steward.post(place("exports", request_["id"], "release")), "member-of-project")
        shown = place("exports", request_["id"], "canonical")
        refused(lambda: steward.download(shown, path="words.txt"), "member-of-project")
    assert votes(living, request_) == []
    assert living.audit("export:request:vote", subject=request_["id"]) == []


def test_a_steward_whom_the_lead_takes_out_for_a_vote_still_casts_none(living: Living, request_of_joined: Json) -> None:
    with member(living, TRANSPORT_STEWARD):
        pass
    refused(partial(living.vote, TRANSPORT_STEWARD, request_of_joined), "member-of-project")
    assert votes(living, request_of_joined) == []


def test_the_vote_of_a_steward_who_joins_the_project_before_the_release_does_not_count(
    living: Living, request_of_joined: Json
) -> None:
    for steward in (HEALTH_STEWARD, JOBS_STEWARD):
        voted = living.vote(steward, request_of_joined)
    assert voted["state"] == "approved"
    with member(living, JOBS_STEWARD):
        path = place("exports", request_of_joined["id"], "release")
        refused(lambda: living.portal(HEALTH_STEWARD).post(path), "not-approved")


def test_a_steward_does_not_review_what_they_ask_for_themselves(living: Living, acts_of_joined: str) -> None:
    with member(living, JOBS_STEWARD):
        run = living.ended(living.start(acts_of_joined, by=JOBS_STEWARD), by=JOBS_STEWARD)["run"]["id"]
        own = living.checked(run, "words.txt", by=JOBS_STEWARD, project=JOINED)
        refused(partial(living.vote, JOBS_STEWARD, own), "own-request")
    refused(partial(living.vote, JOBS_STEWARD, own), "own-request")
    assert votes(living, own) == []


def test_the_same_steward_twice_is_one_vote_however_fast(living: Living, request_: Json) -> None:
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: living.vote(JOBS_STEWARD, request_)["state"], range(16)))
    assert set(told) == {"in_review"}
    assert votes(living, request_) == [JOBS_STEWARD]
    refused(lambda: living.portal(JOBS_STEWARD).post(place("exports", request_["id"], "release")), "not-approved")


def test_votes_at_the_same_moment_approve_once_and_none_is_lost(living: Living, request_: Json) -> None:
    for steward in STEWARDS:
        living.portal(steward)

    def vote(steward: str) -> str:
        answer = living.answer(steward, "POST", place("exports", request_["id"], "votes"), json=body(request_))
        return str(answer.json().get("state") or answer.json()["error"]["reason"])

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(vote, STEWARDS))
    assert sorted(told) == ["approved", "in_review", "not-in-review"]
    cast = living.audit("export:request:vote", subject=request_["id"])
    assert [details["state"] for *_, details in cast] == ["in_review", "approved"]
    assert votes(living, request_) == sorted({actor for _, actor, _, _ in cast})


def test_releases_at_the_same_moment_make_one(living: Living, request_: Json) -> None:
    for steward in STEWARDS[:2]:
        living.vote(steward, request_)
    path = place("exports", request_["id"], "release")
    with ThreadPoolExecutor(6) as pool:
        receipts = set(pool.map(lambda s: living.answer(s, "POST", path).json()["receipt"], STEWARDS * 2))
    assert len(receipts) == 1
    made = [name for name, *_ in living.audit(subject=request_["id"]) if name == "export:release:make"]
    assert made == ["export:release:make"]


def body(request: Json, **other: object) -> Json:
    canonical = {f["path"]: f["canonical"] for f in request["files"]}
    return {"decision": "approve", "canonical": canonical, "policy": request["policy"], "reason": ""} | other


def test_a_dissent_holds_until_the_author_submits_anew_and_no_approval_stays_on_what_it_is_about(
    living: Living, request_: Json
) -> None:
    living.vote(JOBS_STEWARD, request_)
    returned = living.vote(HEALTH_STEWARD, request_, decision="changes", reason="Say what it is")
    assert (returned["state"], returned["reason"]) == ("returned", "Say what it is")
    refused(partial(living.vote, TRANSPORT_STEWARD, request_), "not-in-review")
    send(living.portal(SCIENTIST), request_["id"])
    again = living.judged(request_["id"])
    assert (again["state"], again["turn"], again["votes"]) == ("submitted", 2, [])
    assert living.vote(HEALTH_STEWARD, again)["state"] == "in_review"
    refused(partial(living.portal(HEALTH_STEWARD).post, place("exports", again["id"], "release")), "not-approved")
    assert living.vote(JOBS_STEWARD, again)["state"] == "approved"


def test_nobody_decides_on_what_another_steward_has_claimed_and_only_reviewers_claim(
    living: Living, request_: Json
) -> None:
    path = place("exports", request_["id"], "claim")
    living.portal(JOBS_STEWARD).post(path)
    refused(partial(living.portal(SCIENTIST).post, path), "own-request")
    refused(partial(living.portal(AUDITOR).post, path), "not-a-steward")
    for other in (ADMINISTRATOR, RESEARCHER):
        refused(partial(living.portal(other).post, path), "not-found")
    why = {"reason": "because a test wants to"}
    for act in (
        partial(living.vote, HEALTH_STEWARD, request_),
        partial(living.vote, HEALTH_STEWARD, request_, decision="changes"),
        partial(living.portal(HEALTH_STEWARD).post, place("exports", request_["id"], "reject"), why),
        partial(living.portal(HEALTH_STEWARD).post, path),
    ):
        assert JOBS_STEWARD in refused(act, "claimed")
    refused(partial(living.portal(HEALTH_STEWARD).delete, path), "not-claimed")
    assert votes(living, request_) == []
    living.portal(JOBS_STEWARD).delete(path)
    assert living.vote(HEALTH_STEWARD, request_)["state"] == "in_review"


def test_stewards_who_claim_at_the_same_moment_are_one(living: Living, request_: Json) -> None:
    path = place("exports", request_["id"], "claim")
    with ThreadPoolExecutor(len(STEWARDS)) as pool:
        answers = list(pool.map(lambda steward: living.answer(steward, "POST", path).status_code, STEWARDS))
    assert sorted(answers) == [200, 409, 409]
    assert len(living.audit("export:request:claim", subject=request_["id"])) == 1


def test_a_decision_on_an_earlier_submission_is_refused_and_told_so(living: Living, request_: Json) -> None:
    living.vote(JOBS_STEWARD, request_, decision="changes")
    send(living.portal(SCIENTIST), request_["id"])
    again = living.judged(request_["id"])
    living.portal(HEALTH_STEWARD).get(place("exports", request_["id"]))
    for decision in ("approve", "changes"):
        stale = partial(living.vote, HEALTH_STEWARD, again, decision=decision, turn=request_["turn"])
        assert "sent again" in refused(stale, "vote-stale")
    reject = partial(living.portal(HEALTH_STEWARD).post, place("exports", request_["id"], "reject"))
    refused(partial(reject, {"reason": "because a test wants to", "turn": request_["turn"]}), "vote-stale")
    assert (state(living, request_), votes(living, request_)) == ("in_review", [])
    assert living.vote(HEALTH_STEWARD, again, turn=again["turn"])["state"] == "in_review"


@contextmanager
def no_steward(living: Living, person: str) -> Iterator[None]:
    """Somebody is no steward for a while."""
    known = next(p for p in living.portal(ADMINISTRATOR).get("/people") if p["name"] == person)
    about = {key: known[key] for key in ("title", "organisation")}
    administrator, path = living.portal(ADMINISTRATOR), place("people", person)
    administrator.put(path, about | {"roles": ["auditor"]})
    try:
        yield
    finally:
        administrator.put(path, about | {"roles": known["roles"]})


def test_whoever_is_no_steward_any_more_casts_no_vote_though_they_looked(living: Living, request_: Json) -> None:
    living.portal(TRANSPORT_STEWARD).get(place("exports", request_["id"]))
    with no_steward(living, TRANSPORT_STEWARD):
        refused(partial(living.vote, TRANSPORT_STEWARD, request_), "not-a-steward")
    assert votes(living, request_) == []


def test_the_vote_of_whoever_is_no_steward_any_more_does_not_count_at_the_release(
    living: Living, request_: Json
) -> None:
    path = place("exports", request_["id"], "release")
    living.vote(TRANSPORT_STEWARD, request_)
    assert living.vote(HEALTH_STEWARD, request_)["state"] == "approved"
    with no_steward(living, TRANSPORT_STEWARD):
        refused(lambda: living.portal(HEALTH_STEWARD).post(path), "not-approved")
        assert living.vote(JOBS_STEWARD, request_)["state"] == "approved"
    assert votes(living, request_) == sorted([HEALTH_STEWARD, JOBS_STEWARD])


@contextmanager
def ruled(living: Living, project: str, text: str) -> Iterator[None]:
    """A project has stricter rules for a while: its first votes are sealed, or others review."""
    path = place("projects", project, "policy")
    living.portal(JOBS_STEWARD).put(path, {"text": text})
    try:
        yield
    finally:
        living.portal(JOBS_STEWARD).put(path, {"text": ""})


@contextmanager
def owner_asked(living: Living) -> Iterator[None]:
    """The owner of the data has to agree to what leaves, for a while."""
    path, steward = place("datasets", "jobs", "owners"), living.portal(JOBS_STEWARD)
    steward.put(path, {"part": "vote"})
    try:
        yield
    finally:
        steward.put(path, {"part": "informed"})


def test_nothing_leaves_before_its_owner_agrees_and_nobody_else_agrees_for_them(living: Living, request_: Json) -> None:
    release, agree = place("exports", request_["id"], "release"), place("exports", request_["id"], "owner-votes")
    said = {
        "dataset": "jobs",
        "decision": "approve",
        "canonical": {f["path"]: f["canonical"] for f in request_["files"]},
        "policy": request_["policy"],
    }
    with owner_asked(living):
        for steward in (HEALTH_STEWARD, TRANSPORT_STEWARD):
            living.vote(steward, request_)
        refused(lambda: living.portal(HEALTH_STEWARD).post(release), "owner-vote-missing")
        for who in (HEALTH_STEWARD, TRANSPORT_STEWARD, SCIENTIST, RESEARCHER, AUDITOR, ADMINISTRATOR):
            with pytest.raises(LabError):
                living.portal(who).post(agree, said)
        with pytest.raises(LabError):
            living.portal(JOBS_STEWARD).post(agree, said | {"canonical": dict.fromkeys(said["canonical"], "0" * 64)})
        refused(lambda: living.portal(HEALTH_STEWARD).post(release), "owner-vote-missing")
        living.portal(JOBS_STEWARD).post(agree, said)
        assert living.portal(HEALTH_STEWARD).post(release)["id"] == request_["id"]


SECRET = "zyzzyva"


@pytest.fixture(scope="module")
def run_of_sealed(living: Living) -> str:
    """A run in a project that no steward ever was a member of."""
    living.found_project(SEALED)
    notebook = living.approved(acting(write_words), schema_of(write_words), project=SEALED)
    return str(living.ended(living.start(notebook))["run"]["id"])


@pytest.fixture
def request_of_sealed(living: Living, run_of_sealed: str) -> Json:
    """A request in that project."""
    return living.checked(run_of_sealed, "words.txt", project=SEALED)


def test_a_sealed_vote_is_told_to_nobody_who_could_vote_and_a_dissent_is_overridden_by_no_plain_steward(
    living: Living, request_of_sealed: Json
) -> None:
    id_ = request_of_sealed["id"]
    with ruled(living, SEALED, "blind_votes = true\n"):
        own = living.vote(HEALTH_STEWARD, request_of_sealed, decision="changes", reason=SECRET)
        assert [v["reason"] for v in own["votes"]] == [SECRET]
        for who in (JOBS_STEWARD, SCIENTIST):
            for path in (place("exports", id_), "/exports", "/notices"):
                assert SECRET not in json.dumps(living.portal(who).get(path))
            assert living.portal(who).get(place("exports", id_))["votes"] == []
        cast = [d for _, actor, _, d in living.audit("export:request:vote", subject=id_) if actor == HEALTH_STEWARD]
        assert [set(details) for details in cast] == [{"files", "needed", "policy", "seal", "state"}]
        reject = partial(living.portal(JOBS_STEWARD).post, place("exports", id_, "reject"))
        refused(partial(reject, {"reason": "because a test wants to"}), "votes-sealed")
        opened = living.vote(JOBS_STEWARD, request_of_sealed)
    assert (opened["state"], opened["ballot"], len(opened["votes"])) == ("in_review", "opened", 2)
    why = {"reason": "The institute has published this table"}
    for who, reason in (
        (JOBS_STEWARD, "not-a-lead-steward"),
        (HEALTH_STEWARD, "not-a-lead-steward"),
        (SCIENTIST, "own-request"),
        (AUDITOR, "not-a-steward"),
    ):
        refused(partial(living.portal(who).post, place("exports", id_, "override"), why), reason)
    refused(lambda: living.portal(JOBS_STEWARD).post(place("exports", id_, "release")), "not-approved")
    assert living.vote(HEALTH_STEWARD, request_of_sealed)["state"] == "approved"


def test_a_steward_of_the_authors_organisation_decides_on_nothing_where_rules_want_others(
    living: Living, run_of_sealed: str
) -> None:
    with ruled(living, SEALED, "other_organisation = true\n"):
        asked = living.checked(run_of_sealed, "words.txt", project=SEALED)
    near, path = living.portal(HEALTH_STEWARD), place("exports", asked["id"])
    refused(partial(living.vote, HEALTH_STEWARD, asked), "own-organisation")
    refused(partial(near.post, path + "/reject", {"reason": "because a test wants to"}), "own-organisation")
    refused(partial(near.post, path + "/claim"), "own-organisation")
    refused(partial(near.download, path + "/canonical", path="words.txt"), "own-organisation")
    assert votes(living, asked) == []
    living.vote(JOBS_STEWARD, asked)
    assert living.vote(TRANSPORT_STEWARD, asked)["state"] == "approved"
    refused(partial(near.post, path + "/release"), "own-organisation")


@pytest.mark.parametrize("roles", [["administrator", "steward"], ["administrator", "auditor"]])
def test_an_administrator_gives_nobody_and_not_themselves_two_hats(living: Living, roles: list[str]) -> None:
    about = {"title": "Administrator", "organisation": "health-observatory", "roles": roles}
    for person in (ADMINISTRATOR, "newcomer"):
        refused(lambda: living.portal(ADMINISTRATOR).put(place("people", person), about), "administrator-alone")  # noqa: B023


# Somebody else's name


def without_a_login(living: Living, request: Json, headers: dict[str, str]) -> int:
    path = f"{API}/exports/{request['id']}/votes"
    return living.plain("POST", path, json=body(request), headers=headers).status_code


FORGED = (
    {},
    {"X-Forwarded-User": JOBS_STEWARD},
    {"Remote-User": JOBS_STEWARD},
    {"X-Remote-User": JOBS_STEWARD},
    {"X-JupyterHub-User": JOBS_STEWARD},
    {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1;by=127.0.0.1"},
    {"Authorization": f"token {JOBS_STEWARD}"},
    {"Authorization": f"Bearer {JOBS_STEWARD}"},
    {"Authorization": f"Basic {JOBS_STEWARD}"},
    {"Authorization": "token "},
    {"Cookie": f"service-portal={JOBS_STEWARD}; jupyterhub-session-id={JOBS_STEWARD}"},
    {"Cookie": "_xsrf=2|aaaaaaaa|bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb|1700000000", "X-XSRFToken": "x"},
)


@pytest.mark.parametrize("headers", FORGED, ids=lambda headers: json.dumps(headers)[:40])
def test_no_header_makes_somebody_a_steward(living: Living, request_of_all: Json, headers: dict[str, str]) -> None:
    assert without_a_login(living, request_of_all, headers) in (401, 403)
    own = headers | {"Authorization": f"token {living.token(SCIENTIST)}"}
    assert without_a_login(living, request_of_all, own) == 403
    assert votes(living, request_of_all) == []


@pytest.fixture(scope="module")
def request_of_all(living: Living, written: str) -> Json:
    """One request for attacks that must all leave it as it is."""
    return living.checked(written, "words.txt")


@pytest.mark.parametrize("extra", [{"steward": JOBS_STEWARD}, {"actor": JOBS_STEWARD}, {"_xsrf": "x"}])
def test_no_word_in_a_vote_says_who_votes(living: Living, request_of_all: Json, extra: Json) -> None:
    path = place("exports", request_of_all["id"], "votes")
    for person, status in ((JOBS_STEWARD, 422), (SCIENTIST, 422)):
        assert living.answer(person, "POST", path, json=body(request_of_all, **extra)).status_code == status
    as_other = living.answer(SCIENTIST, "POST", f"{path}?actor={JOBS_STEWARD}", json=body(request_of_all))
    assert as_other.status_code == 403
    assert votes(living, request_of_all) == []


@pytest.fixture(scope="module")
def servers_token(living: Living) -> str:
    """The token that the scientist's workspace has, read from inside of it."""
    workspace = Workspace(living.visitor(SCIENTIST), CARE)
    workspace.open()
    return workspace.run(["import os\nprint(os.environ['JUPYTERHUB_API_TOKEN'])"])[0].text


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/me"), ("GET", "/exports"), ("POST", "/exports"), ("GET", "/audit")]
)
def test_a_workspaces_own_token_does_nothing_at_the_portal(
    living: Living, servers_token: str, method: str, path: str
) -> None:
    assert len(servers_token) >= 32
    answer = living.plain(method, API + path, json={}, headers={"Authorization": f"token {servers_token}"})
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "scope")


def test_a_workspaces_own_token_casts_no_vote(living: Living, servers_token: str, request_of_all: Json) -> None:
    assert without_a_login(living, request_of_all, {"Authorization": f"token {servers_token}"}) == 403
    assert votes(living, request_of_all) == []


def test_a_page_of_another_origin_and_a_stolen_cookie_alone_cast_no_vote(living: Living, request_of_all: Json) -> None:
    visitor = living.visitor(JOBS_STEWARD)
    visitor.get("/services/portal/")
    path = f"{living.settings.public_url}{API}/exports/{request_of_all['id']}/votes"
    as_form = {"headers": {"Content-Type": "text/plain"}, "data": json.dumps(body(request_of_all))}
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    tries: list[dict[str, Any]] = [
        {"json": body(request_of_all)},
        as_form,
        {"json": body(request_of_all), "headers": foreign},
    ]
    assert {visitor.session.post(path, **options).status_code for options in tries} == {403}
    assert votes(living, request_of_all) == []


def test_a_token_that_the_hub_does_not_know_casts_no_vote(living: Living, request_of_all: Json) -> None:
    unknown = Portal(living.settings.public_url, "0" * 32)
    refused(lambda: unknown.post(place("exports", request_of_all["id"], "votes"), body(request_of_all)), "token")
