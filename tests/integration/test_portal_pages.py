"""The portal's pages as a browser gets them: forms, refusals on the page, headers, scripts of others kept out."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from doubles.lab import make_lab
from doubles.people import (
    CONTEXT,
    approved_notebook,
    approved_request,
    checked_request,
    finished_run,
    found_consortium,
    play,
    registered_dataset,
    send,
    statement_of,
    submit,
    submitted_notebook,
    work_off,
)
from doubles.portal import PREFIX, login_cookie, served
from hub.domain.audit import event
from hub.domain.examinations import Attempt, Examination, Promise, Verdict, examination_digest
from hub.domain.exports import ExportRequest
from hub.domain.people import Role
from hub.domain.queue import digest_of_files
from hub.domain.space import Place, PlaceName
from hub.domain.table_context import UNDECLARED, TableContext
from hub.domain.work import Work, WorkState
from hub.services import (
    downloads,
    exports,
    freezes,
    notebooks,
    people,
    policies,
    projects,
    releases,
    request_looks,
    runs,
)
from hub.services.descriptions import describe_request
from hub.services.examinations import keep_examination
from hub.services.lab import Lab
from hub.services.space import watch_space
from hub.services.workspaces import open_workspace
from hub.settings import Space
from hub.web.api.routes import request_of
from hub.web.api.work_routes import get_run
from hub.web.models.texts import Nothing
from hub.web.pages import exports as exports_page

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


@dataclass(frozen=True)
class Browser:
    """Somebody who is logged in by cookie, as a browser is."""

    base: str
    who: str

    def open(self, path: str, **headers: str) -> requests.Response:
        return requests.get(
            self.base + path, cookies=login_cookie(self.who), headers=NAVIGATION | headers, timeout=30,
            allow_redirects=False,
        )  # fmt: skip

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> requests.Response:
        """Take the token from a page, and send a form with it."""
        session = requests.Session()
        session.cookies.update(login_cookie(self.who))
        page = session.get(f"{self.base}/", headers=NAVIGATION, timeout=30)
        found = re.search(r'name="portal-token" content="([^"]+)"', page.text)
        assert found
        form = fields | {"_xsrf": found[1]}
        return session.post(self.base + path, data=form, headers=NAVIGATION | headers, timeout=30)


@dataclass(frozen=True)
class Site:
    lab: Lab
    base: str

    def browser(self, who: str) -> Browser:
        return Browser(self.base, who)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    with served(lab) as base:
        yield Site(lab, base)


def test_who_is_not_logged_in_is_sent_to_the_hub_with_a_challenge(site: Site) -> None:
    answer = requests.get(f"{site.base}/exports", headers=NAVIGATION, timeout=30, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/hub/api/oauth2/authorize?client_id=service-portal")
    assert "code_challenge_method=S256" in answer.headers["Location"]
    assert "state=" in answer.headers["Location"]


def test_every_page_carries_the_policy_that_keeps_other_scripts_out(site: Site) -> None:
    head = site.browser("scientist").open("/").headers
    policy = dict(part.split(" ", 1) for part in head["Content-Security-Policy"].split("; "))
    host = site.base.removeprefix("http://").removesuffix("/services/portal")
    assert policy["script-src"] == f"{host}{PREFIX}static/"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in head["Content-Security-Policy"]
    assert head["X-Content-Type-Options"] == "nosniff"
    assert head["Referrer-Policy"] == "same-origin"
    assert head["Cache-Control"] == "no-store"
    assert head["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_script_of_a_workspace_reads_no_page(site: Site) -> None:
    """It has the portal's origin, so its browser sends the cookie along; it cannot send the page's token."""
    browser = site.browser("scientist")
    for mode, destination in (
        ("same-origin", "empty"), ("cors", "empty"), ("no-cors", "empty"), ("no-cors", "script"),
        ("navigate", "iframe"), ("navigate", "object"),
    ):  # fmt: skip
        head = {"Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}
        answer = browser.open("/", **head)
        assert answer.status_code == 403, head
        assert "portal-token" not in answer.text or 'content=""' in answer.text
        assert browser.open("/api/v1/me", **head).status_code == 403


def test_a_form_of_another_site_changes_nothing(site: Site) -> None:
    head = NAVIGATION | {"Sec-Fetch-Site": "cross-site"}
    answer = requests.post(
        f"{site.base}/projects/wages/members", data={"person": "outsider"}, cookies=login_cookie("scientist"),
        headers=head, timeout=30,
    )  # fmt: skip
    assert answer.status_code == 403
    assert projects.project(site.lab, "scientist", "wages")[0].members == ("researcher",)


def test_the_lead_adds_and_removes_members(site: Site) -> None:
    browser = site.browser("scientist")
    answer = browser.post("/projects/wages/members", {"person": "outsider"})
    assert "The member was added." in answer.text
    assert answer.url.endswith("/projects/wages")
    browser.post("/projects/wages/members/remove", {"person": "outsider"})
    assert projects.project(site.lab, "scientist", "wages")[0].members == ("researcher",)


def test_a_refusal_stands_on_the_page_with_what_was_typed(site: Site) -> None:
    fields = {"name": "BAD NAME", "title": "My title", "purpose": "P", "lead": "scientist"}
    answer = site.browser("administrator").post("/new/project", fields | {"starts": "2026-01-01", "ends": "2026-12-31"})
    assert answer.status_code == 422
    assert "A name has at most 40 lower-case letters" in answer.text
    assert 'value="My title"' in answer.text
    assert 'role="alert"' in answer.text


def test_an_administrator_makes_a_project_and_people(site: Site) -> None:
    browser = site.browser("administrator")
    fields = {"name": "new", "title": "New", "purpose": "Why", "lead": "scientist", "starts": "2026-01-01"}
    assert browser.post("/new/project", fields | {"ends": "2026-12-31"}).url.endswith("/projects/new")
    person = {"name": "newcomer", "title": "Newcomer", "organisation": "lab-office", "roles": ["steward", "approver"]}
    assert "The person was saved." in browser.post("/people", person).text
    assert people.whoami(site.lab, "newcomer").roles == (Role.APPROVER, Role.STEWARD)


def test_a_steward_registers_and_offers_and_grants(site: Site) -> None:
    browser = site.browser("health-steward")
    fields = {
        "name": "care", "title": "Care", "owner": "health-observatory", "tier": "secret", "privacy_unit": "person",
        "direct_identifiers": "person, name", "profile": "uk-sacro", "group_columns": "household",
        "structural_zeros": "sex = male; maternity = yes\nage=child; wage=any\n",
    }  # fmt: skip
    assert browser.post("/new/dataset", fields).url.endswith("/datasets/care")
    upload = send(site.lab, "health-steward", "persons.csv")
    page = browser.post("/datasets/care/offers", {"upload": upload})
    assert "/offers/offer-" in page.url
    assert "data-poll" in page.text
    work_off(site.lab)
    assert "data-reload" in browser.open(page.url.removeprefix(site.base) + "/progress").text
    assert "waits for the project’s lead" in browser.post("/datasets/care/grants", {"project": "wages"}).text
    assert site.browser("scientist").open("/datasets/care").status_code == 404
    lead = site.browser("scientist").post("/projects/wages/datasets/accept", {"dataset": "care"})
    assert "The project may now use the dataset" in lead.text
    assert "The description was saved." in browser.post("/datasets/care", fields | {"title": "Use of care"}).text
    shown = site.browser("scientist").open("/datasets/care").text
    assert "Use of care" in shown
    assert "sex = male; maternity = yes" in shown


@pytest.mark.parametrize(
    ("page", "form", "fields"),
    [
        ("/datasets/jobs", "/datasets/jobs/grants/withdraw", {"project": "wages"}),
        ("/projects/wages", "/projects/wages/datasets/withdraw", {"dataset": "jobs"}),
    ],
)
def test_an_owner_takes_a_dataset_back_and_members_read_why(
    site: Site, page: str, form: str, fields: dict[str, str]
) -> None:
    owner, member = site.browser("jobs-steward"), site.browser("scientist")
    assert form in owner.open(page).text
    assert form not in member.open(page).text
    refused = owner.post(form, fields | {"withdraw_reason": "no"})
    assert (refused.status_code, "Say why you withdraw it" in refused.text) == (422, True)
    done = owner.post(form, fields | {"withdraw_reason": HOSTILE}).text
    assert "The dataset was withdrawn from the project." in done
    assert HOSTILE not in done
    assert form not in done
    told = member.open("/projects/wages", **{"Accept-Language": "fr"}).text
    assert HOSTILE in unescape(told)
    assert "par jobs-steward" in told
    assert member.open("/datasets/jobs").status_code == 404


def test_grants_memberships_and_roles_are_given_to_a_last_day(site: Site) -> None:
    last = {"ends": "2026-06-30", "until": "2026-06-30", "roles_end": "2026-06-30"}
    site.browser("jobs-steward").post("/datasets/jobs/grants", last | {"project": "wages"})
    site.browser("scientist").post("/projects/wages/members", last | {"person": "outsider"})
    about = {"name": "auditor", "title": "A", "organisation": "lab-office", "roles": ["auditor"]}
    site.browser("administrator").post("/people", about | last)
    project, given = projects.project(site.lab, "scientist", "wages")
    assert [project.until, given[0].ends] == [{"outsider": date(2026, 6, 30)}, date(2026, 6, 30)]
    assert people.whoami(site.lab, "auditor").roles_end == date(2026, 6, 30)
    for who, page in (
        ("scientist", "/projects/wages"),
        ("jobs-steward", "/datasets/jobs"),
        ("administrator", "/people"),
    ):
        assert "30 juin 2026" in unescape(site.browser(who).open(page, **{"Accept-Language": "fr"}).text)


def test_a_notebook_is_approved_with_the_schema_of_the_form(site: Site) -> None:
    notebook = submitted_notebook(site.lab)
    page = site.browser("jobs-steward").open(f"/notebooks/{notebook.id}")
    assert "print(1)" in page.text
    fields = {
        "parameter": "minimum", "type-0": "integer", "default-0": "10", "minimum-0": "5", "maximum-0": "20",
        "choices-0": "",
    }  # fmt: skip
    answer = site.browser("scientist").post(f"/notebooks/{notebook.id}/approve", fields)
    assert (answer.status_code, "You cannot decide" in answer.text or "Only stewards" in answer.text) == (403, True)
    bad = site.browser("jobs-steward").post(f"/notebooks/{notebook.id}/approve", fields | {"default-0": "many"})
    assert bad.status_code == 422
    assert 'value="many"' in bad.text
    assert "approved" in site.browser("jobs-steward").post(f"/notebooks/{notebook.id}/approve", fields).text
    form = site.browser("researcher").open(f"/notebooks/{notebook.id}/run").text
    assert 'name="value-minimum" type="number" value="10"' in form
    assert 'min="5"' in form
    assert 'max="20"' in form


def test_a_run_starts_from_the_form_and_its_page_follows(site: Site) -> None:
    notebook = approved_notebook(site.lab)
    browser = site.browser("researcher")
    page = browser.post(f"/notebooks/{notebook.id}/run", {"value-minimum": "12"})
    assert "data-poll" in page.text
    path = page.url.removeprefix(site.base)
    assert "It is being ended." in browser.post(f"{path}/cancel", {}).text
    work_off(site.lab)
    assert "cancelled" in browser.open(path).text
    wrong = browser.post(f"/notebooks/{notebook.id}/run", {"value-minimum": "twelve"})
    assert wrong.status_code == 422
    assert "The parameter minimum must be integer" in wrong.text


def test_who_decides_on_a_notebook_reads_the_packages_of_its_image(site: Site) -> None:
    text = site.browser("jobs-steward").open(f"/notebooks/{approved_notebook(site.lab).id}").text
    assert re.search(r"<summary>2 Python packages</summary><p[^>]*>polars==2.1.0, pyarrow==26.0.1</p>", text)


@pytest.mark.parametrize("form", ["run", "sweep"])
def test_what_a_run_may_use_is_read_before_it_starts(site: Site, form: str) -> None:
    notebook = approved_notebook(site.lab)
    text = site.browser("researcher").open(f"/notebooks/{notebook.id}/{form}").text
    found = re.search(r'<p class="help" id="limits">(.*?)</p>', text, re.DOTALL)
    assert found
    said = " ".join(unescape(found[1]).split()).replace("\u00a0", " ")
    assert said == (
        "Limits of a run: 2 GB of memory, 1 × processor, 1:00:00 hours. "
        "The project may have 2 runs under way at a time. The project has 10,000 of its 10,000 runs left this month."
    )


def test_a_runs_page_says_how_long_it_has_run_and_still_will_by_earlier_runs(site: Site) -> None:
    earlier = finished_run(site.lab)
    browser = site.browser("researcher")
    page = browser.post(f"/notebooks/{earlier.notebook}/run", {"value-minimum": "12"})
    path = page.url.removeprefix(site.base)
    assert "so far" not in page.text
    with site.lab.store.begin() as records:
        before, now = records.get(Work, earlier.id), records.get(Work, path.split("/")[-1])
        assert before is not None
        assert now is not None
        took = replace(before, started=site.lab.now() - timedelta(hours=2), ended=site.lab.now())
        runs_now = replace(now, state=WorkState.RUNNING, started=site.lab.now() - timedelta(minutes=30))
        for work in (took, runs_now):
            records.save(work, event("test:run:time", "test", work.id))
    for shown in (path, f"{path}/progress"):
        assert re.search(r"0:30:\d\d so far; about 1:(30:00|29:\d\d) more", browser.open(shown).text)
    answered = get_run(site.lab, "researcher", request_of(Nothing, {"id": now.id}, {})).times
    assert answered is not None
    assert answered.left is not None
    assert 1800 <= answered.elapsed < 1860
    assert 5340 < answered.left <= 5400


def test_a_run_that_did_not_succeed_is_run_again_with_the_same_values_by_one_click(site: Site) -> None:
    notebook = approved_notebook(site.lab)
    browser = site.browser("researcher")
    first = browser.post(f"/notebooks/{notebook.id}/run", {"value-minimum": "12"}).url.removeprefix(site.base)
    button = f'action="/services/portal{first}/again"'
    assert button not in browser.open(first).text
    browser.post(f"{first}/cancel", {})
    work_off(site.lab)
    assert button in browser.open(first).text
    second = browser.post(f"{first}/again", {}).url.removeprefix(site.base)
    assert second != first
    made = [runs.run(site.lab, "researcher", path.split("/")[-1])[0] for path in (first, second)]
    assert made[0].parameters == made[1].parameters == {"minimum": 12}
    notebooks.withdraw_notebook(site.lab, "jobs-steward", notebook.id, "the report is out")
    assert 'disabled aria-describedby="why-again"' in browser.open(first).text
    assert browser.post(f"{first}/again", {}).status_code == 403


def test_a_run_and_a_sweep_that_wait_are_given_another_priority_on_their_pages(site: Site) -> None:
    notebook = approved_notebook(site.lab)
    member, lead, other = (site.browser(who) for who in ("researcher", "scientist", "jobs-steward"))
    form = member.open(f"/notebooks/{notebook.id}/run").text
    assert re.findall(r'<option value="(\w+)"( selected)?', form) == [("normal", " selected"), ("low", "")]
    run = member.post(f"/notebooks/{notebook.id}/run", {"value-minimum": "12", "priority": "low"})
    sweep = member.post(f"/notebooks/{notebook.id}/sweep", {"values-minimum": "13, 14", "priority": "low"})
    for page in (run, sweep):
        path = page.url.removeprefix(site.base)
        assert re.findall(r'<option value="(\w+)"( selected)?', page.text) == [("normal", ""), ("low", " selected")]
        assert member.post(f"{path}/priority", {"priority": "high"}).status_code == 403
        assert member.post(f"{path}/priority", {"priority": "urgent"}).status_code == 422
        assert member.post(f"{path}/priority", {}).status_code == 422
        assert '<option value="high" selected' in lead.post(f"{path}/priority", {"priority": "high"}).text
        assert "/priority" not in other.open(path).text
    made = site.browser("scientist").post(
        f"/notebooks/{notebook.id}/schedule", {"cron": "0 6 * * 1", "value-minimum": "12", "priority": "high"}
    )
    assert re.search(r"<dt>Priority</dt><dd>high</dd>", made.text)


def test_an_export_goes_from_the_form_to_a_download(site: Site) -> None:
    run = finished_run(site.lab)
    author = site.browser("researcher")
    fields = {
        "take": "0", "path-0": "table.csv", "dataset-0": "jobs", "dimensions-0": "year", "aggregate-0": "count",
        "measure-0": "", "context": "short", "then": "submit", "statement": statement_of(site.lab),
    }  # fmt: skip
    address = f"/new/export?project=wages&source={run.id}"
    short = author.post(address, fields)
    assert short.status_code == 422
    assert ">short</textarea>" in short.text
    assert "table.csv" in short.text
    page = author.post(address, fields | {"context": CONTEXT})
    path = page.url.removeprefix(site.base)
    assert "data-poll" in page.text
    work_off(site.lab)
    for steward in ("health-steward", "transport-steward"):
        reviewed = site.browser(steward).open(path).text
        assert "<td>545</td>" in reviewed
        vote = {"seen": [unescape(found) for found in re.findall(r'name="seen" value="([^"]+)"', reviewed)]}
        policy = re.findall(r'name="policy" value="([^"]+)"', reviewed)
        form = vote | {"policy": policy, "decision": "approve", "reason": ""}
        voted = site.browser(steward).post(f"{path}/vote", form)
        assert "Your vote counts." in voted.text
    own = author.post(f"{path}/release", {})
    assert own.status_code == 403
    assert "You cannot review your own export request." in own.text
    released = site.browser("transport-steward").post(f"{path}/release", {})
    assert "/releases/export-" in released.url
    release = f"/releases/{path.split('/')[-1]}"
    assert "/files/table.csv" not in author.open(release).text
    link = re.search(r'href="([^"]+/files/table.csv)"', author.post(f"{release}/downloads", {}).text)
    assert link
    assert author.open(link[1].removeprefix("/services/portal")).content == b"year,persons\r\n1980,545\r\n"
    revoked = site.browser("health-steward").post(f"{release}/revoke", {"reason": "a cell is too small"})
    assert "a cell is too small" in revoked.text
    assert author.open(link[1].removeprefix("/services/portal")).status_code == 409


@pytest.mark.parametrize(("source", "evidence"), [("run", "attested"), ("workspace", "claimed")])
def test_who_reviews_reads_whether_the_evidence_is_attested_or_claimed(site: Site, source: str, evidence: str) -> None:
    named = source if source == "workspace" else finished_run(site.lab).id
    files = {"table.csv": UNDECLARED}
    made = exports.create_request(site.lab, "researcher", "wages", source=named, files=files, context=CONTEXT)
    text = site.browser("health-steward").open(f"/exports/{made.id}").text
    assert re.search(rf'<dt>Evidence</dt><dd><span class="state state-{evidence}">{evidence}</span>', text)
    for path in (f"/api/v1/exports/{made.id}", "/api/v1/exports"):
        answer = site.browser("health-steward").open(path).json()
        found = answer if isinstance(answer, dict) else next(each for each in answer if each["id"] == made.id)
        assert (found["source"], found["evidence"]) == (named, evidence)


def test_a_vote_on_other_bytes_than_the_present_ones_is_stale(site: Site) -> None:
    request = checked_request(site.lab)
    form = {"policy": request.policy, "decision": "approve"}
    other = replace(request.files[0], canonical="0" * 64)
    steward = site.browser("health-steward")
    for seen in (digest_of_files([other]), digest_of_files(()), "0" * 64, request.files[0].canonical, "{", "[" * 5000):
        answer = steward.post(f"/exports/{request.id}/vote", form | {"seen": seen})
        assert answer.status_code == 409, seen
        assert "has changed since you looked (other files)" in answer.text
    for nothing in ("", " "):
        assert steward.post(f"/exports/{request.id}/vote", form | {"seen": nothing}).status_code == 422
    assert not exports.request(site.lab, "health-steward", request.id).votes


def test_a_member_sees_why_they_cannot_review(site: Site) -> None:
    request = checked_request(site.lab)
    text = unescape(site.browser("researcher").open(f"/exports/{request.id}").text)
    assert re.search(r"<button[^>]*disabled[^>]*title=\"You cannot review your own export request.\"", text)
    assert "1980" not in text


def test_a_picture_is_served_in_a_sandbox_and_only_as_a_picture(site: Site) -> None:
    request = checked_request(site.lab)
    steward = site.browser("health-steward")
    answer = steward.open(f"/exports/{request.id}/picture?path=table.csv")
    assert answer.status_code == 422  # The file is a table: its bytes are not handed over as a picture.
    assert steward.open(f"/exports/{request.id}/picture?path=none").status_code == 404
    inside = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert steward.open(f"/exports/{request.id}/picture?path=table.csv", **inside).status_code == 422


def test_a_canonical_picture_is_shown_on_the_reviewing_page(site: Site) -> None:
    request = checked_request(site.lab)
    picture = b"\x89PNG\r\n\x1a\n and so on"
    stored = site.lab.vault.add(io.BytesIO(picture), len(picture))
    file = replace(request.files[0], kind="png", canonical=stored.sha256, canonical_size=len(picture))
    with site.lab.store.begin() as records:
        records.save(replace(request, files=(file,)), event("test:request:draw", "test", request.id))
    steward = site.browser("health-steward")
    page = steward.open(f"/exports/{request.id}/file?path=table.csv").text
    address = next(a["src"] for tag, a in tags(page) if tag == "img")
    answer = steward.open(str(address).removeprefix("/services/portal"))
    assert (answer.status_code, answer.content) == (200, picture)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_text_from_people_is_shown_and_never_run(site: Site) -> None:
    people.add_person(site.lab, "administrator", "hostile", HOSTILE, "lab-office", (Role.RESEARCHER,))
    projects.create_project(
        site.lab, "administrator", "hostile", title=HOSTILE, purpose=HOSTILE, lead="hostile",
        starts=date(2026, 1, 1), ends=date(2026, 12, 31),
    )  # fmt: skip
    for path in ("/", "/projects", "/projects/hostile"):
        assert_harmless(site.browser("hostile").open(path).text)
    assert_harmless(site.browser("administrator").open("/people").text)


def test_what_the_gate_and_the_kernel_wrote_is_shown_and_never_run(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    request = checked_request(site.lab)
    file = replace(request.files[0], canonical_name=HOSTILE)
    bytes_ = f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",b\r\n'.encode()
    real = request_looks.look_at_request

    def hostile(*given: Any) -> request_looks.RequestLook:
        looked = real(*given)
        return replace(looked, request=replace(looked.request, files=(file,)), contents={file.path: bytes_})

    monkeypatch.setattr("hub.web.pages.exports.look_at_request", hostile)
    monkeypatch.setattr(
        "hub.web.pages.export_files.look_at_file",
        lambda *given: (file, hostile(*given[:3], lambda _: ()), None),
    )
    assert_harmless(site.browser("health-steward").open(f"/exports/{request.id}").text)
    assert_harmless(site.browser("health-steward").open(f"/exports/{request.id}/file?path={file.path}").text)


def test_comments_are_shown_and_never_run(site: Site) -> None:
    """Stored text of a steward, in the file's list, the request's, and on the file's own page; both languages."""
    request = checked_request(site.lab)
    steward = site.browser("health-steward")
    for on in ("", "table.csv"):
        fields = {"comment": f"{HOSTILE} {on}", "audience": "project", "on": on, "row": "", "column": ""}
        landed = steward.post(f"/exports/{request.id}/comments", fields)
        assert landed.status_code == 200
        assert "Your comment stands there; the project reads it." in landed.text
    for who in ("health-steward", "researcher", "auditor"):
        for language in ("en", "fr"):
            page = site.browser(who).open(f"/exports/{request.id}", **{"Accept-Language": language}).text
            assert page.count(escape(HOSTILE, quote=False)[:30]) >= 3, (who, language)
            assert_harmless(page)
    alone = steward.open(f"/exports/{request.id}/file?path=table.csv").text
    assert f"{HOSTILE} table.csv" in unescape(alone)
    assert_harmless(alone)


