"""Promise 5: a supporting file, which reviewers see beside a request, leaves by no route that there is.

The portal is the real one, asked over HTTP; the programs of the gate's containers are played. What stands in the file
as its author offered it, and as the gate shows it, is looked for in every answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from doubles.lab import make_lab
from doubles.people import CONTEXT, found_consortium, play, registered_dataset, statement_of, submit, work_off
from doubles.people import finished_run as ended_run
from doubles.portal import login_cookie, served
from doubles.sandbox import SHOWN, GoodPrograms
from hub.domain.exports import ExportRequest
from hub.domain.registers import Register
from hub.domain.releases import Release
from hub.services import exports
from hub.services.lab import Lab
from hub.services.other_requests import others_of
from hub.web.api.table import ROUTES
from hub.web.pages.table import PAGES

AUTHOR, STEWARDS = "researcher", ("health-steward", "transport-steward")
EVERYBODY = (AUTHOR, "scientist", *STEWARDS, "jobs-steward", "auditor", "administrator", "outsider")
SUPPORT, FILE = "codebook.csv", "table.csv"
OFFERED = b"SUPPORTING-ROW,1\n"
MARKS = (b"SUPPORTING-ROW", SHOWN)
LOOKS = {"/exports/{id}/supporting"}
"""The one page that shows it, to who reviews."""
GROUP = {
    "name": "g",
    **dict.fromkeys(("what", "why", "population", "protection"), "said in a whole sentence"),
    "files": [SUPPORT],
}


@dataclass
class Site:
    """A lab behind its portal, with a run of two outputs."""

    lab: Lab
    base: str
    source: str
    programs: GoodPrograms

    def ask(self, who: str, method: str, path: str, body: Any = None) -> requests.Response:
        head = {"Authorization": f"token {who}-token"}
        return requests.request(
            method, f"{self.base}/api/v1{path}", json=body, headers=head, timeout=60, allow_redirects=False
        )

    def told(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = self.ask(who, method, path, body)
        return answer.status_code, "" if answer.ok else str(answer.json()["error"]["reason"])

    def drafted(self, **more: Any) -> str:
        body = {"project": "wages", "source": self.source, "context": CONTEXT, "supporting": [SUPPORT]}
        table = {"dataset": "jobs", "dimensions": ["year"]}
        answer = self.ask(AUTHOR, "POST", "/exports", body | {"files": {FILE: table}} | more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def checked(self, **more: Any) -> ExportRequest:
        name = self.drafted(**more)
        submit(self.lab, AUTHOR, name)
        work_off(self.lab)
        exports.request(self.lab, STEWARDS[0], name)
        return self.now(name)

    def now(self, name: str) -> ExportRequest:
        with self.lab.store.read() as reading:
            found = reading.get(ExportRequest, name)
        assert found is not None
        return found

    def vote(
        self, who: str, request: ExportRequest, paths: dict[str, str] | None = None, **more: Any
    ) -> tuple[int, str]:
        seen = {f.path: f.canonical for f in request.files} if paths is None else paths
        body = {"decision": "approve", "canonical": seen, "policy": request.policy, "reason": "looked at"} | more
        return self.told(who, "POST", f"/exports/{request.id}/votes", body)

    def released(self) -> str:
        request = self.checked()
        assert [self.vote(who, request) for who in STEWARDS] == [(200, "")] * 2
        assert self.told(STEWARDS[0], "POST", f"/exports/{request.id}/release") == (200, "")
        return request.id


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    programs = play(lab)
    programs.outputs |= {SUPPORT: OFFERED, "other.csv": b"year,n\n1981,545\n"}
    registered_dataset(lab)
    source = ended_run(lab).id
    with served(lab) as base:
        yield Site(lab, base, source, programs)


def answers(site: Site, name: str) -> Iterator[tuple[str, str, bytes]]:
    """What everybody gets of every address that names a request or a release, with the supporting file's name in it."""
    kept = f"{quote(SUPPORT)}"
    for who in EVERYBODY:
        made = site.ask(who, "POST", f"/releases/{name}/downloads")
        download = made.json().get("id", "none") if made.ok else "none"
        head = {"Authorization": f"token {who}-token"}
        for path in sorted(
            {r.path for r in ROUTES if r.method == "GET" and r.path.startswith(("/exports", "/releases"))}
        ):
            filled = path.replace("{id}", name).replace("{download}", download).replace("{name}", kept)
            for query in ("", f"?path={kept}"):
                yield who, path, requests.get(f"{site.base}/api/v1{filled}{query}", headers=head, timeout=60).content
        pages = [p.path for p in PAGES if p.path.startswith(("/exports", "/releases"))]
        for path in [*pages, "/exports/{id}/picture", "/exports/{id}/supporting/picture"]:
            address = f"{site.base}{path.replace('{id}', name)}?path={kept}"
            yield who, path, requests.get(address, cookies=login_cookie(who), timeout=60).content


