"""Promise 5, while a freeze lasts: nothing leaves at all, whoever asks and in whatever order; only stewards end it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from attacks.living import PROJECT, Living
from hub.cli.client import Json, place
from hub.demo.people import (
    ADMINISTRATOR,
    AUDITOR,
    HEALTH_STEWARD,
    JOBS_STEWARD,
    RESEARCHER,
    SCIENTIST,
    TRANSPORT_STEWARD,
)
from hub.demo.story_stage import refused
from hub.domain.errors import LabError

WHY = {"reason": "because a test wants to"}
MADE, TAKEN, BEGUN = "export:release:make", "export:release:download", "export:freeze:begin"
NO_STEWARDS = (SCIENTIST, RESEARCHER, AUDITOR, ADMINISTRATOR)
of_the_lab_and_of_the_project = pytest.mark.parametrize("project", ["", PROJECT], ids=["lab", "project"])


@contextmanager
def frozen(living: Living, project: str, by: str = JOBS_STEWARD) -> Iterator[str]:
    """Freeze, and lift that freeze whatever happens; gives its identifier."""
    begun = str(living.portal(by).post("/freezes", {"project": project} | WHY)["id"])
    try:
        yield begun
    finally:
        if begun in in_force(living):
            living.portal(by).post(place("freezes", begun, "lift"), WHY)


def in_force(living: Living, seen_by: str = AUDITOR) -> list[str]:
    return [str(f["id"]) for f in living.portal(seen_by).get("/freezes")]


@pytest.fixture
def approved(living: Living, written: str) -> Json:
    """A request that two stewards approved, and nobody released yet."""
    return approve(living, written)


def approve(living: Living, written: str) -> Json:
    found = living.checked(written, "words.txt")
    for steward in (JOBS_STEWARD, HEALTH_STEWARD):
        living.vote(steward, found)
    return found


def release(living: Living, request: Json, by: str = HEALTH_STEWARD) -> Json:
    return dict(living.portal(by).post(place("exports", request["id"], "release")))


def file_of(living: Living, request: Json, person: str = SCIENTIST) -> str:
    return living.download(person, request["id"])


def left(living: Living, request: Json) -> list[str]:
    return [name for name, *_ in living.audit(MADE, TAKEN, subject=request["id"])]


@of_the_lab_and_of_the_project
def test_what_was_approved_before_a_freeze_is_released_by_nobody_while_it_lasts(
    living: Living, approved: Json, project: str
) -> None:
    with frozen(living, project):
        for steward in (JOBS_STEWARD, HEALTH_STEWARD, TRANSPORT_STEWARD):
            assert WHY["reason"] in refused(partial(release, living, approved, steward), "frozen")
        assert left(living, approved) == []
        assert living.answer(SCIENTIST, "POST", place("releases", approved["id"], "downloads")).status_code == 404
    assert release(living, approved)["id"] == approved["id"]


@of_the_lab_and_of_the_project
def test_what_was_released_before_a_freeze_is_downloaded_by_nobody_while_it_lasts(
    living: Living, approved: Json, project: str, tmp_path: Path
) -> None:
    release(living, approved)
    own = {p: file_of(living, approved, p) for p in (SCIENTIST, JOBS_STEWARD, HEALTH_STEWARD, AUDITOR)}
    with frozen(living, project):
        for person, file in own.items():
            assert WHY["reason"] in refused(partial(living.portal(person).download, file), "frozen")
            refused(partial(living.download, person, approved["id"]), "frozen")
            browser = living.visitor(person).get(f"/services/portal/api/v1{file}")
            assert browser.status_code == 409
        done = living.command("release", "download", approved["id"], "--to", str(tmp_path / "out"), actor=SCIENTIST)
        assert (done.returncode, (tmp_path / "out" / "words.txt").exists()) == (1, False)
        for stranger in (RESEARCHER, ADMINISTRATOR):
            assert living.answer(stranger, "GET", own[SCIENTIST]).status_code == 404
        refused(partial(release, living, approved), "frozen")
        assert left(living, approved) == [MADE]
    assert living.portal(SCIENTIST).download(own[SCIENTIST])


@pytest.mark.parametrize("spelling", ["?x=1", "/", "%00", "/../words.txt", ";a=b"])
def test_no_spelling_of_a_download_gets_past_a_freeze(living: Living, released: Json, spelling: str) -> None:
    file = file_of(living, released)
    with frozen(living, ""):
        answer = living.answer(SCIENTIST, "GET", file + spelling)
        assert answer.status_code in (404, 409, 422)
        for headers in ({"Range": "bytes=0-"}, {"If-None-Match": "*"}, {"X-HTTP-Method-Override": "HEAD"}):
            assert living.answer(SCIENTIST, "GET", file, headers=headers).status_code == 409


@of_the_lab_and_of_the_project
def test_releases_and_downloads_that_race_a_freeze_come_before_it_or_not_at_all(
    living: Living, written: str, released: Json, project: str
) -> None:
    ready = [approve(living, written) for _ in range(2)]
    acts: list[Callable[[], object]] = [
        *(partial(release, living, request) for request in ready),
        *(partial(living.portal(SCIENTIST).download, file_of(living, released)) for _ in range(3)),
    ]
    before = len(living.audit(MADE, TAKEN, BEGUN))
    start = threading.Barrier(len(acts) + 1)

    def raced(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except LabError as error:
            if error.reason != "frozen":
                raise

    with ThreadPoolExecutor(len(acts)) as pool:
        racing = [pool.submit(raced, act) for act in acts]
        start.wait()
        with frozen(living, project):
            for one in racing:
                one.result()
            order = [name for name, *_ in living.audit(MADE, TAKEN, BEGUN)][before:]
    assert BEGUN in order
    assert order[order.index(BEGUN) :] == [BEGUN]


@pytest.mark.parametrize("person", NO_STEWARDS)
def test_nobody_but_a_steward_freezes_or_lifts_whatever_they_call_themselves(living: Living, person: str) -> None:
    forged = {"X-Forwarded-User": JOBS_STEWARD, "X-Remote-User": JOBS_STEWARD, "Cookie": f"actor={JOBS_STEWARD}"}
    with frozen(living, PROJECT) as begun:
        lift = place("freezes", begun, "lift")
        for headers in ({}, forged):
            for path, body in (
                ("/freezes", {"project": ""} | WHY),
                ("/freezes", {"project": PROJECT} | WHY),
                (lift, WHY),
            ):
                for query in ("", f"?actor={JOBS_STEWARD}"):
                    answer = living.answer(person, "POST", path + query, json=body, headers=headers)
                    assert answer.status_code == 403, answer.text
        for more in ({"frozen_by": JOBS_STEWARD}, {"actor": JOBS_STEWARD}, {"lifted": None}):
            assert living.answer(person, "POST", lift, json=WHY | more).status_code in (403, 422)
        done = living.command("export", "unfreeze", begun, "--reason", "a whim", actor=person)
        assert done.returncode == 1
        assert begun in in_force(living)
    assert person not in {actor for _, actor, *_ in living.audit(BEGUN, "export:freeze:lift")}


def narrow_token(living: Living, person: str, *scopes: str) -> str:
    """A token of a person's own with less than what reaches the portal."""
    visitor = living.visitor(person)
    visitor.get("/hub/token")
    body = {"note": "narrow", "scopes": list(scopes)}
    made = visitor.post(f"/hub/api/users/{person}/tokens", body, "/hub/")
    assert made.status_code in (200, 201), made.text
    return str(made.json()["token"])