def test_a_comment_among_stewards_stands_on_no_page_of_the_project(site: Site) -> None:
    request = checked_request(site.lab)
    fields = {"comment": "Zebedee stands out", "audience": "stewards", "on": "table.csv", "row": "3", "column": "2"}
    page = site.browser("health-steward").post(f"/exports/{request.id}/comments", fields).text
    assert "Zebedee stands out" in page
    assert "row 3, column 2" in page
    assert "Zebedee" in site.browser("auditor").open(f"/exports/{request.id}").text
    for who in ("researcher", "scientist"):
        assert "Zebedee" not in site.browser(who).open(f"/exports/{request.id}").text


def test_a_refused_comment_is_said_with_what_was_typed(site: Site) -> None:
    request = checked_request(site.lab)
    steward = site.browser("health-steward")
    long = steward.post(f"/exports/{request.id}/comments", {"comment": "y" * 2001, "audience": "project", "on": ""})
    assert (long.status_code, "at most 2000 characters" in long.text, "y" * 2001 in long.text) == (422, True, True)
    empty = steward.post(f"/exports/{request.id}/comments", {"comment": "  ", "audience": "project", "on": ""})
    assert (empty.status_code, "The comment is empty" in empty.text) == (422, True)
    nobody = steward.post(f"/exports/{request.id}/comments", {"comment": "A word", "on": ""})
    assert nobody.status_code == 422
    lead = site.browser("scientist").post(f"/exports/{request.id}/comments", fields_of("A word"))
    assert lead.status_code == 403
    site.browser("health-steward").post("/freezes", {"project": "wages", "reason": "A suspicion", "sure": "yes"})
    frozen = steward.post(f"/exports/{request.id}/comments", fields_of("A word"))
    assert (frozen.status_code, "is frozen, so it takes no comments" in frozen.text) == (409, True)