def test_it_is_in_no_answer_of_any_address_but_the_page_that_shows_it_to_reviewers(site: Site) -> None:
    name, seen = site.released(), set[tuple[str, str]]()
    for who, path, content in answers(site, name):
        if any(mark in content for mark in MARKS):
            seen.add((who, path))
    assert seen == {(who, path) for who in (*STEWARDS, "jobs-steward") for path in LOOKS}


def test_it_is_in_no_release_receipt_crate_download_or_register(site: Site) -> None:
    name = site.released()
    with site.lab.store.read() as reading:
        release, registers = reading.get(Release, name), reading.find(Register)
    assert release is not None
    assert [f.name for f in release.files] == [FILE]
    digests = {f.sha256 for f in site.now(name).supporting} | {f.shown for f in site.now(name).supporting}
    assert len(digests) == 2
    crate = site.ask(AUTHOR, "GET", f"/releases/{name}/crate").text
    for text in (release.receipt, crate, repr(release.files), repr([r.tables for r in registers])):
        assert SUPPORT not in text
        assert not any(digest in text for digest in digests)
    made = site.ask(AUTHOR, "POST", f"/releases/{name}/downloads").json()["id"]
    for kept in (SUPPORT, "0002", *digests):
        assert site.ask(AUTHOR, "GET", f"/releases/{name}/downloads/{made}/files/{kept}").status_code == 404


def test_no_check_judges_compares_or_counts_it(site: Site) -> None:
    request = site.checked()
    asked = site.programs.asked
    assert [f["path"] for f in asked["files"]] == [FILE]
    assert [f["path"] for f in asked["supporting"]] == [SUPPORT]
    other = site.checked(files={"other.csv": {}}, supporting=[])
    with site.lab.store.read() as reading:
        beside = {path.path for path, _, _ in others_of(reading, other).files}
        [head] = [h for h in reading.request_heads() if h.id == request.id]
    assert beside
    assert not any(SUPPORT in path for path in beside)
    assert head.files == 1


def test_nobody_votes_excepts_splits_or_comments_it_into_a_file(site: Site) -> None:
    request = site.checked(files={FILE: {}, "other.csv": {}})
    shown = request.supporting[0].shown
    stale = (409, "vote-stale")
    assert site.vote(STEWARDS[0], request, {SUPPORT: shown}) == stale
    assert site.vote(STEWARDS[0], request, {f.path: f.canonical for f in request.files} | {SUPPORT: shown}) == stale
    asked = {"path": SUPPORT, "finding": 1, "ground": "public_already", "text": "It was published before"}
    assert site.told(AUTHOR, "POST", f"/exports/{request.id}/exceptions", asked) == (404, "not-found")
    split = {"files": [SUPPORT], "reason": "because"}
    assert site.told(AUTHOR, "POST", f"/exports/{request.id}/split", split) == (422, "no-such-file")
    assert site.told(AUTHOR, "POST", f"/exports/{request.id}/split", split | {"files": [FILE, SUPPORT]}) == (
        422,
        "no-such-file",
    )
    words = {"text": "Look", "audience": "stewards", "path": SUPPORT}
    assert site.told(STEWARDS[0], "POST", f"/exports/{request.id}/comments", words) == (422, "no-such-place")
    assert site.now(request.id) == request