@pytest.mark.parametrize("scope", ["read:users:name!user", "access:servers!user"])
def test_a_stewards_token_without_the_portals_scope_neither_freezes_nor_lifts(living: Living, scope: str) -> None:
    token = narrow_token(living, JOBS_STEWARD, scope)
    with frozen(living, PROJECT) as begun:
        for path, body in (("/freezes", {"project": ""} | WHY), (place("freezes", begun, "lift"), WHY)):
            headers = {"Authorization": f"token {token}"}
            answer = living.plain("POST", f"/services/portal/api/v1{path}", json=body, headers=headers)
            assert answer.status_code == 403, answer.text
        assert in_force(living) == [begun]


def test_a_form_of_another_page_lifts_nothing(living: Living) -> None:
    with frozen(living, PROJECT) as begun:
        visitor = living.visitor(JOBS_STEWARD)
        visitor.get("/services/portal/")
        address = f"{living.settings.public_url}/services/portal/freezes/{begun}/lift"
        sent = {f"reason-{begun}": "a whim of mine", "sure": "yes"}
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://other.example"}):
            answer = requests.post(
                address, data=sent, cookies=visitor.session.cookies, headers=headers, timeout=30, allow_redirects=False
            )
            assert answer.status_code in (302, 401, 403)
        assert in_force(living) == [begun]


def test_a_steward_who_ever_worked_in_a_project_does_not_lift_its_freeze(living: Living) -> None:
    living.found_project("thaw")
    member = place("projects", "thaw", "members", TRANSPORT_STEWARD)
    with frozen(living, "thaw") as begun:
        lift = partial(living.portal(TRANSPORT_STEWARD).post, place("freezes", begun, "lift"), WHY)
        living.portal(SCIENTIST).put(member)
        refused(lift, "member-of-project")
        living.portal(SCIENTIST).delete(member)
        refused(lift, "member-of-project")
        assert in_force(living) == [begun]


def test_who_saw_an_earlier_freeze_does_not_lift_a_later_one(living: Living) -> None:
    with frozen(living, PROJECT) as first:
        living.portal(HEALTH_STEWARD).post(place("freezes", first, "lift"), WHY)
        with frozen(living, PROJECT, by=HEALTH_STEWARD) as second:
            refused(partial(living.portal(JOBS_STEWARD).post, place("freezes", first, "lift"), WHY), "lifted-already")
            assert in_force(living) == [second]


def test_a_freeze_of_a_project_is_hidden_from_whoever_does_not_know_the_project(living: Living) -> None:
    with frozen(living, PROJECT) as begun:
        assert in_force(living, RESEARCHER) == []
        assert begun not in living.visitor(RESEARCHER).get("/services/portal/freezes").text
        assert PROJECT not in living.visitor(RESEARCHER).get("/services/portal/").text
        assert in_force(living, SCIENTIST) == in_force(living, ADMINISTRATOR) == [begun]
        assert PROJECT in living.visitor(SCIENTIST).get("/services/portal/").text


def test_a_freeze_outlasts_the_portals_death(living: Living, approved: Json) -> None:
    with frozen(living, "") as begun:
        living.kill("portal")
        living.up_again()
        assert in_force(living) == [begun]
        refused(partial(release, living, approved), "frozen")


def test_while_frozen_the_gate_and_the_stewards_go_on_and_then_it_leaves(living: Living, written: str) -> None:
    with frozen(living, ""):
        found = approve(living, written)
        refused(partial(release, living, found), "frozen")
    assert release(living, found)["id"] == found["id"]