def fields_of(comment: str) -> dict[str, str]:
    return {"comment": comment, "audience": "project", "on": "table.csv"}


def test_a_steward_splits_files_off_and_both_halves_name_each_other(site: Site) -> None:
    request = two_files(site.lab)
    steward, author = site.browser("health-steward"), site.browser("researcher")
    assert "Split files off into a request of their own" in steward.open(f"/exports/{request.id}").text
    assert "Split files off" not in site.browser("scientist").open(f"/exports/{request.id}").text
    fields = {"split_path": "b.csv", "split_reason": "Another look at b", "turn": "1"}
    none = steward.post(f"/exports/{request.id}/split", {"split_reason": "Another look at b", "turn": "1"})
    assert none.status_code == 422
    silent = steward.post(f"/exports/{request.id}/split", fields | {"split_reason": ""})
    assert (silent.status_code, "Say why you split it" in silent.text) == (422, True)
    landed = steward.post(f"/exports/{request.id}/split", fields).text
    assert "The request is split; both halves go through the gate again." in landed
    assert f'/exports/{request.id}">{request.id}</a>' in landed
    (part,) = (r for r in exports.requests(site.lab, "auditor") if r.split_from == request.id)
    rest = author.open(f"/exports/{request.id}", **{"Accept-Language": "fr"}).text
    assert "Détachées d’elle" in rest
    assert f'/exports/{part.id}">{part.id}</a>' in rest
    assert "Another look at b" in rest
    again = steward.post(f"/exports/{request.id}/split", fields)
    assert again.status_code == 409