def test_both_halves_of_a_split_show_it_and_neither_lets_it_leave(site: Site) -> None:
    request = site.checked(files={FILE: {}, "other.csv": {}})
    answer = site.ask(AUTHOR, "POST", f"/exports/{request.id}/split", {"files": ["other.csv"]}).json()
    work_off(site.lab)
    for half, path in ((request.id, FILE), (answer["part"]["id"], "other.csv")):
        found = site.now(half)
        assert ([f.path for f in found.files], [f.path for f in found.supporting]) == ([path], [SUPPORT])
        assert found.supporting[0].shown
        exports.request(site.lab, STEWARDS[0], half)
        assert [site.vote(who, site.now(half)) for who in STEWARDS] == [(200, "")] * 2
        assert site.told(STEWARDS[0], "POST", f"/exports/{half}/release") == (200, "")
        with site.lab.store.read() as reading:
            release = reading.get(Release, half)
        assert release is not None
        assert [f.name for f in release.files] == [path]


def test_a_file_is_not_marked_or_unmarked_after_votes_nor_named_twice_at_a_return(site: Site) -> None:
    request = site.checked()
    site.vote(STEWARDS[0], request)
    where = f"/exports/{request.id}/describe"
    for supporting in ([], [SUPPORT, FILE], ["other.csv"]):
        body = {"context": CONTEXT, "supporting": supporting}
        assert site.told(AUTHOR, "POST", where, body) == (409, "request-state")
    assert site.vote(STEWARDS[1], request, decision="changes", reason="Which column is it?") == (200, "")
    assert site.told(AUTHOR, "POST", where, {"context": CONTEXT, "supporting": [FILE]}) == (422, "supporting")
    assert site.told(AUTHOR, "POST", where, {"context": "", "groups": [GROUP]}) == (422, "no-such-file")
    body = {"context": CONTEXT, "supporting": [SUPPORT, "other.csv"]}
    assert site.told(AUTHOR, "POST", where, body) == (200, "")
    submit(site.lab, AUTHOR, request.id)
    work_off(site.lab)
    found = site.now(request.id)
    assert [f.path for f in found.files] == [FILE]
    assert [f.path for f in found.supporting] == [SUPPORT, "other.csv"]
    assert found.votes == ()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"files": {}}, "invalid"),
        ({"supporting": [FILE]}, "supporting"),
        ({"supporting": [SUPPORT, SUPPORT]}, "supporting"),
    ],
)
def test_supporting_files_alone_or_twice_are_no_request(site: Site, more: dict[str, Any], reason: str) -> None:
    body = {"project": "wages", "source": site.source, "context": CONTEXT, "supporting": [SUPPORT]}
    assert site.told(AUTHOR, "POST", "/exports", body | {"files": {FILE: {}}} | more) == (422, reason)
    with site.lab.store.read() as reading:
        assert reading.find(ExportRequest) == []


def test_what_is_not_the_runs_own_output_supports_nothing(site: Site) -> None:
    name = site.drafted(supporting=["elsewhere.csv"])
    assert site.told(AUTHOR, "POST", f"/exports/{name}/submit", {"statement": statement_of(site.lab)}) == (
        404,
        "no-output",
    )


def test_every_look_at_it_is_in_the_log_and_who_may_not_review_has_none(site: Site) -> None:
    request = site.checked()
    for who in EVERYBODY:
        address = f"{site.base}/exports/{request.id}/supporting?path={SUPPORT}"
        status = requests.get(address, cookies=login_cookie(who), timeout=60).status_code
        assert (status == 200) == (who in (*STEWARDS, "jobs-steward")), (who, status)
    with site.lab.store.read() as reading:
        logged = [e.event for e in reading.audit_named(("export:supporting:view",))]
    assert {e.actor for e in logged} == {*STEWARDS, "jobs-steward"}
    assert {dict(e.details)["path"] for e in logged} == {SUPPORT}
    assert json.dumps([dict(e.details) for e in logged]).count(request.supporting[0].shown) == len(logged)