def two_files(lab: Lab) -> ExportRequest:
    programs = play(lab)
    programs.outputs = {name: f"{name}\n1980,545\n".encode() for name in ("a.csv", "b.csv")}
    files = {name: TableContext("jobs", ("year",), "", "count") for name in programs.outputs}
    made = exports.create_request(
        lab, "researcher", "wages", source=finished_run(lab).id, files=files, context="x" * 30
    )  # fmt: skip
    submit(lab, "researcher", made.id)
    work_off(lab)
    return made


class Tags(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(text)
    return parser.found


def assert_harmless(text: str) -> None:
    """The only script is the portal's own file, nothing has a handler, and no template was filled twice."""
    assert "alert(1)" in text
    assert "49" not in re.sub(r"[0-9a-f]{12,}", "", text.split("alert(1)")[1][:80])
    for tag, attributes in tags(text):
        assert not any(name.startswith("on") for name in attributes)
        assert "style" not in attributes
        if tag == "script":
            assert str(attributes["src"]).startswith(f"{PREFIX}static/portal.js")
        assert tag != "img" or str(attributes["src"]).startswith(PREFIX)


def test_the_language_is_chosen_by_the_person_and_kept(site: Site) -> None:
    browser = site.browser("scientist")
    assert '<html lang="en">' in browser.open("/").text
    assert '<html lang="fr">' in browser.open("/", **{"Accept-Language": "fr"}).text
    page = browser.post("/language", {"to": "fr", "next": f"{PREFIX}projects"})
    assert page.url.endswith("/services/portal/projects")
    assert "<h1>Projets</h1>" in page.text
    assert browser.post("/language", {"to": "xx"}).status_code == 403


def test_the_language_switch_leads_nowhere_else(site: Site) -> None:
    for address in ("https://elsewhere.example/", "//elsewhere.example", f"{PREFIX}../../evil", "\\\\evil", "/hub/"):
        page = site.browser("scientist").post("/language", {"to": "en", "next": address})
        assert page.url == f"{site.base}/", address


def test_static_files_are_served_and_nothing_else(site: Site) -> None:
    for name in ("portal.css", "portal.js", "mark.svg", "hub/css/style.min.css"):
        answer = requests.get(f"{site.base}/static/{name}", timeout=30)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    for name in ("../app.py", "hub/js/admin-react.js", "%2e%2e/app.py", "hub/css/../../../hub/x"):
        answer = requests.get(f"{site.base}/static/{name}", timeout=30, allow_redirects=False)
        assert answer.status_code in (302, 401, 403, 404), name
        assert "import" not in answer.text


ALL_PAGES = (
    ("administrator", "/"), ("administrator", "/people"), ("administrator", "/new/project"),
    ("administrator", "/projects"), ("scientist", "/"), ("scientist", "/projects/wages"),
    ("scientist", "/new/notebook"), ("scientist", "/notebooks"), ("researcher", "/runs"),
    ("researcher", "/new/export"), ("researcher", "/new/export?project=wages"), ("jobs-steward", "/datasets"),
    ("jobs-steward", "/datasets/jobs"), ("jobs-steward", "/new/dataset"), ("jobs-steward", "/notebooks/{notebook}"),
    ("researcher", "/notebooks/{approved}/run"), ("researcher", "/runs/{run}"),
    ("researcher", "/new/export?project=wages&source={run}"), ("health-steward", "/exports/{request}"),
    ("researcher", "/exports/{request}"), ("researcher", "/exports"), ("auditor", "/releases"),
    ("health-steward", "/releases/{released}"), ("auditor", "/audit"), ("outsider", "/nothing"),
    ("jobs-steward", "/freezes"), ("administrator", "/freezes"), ("scientist", "/freezes"),
    ("jobs-steward", "/queue"), ("auditor", "/queue"), ("transport-steward", "/queue?show=mine&risk=review"),
)  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    lab = make_lab(tmp_path_factory.mktemp("pages"))
    found_consortium(lab)
    play(lab).findings = [
        {"check": "minimum-frequency", "severity": "review", "place": "table.csv, row 3", "sentence": "A sentence."}
    ]
    registered_dataset(lab)
    released = approved_request(lab)
    releases.release(lab, "transport-steward", released.id)
    request = checked_request(lab)
    made = {
        "released": released.id, "request": request.id, "run": request.source,
        "approved": runs.run(lab, "researcher", request.source)[0].notebook, "notebook": submitted_notebook(lab).id,
    }  # fmt: skip
    for project in ("", "wages", "other"):
        freezes.freeze(lab, "jobs-steward", project, "Because of a test")
    with served(lab) as base:
        yield base, made


@pytest.mark.parametrize("code", ["en", "fr"])
@pytest.mark.parametrize(("who", "path"), ALL_PAGES)
def test_every_page_is_well_built_for_all_who_read_it(
    full: tuple[str, dict[str, str]], who: str, path: str, code: str
) -> None:
    base, made = full
    text = Browser(base, who).open(path.format(**made), **{"Accept-Language": code}).text
    found = tags(text)
    names = [tag for tag, _ in found]
    assert ("html", {"lang": code}) in found
    assert [names.count(tag) for tag in ("main", "h1", "header", "footer", "title")] == [1] * 5
    identifiers = [a["id"] for _, a in found if "id" in a]
    assert len(identifiers) == len(set(identifiers))
    labelled = {a.get("for") for tag, a in found if tag == "label"}
    for number, (tag, attributes) in enumerate(found):
        if tag == "th":
            assert attributes.get("scope") in ("col", "row")
        if tag in ("input", "select", "textarea") and attributes.get("type") != "hidden":
            inside = any(before == "label" for before, _ in found[max(0, number - 1) : number])
            assert inside or attributes.get("aria-label") or attributes.get("id") in labelled, attributes
        if tag == "img":
            assert attributes.get("alt")
        for reference in ("aria-labelledby", "aria-describedby"):
            assert attributes.get(reference, identifiers[0]) in identifiers
        if tag == "form" and attributes.get("method") == "post":
            following = [dict(a) for t, a in found[number + 1 : number + 3] if t == "input"]
            assert any(a.get("name") == "_xsrf" for a in following)


def test_a_person_reads_when_their_workspace_ends_in_their_language(site: Site) -> None:
    silent = Browser(site.base, "researcher").open("/projects/wages").text
    open_workspace(site.lab, "researcher", "wages")
    mine = unescape(Browser(site.base, "researcher").open("/projects/wages").text)
    theirs = unescape(Browser(site.base, "scientist").open("/projects/wages").text)
    assert "workspace-ends" not in silent + theirs
    assert "Your workspace here ends at" in mine
    assert "when it is not used for 120 minutes" in mine
    french = unescape(Browser(site.base, "researcher").open("/projects/wages", **{"Accept-Language": "fr"}).text)
    assert "Votre espace de travail ici se termine au plus tard le" in french


def test_a_lab_short_of_space_says_so_to_administrators_and_stewards(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.lab.storage, "places", lambda: [Place(PlaceName.VAULT, 5)])
    watch_space(replace(site.lab, settings=site.lab.settings.model_copy(update={"space": Space(alarm=9, floor=0)})))
    told = {
        who: "short of disk space (vault)" in unescape(Browser(site.base, who).open("/").text)
        for who in ("administrator", "jobs-steward", "researcher", "auditor")
    }
    assert told == {"administrator": True, "jobs-steward": True, "researcher": False, "auditor": False}
    french = unescape(Browser(site.base, "administrator").open("/", **{"Accept-Language": "fr"}).text)
    assert "manque d’espace disque (coffre)" in french


def examined(lab: Lab, began: datetime) -> Examination:
    """An examination in which one promise does not hold."""
    attempts = (
        Attempt(
            Promise.NETWORK,
            "devices",
            "run",
            "Look for devices of the host, and make some.",
            "It worked: eth0.",
            Verdict.BROKEN,
        ),
        Attempt(Promise.REVIEW, "vote", "host", "Vote without being a steward.", f"x {HOSTILE}", Verdict.HOLDS),
    )
    return keep_examination(lab, Examination("", began, 12, {"kernel": HOSTILE}, attempts))


def test_the_promises_page_shows_what_was_tried_with_its_entry_in_the_audit_log(site: Site) -> None:
    kept = examined(site.lab, site.lab.now())
    page = site.browser("jobs-steward").open("/promises")
    assert page.status_code == 200
    assert "This lab’s promises, tried on 2 Mar 2026" in page.text
    assert 'class="state state-does_not_hold">does not hold' in page.text
    assert "not looked at" in page.text
    assert f"Entry {kept.entry} of the audit log" in page.text
    assert examination_digest(kept) in page.text
    assert HOSTILE not in page.text
    assert "more than seven days ago" not in page.text
    french = site.browser("auditor").open("/promises", **{"Accept-Language": "fr"}).text
    assert "non tenue" in french
    assert "Chercher des périphériques de la machine hôte, et en créer." in french
    assert "Ont réussi\u00a0: eth0." in french


def test_the_promises_page_warns_when_they_were_tried_long_ago_or_never(site: Site) -> None:
    browser = site.browser("auditor")
    assert "were not tried on this machine yet" in browser.open("/promises").text
    assert requests.get(f"{site.base}/api/v1/promises", cookies=login_cookie("auditor"), timeout=30).status_code == 404
    examined(site.lab, site.lab.now() - timedelta(days=8))
    assert "more than seven days ago" in browser.open("/promises").text


def test_an_examination_that_was_edited_is_refused(site: Site) -> None:
    examined(site.lab, site.lab.now())
    with site.lab.store.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text("UPDATE examination SET attempts = replace(attempts, 'does_not_hold', 'holds')"))
    page = site.browser("auditor").open("/promises")
    assert page.status_code == 409
    assert "somebody changed it" in page.text


def test_the_promises_are_offered_to_stewards_and_auditors_alone(site: Site) -> None:
    for who, sees in (("jobs-steward", True), ("auditor", True), ("scientist", False), ("administrator", False)):
        assert ('/promises"' in site.browser(who).open("/").text) is sees


def test_stewards_read_where_each_threshold_comes_from_and_make_rules_stricter(site: Site) -> None:
    stricter = {"layer": "[parameters]\r\nminimum_units = 25\r\n"}
    page = site.browser("jobs-steward").post("/datasets/jobs/policy", stricter)
    assert "The rules were saved." in page.text
    shown = site.browser("scientist").open("/projects/wages").text
    assert re.search(r"minimum_units</code></th><td class=\"number\">25</td><td><span [^>]*>dataset:jobs</span>", shown)
    assert "11 of dataset:jobs (profile fr-fiscal-personnes)" in shown
    assert 'name="layer"' not in shown
    weaker = {"layer": "[parameters]\nminimum_units = 20\n"}
    refused = site.browser("health-steward").post("/projects/wages/policy", weaker)
    assert (refused.status_code, "which is weaker than 25" in refused.text) == (403, True)
    assert "minimum_units = 20" in refused.text
    assert site.browser("health-steward").post("/projects/wages/policy", {"layer": ""}).status_code == 200


def test_a_steward_freezes_one_project_and_lifts_the_freeze(site: Site) -> None:
    request = approved_request(site.lab)
    steward, why = site.browser("jobs-steward"), "A table is under suspicion"
    assert "Nothing is frozen." in steward.open("/freezes").text
    asked = {"project": "wages", "reason": why, "sure": "yes"}
    assert "It is frozen: nothing of it leaves any more." in steward.post("/freezes", asked).text
    refused = site.browser("health-steward").post(f"/exports/{request.id}/release", {})
    assert refused.status_code == 409
    assert f"Nothing leaves the project wages now: a data steward froze its releases and downloads ({why})" in unescape(
        refused.text
    )
    page = site.browser("health-steward").open(f"/exports/{request.id}").text
    assert re.search(r'<button type="submit" class="button " disabled[^>]*>Make the release', page)
    frozen = freezes.freezes(site.lab, "jobs-steward")[0]
    lifted = site.browser("health-steward").post(
        f"/freezes/{frozen.id}/lift", {f"reason-{frozen.id}": "It was nothing", "sure": "yes"}
    )
    assert "The freeze is lifted" in lifted.text
    assert site.browser("health-steward").post(f"/exports/{request.id}/release", {}).status_code == 200


def test_no_two_freezes_share_names_for_who_hears_the_page(site: Site) -> None:
    for project in ("", "wages"):
        freezes.freeze(site.lab, "jobs-steward", project, "A suspicion")
    page = site.browser("health-steward").open("/freezes").text
    begin = page.index('id="begin"')
    for pattern in (r"<summary>(.*?)</summary>", r"<button[^>]*>(Lift.*?)</button>", r"<label[^>]*>(.*?)</label>"):
        names = re.findall(pattern, page[:begin], re.DOTALL)
        assert len(names) >= 2, pattern
        assert len(set(names)) == len(names), names
        assert any("Project wages" in name for name in names)


def test_who_can_freeze_nothing_more_is_told_so_instead_of_an_empty_list(site: Site) -> None:
    for project in ("wages", "other"):
        freezes.freeze(site.lab, "jobs-steward", project, "A suspicion")
    page = site.browser("jobs-steward").open("/freezes").text
    assert re.findall(r'<option value="([^"]*)"', page) == [""]
    freezes.freeze(site.lab, "jobs-steward", "", "A suspicion")
    page = site.browser("jobs-steward").open("/freezes").text
    assert "<select" not in page.split('id="begin"')[1].split("</section>")[0]
    assert "Everything is frozen already" in page
    french = site.browser("jobs-steward").open("/freezes", **{"Accept-Language": "fr"}).text
    assert "Tout est déjà gelé" in french


@pytest.mark.parametrize(("who", "project"), [("jobs-steward", "wages"), ("jobs-steward", "")])
def test_nothing_is_frozen_or_lifted_by_a_slip(site: Site, who: str, project: str) -> None:
    asked = {"project": project, "reason": "A table is under suspicion"}
    answer = site.browser(who).post("/freezes", asked)
    assert (answer.status_code, freezes.freezes(site.lab, who)) == (422, [])
    assert "Tick the box" in answer.text
    assert asked["reason"] in answer.text, "what was typed is not lost"
    frozen = freezes.freeze(site.lab, who, project, asked["reason"])
    answer = site.browser(who).post(f"/freezes/{frozen.id}/lift", {f"reason-{frozen.id}": "It was nothing"})
    assert (answer.status_code, freezes.freezes(site.lab, who)) == (422, [frozen])
    assert "It was nothing</textarea>" in answer.text


@pytest.mark.parametrize(
    ("code", "said"), [("en", "Nothing leaves the project wages."), ("fr", "Rien ne sort du projet wages.")]
)
def test_every_page_says_what_is_frozen_and_why_to_whoever_knows_of_it(site: Site, code: str, said: str) -> None:
    freezes.freeze(site.lab, "jobs-steward", "wages", HOSTILE)
    for who in ("scientist", "jobs-steward", "auditor", "administrator", "outsider"):
        for path in ("/", "/projects", "/releases", "/freezes", "/projects/no-such-project"):
            text = site.browser(who).open(path, **{"Accept-Language": code}).text
            assert (said in text) == (who != "outsider"), (who, path)
            assert HOSTILE not in text
            assert (HOSTILE in unescape(text)) == (who != "outsider")
            title = "Frozen · " if code == "en" else "Gelé · "
            assert (f"<title>{title}" in text) == (who != "outsider")


def test_a_frozen_release_offers_no_download_and_refuses_it(site: Site) -> None:
    request = approved_request(site.lab)
    releases.release(site.lab, "health-steward", request.id)
    own = downloads.make_download(site.lab, "researcher", request.id)
    member = site.browser("researcher")
    path = f"/api/v1/releases/{request.id}/downloads/{own.id}/files/table.csv"
    assert path in member.open(f"/releases/{request.id}").text
    freezes.freeze(site.lab, "jobs-steward", "", "A table is under suspicion")
    assert path not in member.open(f"/releases/{request.id}").text
    answer = member.open(path)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "frozen")


def test_only_a_steward_is_shown_the_forms_and_everybody_else_reads_why_not(site: Site) -> None:
    freezes.freeze(site.lab, "jobs-steward", "", "A table is under suspicion")
    for who, why in (
        ("administrator", "An administrator sees a freeze, and neither begins nor lifts one."),
        ("scientist", "This needs the role steward"),
        ("auditor", "This needs the role steward"),
    ):
        text = site.browser(who).open("/freezes").text
        assert why in text
        assert "/freezes/" not in text
    assert "/freezes/" in site.browser("health-steward").open("/freezes").text


def test_a_steward_claims_from_the_queue_and_no_other_decides_meanwhile(site: Site) -> None:
    request = checked_request(site.lab)
    mine, other = site.browser("jobs-steward"), site.browser("health-steward")
    assert f"/exports/{request.id}/claim" in mine.open("/queue?show=unclaimed").text
    assert "You have claimed the request." in mine.post(f"/exports/{request.id}/claim", {}).text
    assert request.id in mine.open("/queue?show=mine").text
    assert request.id not in other.open("/queue?show=unclaimed").text
    assert re.search(r"jobs-steward, until \d+ \w+ 2026", other.open("/queue").text)
    page = unescape(other.open(f"/exports/{request.id}").text)
    assert re.search(
        rf"The export request {request.id} is claimed by jobs-steward until \d+ \w+ 2026, \d\d:\d\d UTC", page
    )
    assert "Ask for changes" not in page
    assert other.post(f"/exports/{request.id}/vote", vote_on(request)).status_code == 409
    assert "free for another steward" in mine.post(f"/exports/{request.id}/unclaim", {}).text
    assert "Your vote counts." in other.post(f"/exports/{request.id}/vote", vote_on(request)).text


def vote_on(request: ExportRequest, decision: str = "approve") -> dict[str, Any]:
    """What the form of the request's page sends."""
    return {
        "decision": decision, "policy": request.policy, "turn": str(request.turn), "reason": "looked at it",
        "seen": digest_of_files(request.files),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "has changed since you looked (sent again), so nothing was decided."),
        ("fr", "a changé depuis votre lecture (envoyée de nouveau)"),
    ],
)
def test_a_stale_decision_is_told_what_changed_beside_how_it_is_now(site: Site, code: str, said: str) -> None:
    request = checked_request(site.lab)
    steward = site.browser("health-steward")
    site.browser("jobs-steward").post(f"/exports/{request.id}/vote", vote_on(request, "changes"))
    submit(site.lab, "researcher", request.id)
    work_off(site.lab)
    answer = steward.post(f"/exports/{request.id}/vote", vote_on(request), **{"Accept-Language": code})
    assert answer.status_code == 409
    assert said in unescape(answer.text)
    assert '<input type="hidden" name="turn" value="2">' in answer.text
    assert exports.request(site.lab, "researcher", request.id).votes == ()


def test_filters_stand_in_the_address_and_an_unknown_one_is_refused(site: Site) -> None:
    request = checked_request(site.lab)
    steward = site.browser("health-steward")
    assert request.id in steward.open("/queue?project=wages&level=in_time").text
    assert request.id not in steward.open("/queue?project=wages&level=late").text
    assert '<option value="late" selected>' in steward.open("/queue?level=late").text
    assert steward.open("/queue?level=yesterday").status_code == 422


def test_changes_are_asked_for_in_one_file_and_approvals_of_the_others_stay(site: Site) -> None:
    name = two_files(site.lab).id
    request = exports.request(site.lab, "researcher", name)
    first, second = site.browser("health-steward"), site.browser("jobs-steward")
    # Which file it is counts only where something is to change.
    assert "Your vote counts." in first.post(f"/exports/{name}/vote", {**vote_on(request), "file": "a.csv"}).text
    assert f"/exports/{name}?changes=b.csv#review" in second.open(f"/exports/{name}/file?path=b.csv").text
    page = second.open(f"/exports/{name}?changes=b.csv").text
    assert ('<option value="b.csv" selected>' in page, '<option value="a.csv">' in page) == (True, True)
    asked = vote_on(request, "changes")
    assert second.post(f"/exports/{name}/vote", {**asked, "file": "none.csv"}).status_code == 422
    back = second.post(f"/exports/{name}/vote", {**asked, "file": "b.csv"}).text
    assert "The request went back to its author with your reason." in back
    submit(site.lab, "researcher", name)
    work_off(site.lab)
    votes = exports.request(site.lab, "auditor", name).votes
    assert [(v.steward, v.path) for v in votes] == [("health-steward", "a.csv")]


def test_the_file_that_was_chosen_stays_chosen_when_a_vote_on_many_files_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports_page, "FILES_AT_ONCE", 1)
    name = two_files(site.lab).id
    request = exports.request(site.lab, "researcher", name)
    steward = site.browser("jobs-steward")
    page = steward.open(f"/exports/{name}?changes=b.csv").text
    assert f"/exports/{name}/vote?changes=b.csv" in page
    asked = {**vote_on(request, "changes"), "file": "b.csv", "reason": ""}
    refused = steward.post(f"/exports/{name}/vote?changes=b.csv", asked)
    assert (refused.status_code, '<option value="b.csv" selected>' in refused.text) == (422, True)


def test_sealed_votes_are_cast_on_all_files(site: Site) -> None:
    name = two_files(site.lab).id
    assert 'name="file"' in site.browser("jobs-steward").open(f"/exports/{name}").text
    policies.set_project_layer(site.lab, "health-steward", "wages", "blind_votes = true\n")
    assert 'name="file"' not in site.browser("jobs-steward").open(f"/exports/{name}?changes=b.csv").text


def test_what_was_described_anew_is_not_offered_to_be_split(site: Site) -> None:
    name = two_files(site.lab).id
    request = exports.request(site.lab, "researcher", name)
    steward, author = site.browser("jobs-steward"), site.browser("researcher")
    steward.post(f"/exports/{name}/vote", vote_on(request, "changes"))
    assert f"/exports/{name}/split" in author.open(f"/exports/{name}").text
    describe_request(site.lab, "researcher", name, context="Another context, said in a whole sentence.")
    assert f"/exports/{name}/split" not in author.open(f"/exports/{name}").text
