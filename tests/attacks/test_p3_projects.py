"""Promise 3: no project sees another project's files, servers, runs, requests or names.

A researcher, who works in two projects, goes for a third. Whatever they ask about it is answered as if it did not
exist. The walk through a container is also done in one that was weakened on purpose, where it must find something.
"""

from __future__ import annotations

import inspect
import io
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
import requests

from attacks.acts import break_out, look_around, write_words
from attacks.cells import Cells
from attacks.living import CONTEXT, PROJECT, Living
from hub.cli.client import Json, Portal, place
from hub.demo.people import (
    ADMINISTRATOR,
    AUDITOR,
    CARE,
    HEALTH_STEWARD,
    JOBS_STEWARD,
    MOBILITY,
    RESEARCHER,
    SCIENTIST,
    TRANSPORT_STEWARD,
)
from hub.demo.workspace_client import Workspace
from hub.domain.errors import LabError
from hub.web.api.table import ROUTES
from hub.web.pages.table import PAGES
from spawner_config.isolation import Purpose
from spawner_config.names import workspace_container
from waiting import wait_for

PORTAL = "/services/portal"
NOTHING = {
    "project": "quagmir",
    "dataset": "transmute",
    "notebook": "notebook-aaaaaaaaaaaa",
    "run": "run-aaaaaaaaaaaa",
    "sweep": "sweep-aaaaaaaaaaaa",
    "schedule": "schedule-aaaaaaaaaaaa",
    "export": "export-aaaaaaaaaaaa",
    "offer": "offer-aaaaaaaaaaaa",
    "upload": "upload-aaaaaaaaaaaa",
    "freeze": "freeze-aaaaaaaaaaaa",
    "notice": "notice-aaaaaaaaaaaa",
    "exception": "exception-aaaaaaaaaaaa",
    "download": "download-aaaaaaaaaaaa",
}
"""Names of what does not exist, each as long as the real one's."""
OWN_SECRET = "undertow"
"""A secret dataset of the jobs institute, for which no project asked."""


@pytest.fixture(scope="module")
def others(living: Living, acts: str, written: str, released: Json) -> dict[str, str]:
    """Names of what belongs to the project of which the researcher is no member."""
    living.register_dataset(OWN_SECRET, "secret", "person,district\n" + "".join(f"{n},D{n % 4}\n" for n in range(100)))
    sent = living.portal(SCIENTIST).upload_stream(io.BytesIO(b"{}"), "theirs.ipynb")["id"]
    offer = living.audit("lab:snapshot:offer")[-1][2]
    there = {"project": PROJECT, "dataset": "transport", "notebook": acts, "run": written, "export": released["id"]}
    frozen = living.portal(JOBS_STEWARD).post("/freezes", {"project": PROJECT} | WHY)["id"]
    living.portal(JOBS_STEWARD).post(place("freezes", frozen, "lift"), WHY)
    swept = {"notebook": acts, "grid": {"act": [write_words.__name__, break_out.__name__]}}
    there["sweep"] = living.portal(SCIENTIST).post("/sweeps", swept)["id"]
    planned = {"notebook": acts, "cron": "0 6 1 1 *", "parameters": {}}
    there["schedule"] = living.portal(SCIENTIST).post("/schedules", planned)["id"]
    told = living.portal(SCIENTIST).get("/notices")[0]["id"]
    there["download"] = living.portal(SCIENTIST).post(place("releases", released["id"], "downloads"))["id"]
    there |= {"offer": offer, "upload": sent, "freeze": frozen, "notice": told}
    there["exception"] = "exception-bbbbbbbbbbbb"  # hidden with its request, whether there is one or not
    assert {kind: len(name) for kind, name in there.items()} == {kind: len(name) for kind, name in NOTHING.items()}
    return there


@dataclass(frozen=True)
class Call:
    """One call of the API in which something is named; ``{kind}`` stands for its name."""

    method: str
    path: str
    body: Any = None
    actor: str = RESEARCHER

    def __str__(self) -> str:
        return f"{self.method} {self.path} {json.dumps(self.body) if self.body else ''}"

    def made(self, living: Living, names: dict[str, str]) -> requests.Response:
        def filled(text: str) -> str:
            return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], text)

        body = None if self.body is None else json.loads(re.sub(r"<(\w+)>", r"{\1}", filled(json.dumps(self.body))))
        path = filled(self.path)
        return living.answer(self.actor, self.method, path, **({} if self.method == "GET" else {"json": body or {}}))


WHY = {"reason": "because a test wants to"}
VOTE = {"decision": "approve", "canonical": {"words.txt": "0" * 64}, "policy": "0" * 64, "reason": ""}
COMMENT = {"text": "Which year is this?", "audience": "project"}
ABOUT = {"name": "theirs", "purpose": "To see what comes of it", "datasets": []}
EXCEPTION = {"path": "words.txt", "finding": 1, "ground": "public_already", "text": "It was published before"}
WORD = {"word": "grant", "canonical": "0" * 64, "policy": "0" * 64}
BY_ADDRESS = (
    Call("GET", "/projects/{project}"),
    Call("PUT", f"/projects/{{project}}/members/{RESEARCHER}"),
    Call("DELETE", f"/projects/{{project}}/members/{SCIENTIST}"),
    Call("PUT", "/projects/{project}/room", {"size": 2**40}),
    Call("GET", "/projects/{project}/runs"),
    Call("POST", "/projects/{project}/runs", {"runs": 5} | WHY),
    Call("PUT", "/projects/{project}/datasets/jobs"),
    Call("PUT", f"/projects/{CARE}/datasets/{{dataset}}", actor=SCIENTIST),
    Call("DELETE", "/projects/{project}/datasets/jobs", WHY),
    Call("DELETE", f"/projects/{CARE}/datasets/{{dataset}}", WHY, actor=SCIENTIST),
    Call("POST", "/projects/{project}/datasets/jobs/accept"),
    Call("POST", "/projects/{project}/datasets/jobs/decline", WHY),
    Call("GET", "/datasets/{dataset}/policy", actor=SCIENTIST),
    Call("PUT", "/datasets/{dataset}/policy", {"text": ""}),
    Call("GET", "/projects/{project}/policy"),
    Call("PUT", "/projects/{project}/policy", {"text": ""}),
    Call("GET", "/datasets/{dataset}/canaries", actor=SCIENTIST),
    Call("PUT", "/datasets/{dataset}/canaries", {"canaries": ["planted"]}, actor=SCIENTIST),
    Call("GET", "/datasets/{dataset}/twins", actor=SCIENTIST),
    Call("POST", "/datasets/{dataset}/twins", {"epsilon": "1"}, actor=SCIENTIST),
    Call("POST", "/datasets/{dataset}/twins/supplied", {"uploads": ["none"]}, actor=SCIENTIST),
    Call("PUT", "/datasets/{dataset}/owners", {"part": "informed"}, actor=SCIENTIST),
    Call("GET", "/datasets/{dataset}/delegates", actor=SCIENTIST),
    Call("PUT", f"/datasets/{{dataset}}/delegates/{RESEARCHER}", {"ends": "2099-01-01"}, actor=SCIENTIST),
    Call("DELETE", f"/datasets/{{dataset}}/delegates/{RESEARCHER}", actor=SCIENTIST),
    Call("GET", "/publications/project/{project}"),
    Call("PUT", "/publications/project/{project}", {"fields": ["title"]}),
    Call("GET", "/publications/dataset/{dataset}", actor=SCIENTIST),
    Call("PUT", "/publications/release/{export}", {"fields": ["files"]}),
    Call("GET", "/datasets/{dataset}/uses", actor=SCIENTIST),
    Call("GET", "/datasets/{dataset}/uses/csv", actor=SCIENTIST),
    Call("POST", "/datasets/{dataset}/offers", {"uploads": [NOTHING["upload"]]}, actor=SCIENTIST),
    Call("GET", "/offers/{offer}"),
    Call("GET", "/offers/{offer}", actor=TRANSPORT_STEWARD),
    Call("GET", "/notebooks/{notebook}"),
    Call("GET", "/notebooks/{notebook}/changes"),
    Call("POST", "/notebooks/{notebook}/approve"),
    Call("POST", "/notebooks/{notebook}/refuse", WHY),
    Call("POST", "/notebooks/{notebook}/withdraw", WHY),
    Call("GET", "/runs/{run}"),
    Call("GET", "/runs/{run}/record"),
    Call("GET", "/runs/{run}/live"),
    Call("POST", "/runs/{run}/reproduce"),
    Call("GET", "/sweeps/{sweep}"),
    Call("POST", "/sweeps/{sweep}/cancel"),
    Call("POST", "/runs/{run}/cancel"),
    Call("PUT", "/runs/{run}/priority", {"priority": "low"}),
    Call("PUT", "/sweeps/{sweep}/priority", {"priority": "low"}),
    Call("GET", "/schedules/{schedule}"),
    Call("POST", "/schedules/{schedule}/stop"),
    Call("POST", "/notices/{notice}"),
    Call("POST", "/notices/{notice}", actor=ADMINISTRATOR),
    Call("POST", "/freezes/{freeze}/lift", WHY),
    Call("POST", "/freezes/{freeze}/lift", WHY, actor=ADMINISTRATOR),
    *(
        call
        for actor in (RESEARCHER, ADMINISTRATOR)
        for call in (
            Call("GET", "/exports/{export}", actor=actor),
            Call("POST", "/exports/{export}/submit", actor=actor),
            Call("POST", "/exports/{export}/describe", {"context": CONTEXT}, actor=actor),
            Call("POST", "/exports/{export}/withdraw", actor=actor),
            Call("POST", "/exports/{export}/reject", WHY, actor=actor),
            Call("POST", "/exports/{export}/override", WHY, actor=actor),
            Call("GET", "/exports/{export}/canonical?path=words.txt", actor=actor),
            Call("GET", "/exports/{export}/votes", actor=actor),
            Call("POST", "/exports/{export}/votes", VOTE, actor=actor),
            Call("POST", "/exports/{export}/owner-votes", VOTE | {"dataset": "jobs"}, actor=actor),
            Call("POST", "/exports/{export}/claim", actor=actor),
            Call("DELETE", "/exports/{export}/claim", actor=actor),
            Call("GET", "/exports/{export}/comments", actor=actor),
            Call("POST", "/exports/{export}/comments", COMMENT, actor=actor),
            Call("GET", "/exports/{export}/exceptions", actor=actor),
            Call("POST", "/exports/{export}/exceptions", EXCEPTION, actor=actor),
            Call("POST", "/exports/{export}/exceptions/{exception}/votes", WORD, actor=actor),
            Call("POST", "/exports/{export}/split", {"files": ["words.txt"]} | WHY, actor=actor),
            Call("POST", "/exports/{export}/release", actor=actor),
            Call("GET", "/releases/{export}", actor=actor),
            Call("GET", "/releases/{export}/receipt", actor=actor),
            Call("GET", "/releases/{export}/crate", actor=actor),
            Call("GET", "/releases/{export}/term", actor=actor),
            Call("POST", "/releases/{export}/downloads", actor=actor),
            Call("GET", "/releases/{export}/downloads/{download}/files/words.txt", actor=actor),
            Call("POST", "/releases/{export}/reopen", WHY, actor=actor),
            Call("POST", "/releases/{export}/revoke", WHY, actor=actor),
        )
    ),
)
BY_BODY = (
    Call("POST", "/notebooks", {"project": "{project}", "upload": NOTHING["upload"]} | ABOUT),
    Call("POST", "/notebooks", {"project": CARE, "upload": "{upload}"} | ABOUT),
    Call("POST", "/notebooks", {"project": CARE, "upload": "{upload}"} | ABOUT | {"datasets": ["{dataset}"]}),
    Call("POST", "/runs", {"notebook": "{notebook}", "parameters": {}}),
    Call("POST", "/schedules", {"notebook": "{notebook}", "cron": "0 6 1 1 *", "parameters": {}}),
    Call("POST", "/sweeps", {"notebook": "{notebook}", "grid": {"act": ["write_words", "break_out"]}}),
    Call("POST", "/exports", {"project": "{project}", "source": "workspace", "files": {"a": {}}, "context": CONTEXT}),
    Call("POST", "/exports", {"project": CARE, "source": "{run}", "files": {"a": {}}, "context": CONTEXT}),
    Call("POST", "/datasets/jobs/offers", {"uploads": ["{upload}"]}, actor=JOBS_STEWARD),
    Call("POST", f"/datasets/{OWN_SECRET}/twins/supplied", {"uploads": ["{upload}"]}, actor=JOBS_STEWARD),
    Call("POST", "/freezes", {"project": "{project}"} | WHY),
)
OF_THE_LAB = {
    ("PUT", "/organisations/{name}"): "partners are known to all",
    ("PUT", "/people/{name}"): "an administrator's alone; see tests/integration/test_portal_roles.py",
    ("PUT", "/datasets/{name}"): "a steward's alone, who may see every dataset",
    ("PUT", "/queue/views/{name}"): "a name of one's own; see tests/unit/hub/services/test_saved_views.py",
    ("DELETE", "/queue/views/{name}"): "the same",
}


def shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", re.sub(r"/(members|delegates)/[^/]+", r"/\1/{}", path.partition("?")[0]))


def test_every_address_with_a_name_in_it_is_attacked() -> None:
    there = {(r.method, shape(r.path)) for r in ROUTES if "{" in r.path and (r.method, r.path) not in OF_THE_LAB}
    fixed = {
        "/projects/{}/datasets/jobs": "/projects/{}/datasets/{}",
        "/projects/{}/datasets/jobs/accept": "/projects/{}/datasets/{}/accept",
        "/projects/{}/datasets/jobs/decline": "/projects/{}/datasets/{}/decline",
        f"/projects/{CARE}/datasets/{{}}": "/projects/{}/datasets/{}",
        "/exports/{}/canonical": "/exports/{}/canonical",
        "/releases/{}/downloads/{}/files/words.txt": "/releases/{}/downloads/{}/files/{}",
        **{f"/publications/{kind}/{{}}": "/publications/{}/{}" for kind in ("project", "dataset", "release")},
    }
    attacked = {(c.method, fixed.get(shape(c.path), shape(c.path))) for c in BY_ADDRESS}
    assert attacked == there


def said(answer: requests.Response, names: dict[str, str]) -> tuple[int, str, list[str]]:
    """Status, text and names of headers, without the name that was asked for."""
    text = answer.text
    for name in names.values():
        text = text.replace(name, "…").replace(quote(name), "…")
    return answer.status_code, text, sorted(answer.headers)


@pytest.mark.parametrize("call", BY_ADDRESS + BY_BODY, ids=str)
def test_what_is_anothers_is_answered_as_what_does_not_exist(
    living: Living, others: dict[str, str], call: Call
) -> None:
    theirs, nothing = (call.made(living, names) for names in (others, NOTHING))
    assert said(theirs, others) == said(nothing, NOTHING)
    assert theirs.status_code in (403, 404)


def test_the_same_questions_are_answered_otherwise_to_a_member(living: Living, others: dict[str, str]) -> None:
    asked = [
        Call(c.method, c.path, c.body, SCIENTIST) for c in BY_ADDRESS if c.method == "GET" and c.actor != SCIENTIST
    ]
    answers = {str(c): c.made(living, others).status_code for c in asked}
    assert {path: status for path, status in answers.items() if "/offers/" not in path and "canonical" not in path} == {
        path: 200 for path in answers if "/offers/" not in path and "canonical" not in path
    }


WHO_OWNS_NOTHING = (HEALTH_STEWARD, TRANSPORT_STEWARD, SCIENTIST, RESEARCHER, ADMINISTRATOR, AUDITOR)


@pytest.mark.parametrize("actor", WHO_OWNS_NOTHING)
def test_nobody_but_its_owners_steward_takes_a_dataset_back(living: Living, actor: str) -> None:
    """Not the project's lead, not another organisation's steward, nor who sees everything or administers."""
    answer = living.answer(actor, "DELETE", f"/projects/{PROJECT}/datasets/jobs", json=WHY)
    assert answer.status_code == 403
    granted = living.portal(SCIENTIST).get(place("projects", PROJECT))
    assert ([g["dataset"] for g in granted["grants"]], granted["past_grants"]) == (["jobs"], [])


LISTS = (
    "/projects",
    "/notebooks",
    "/catalogue",
    "/runs",
    "/schedules",
    "/exports",
    "/releases",
    "/freezes",
    "/datasets",
    "/people",
    "/me",
)


def everything_listed(portal: Portal) -> str:
    listed = [portal.get(path) for path in LISTS]
    listed += [portal.get(path, project=PROJECT) for path in ("/notebooks", "/runs", "/exports")]
    return json.dumps(listed)


def test_lists_hide_what_is_anothers(living: Living, others: dict[str, str]) -> None:
    shown = everything_listed(living.portal(RESEARCHER))
    hidden = [others[kind] for kind in ("project", "notebook", "run", "export", "upload", "offer")]
    assert [name for name in hidden if name in shown] == []
    assert PROJECT in everything_listed(living.portal(SCIENTIST))


def test_an_administrator_sees_no_request_and_no_release(living: Living, released: Json) -> None:
    assert [living.portal(ADMINISTRATOR).get(path) for path in ("/exports", "/releases")] == [[], []]


def page(living: Living, address: str) -> tuple[int, str]:
    answer = living.visitor(RESEARCHER).get(f"{PORTAL}{address}")
    return answer.status_code, re.sub(r'(value|content|nonce)="[^"]{20,}"', "", answer.text)


@pytest.mark.parametrize("address", [p.path for p in PAGES if "{" in p.path and not p.path.startswith("/datasets")])
def test_pages_of_what_is_anothers_look_like_pages_of_nothing(
    living: Living, others: dict[str, str], address: str
) -> None:
    kind = address.split("/")[1].rstrip("s")
    kind = "export" if kind == "release" else kind
    pages = []
    for names in (others, NOTHING):
        status, text = page(living, re.sub(r"\{\w+\}", names[kind], address))
        pages.append((status, text.replace(names[kind], "…")))
    assert pages[0] == pages[1]
    assert pages[0][0] == 404


# Servers, and the hub itself


def hub_calls(person: str, project: str) -> list[tuple[str, str]]:
    own = f"/hub/api/users/{person}"
    return [
        ("GET", own),
        ("GET", f"{own}/tokens"),
        ("GET", f"{own}?include_stopped_servers"),
        ("POST", f"{own}/servers/{project}"),
        ("DELETE", f"{own}/servers/{project}"),
        ("GET", f"{own}/servers/{project}/progress"),
        ("POST", f"{own}/activity"),
        ("PATCH", own),
        ("GET", f"/hub/spawn/{person}/{project}"),
        ("GET", f"/hub/spawn-pending/{person}/{project}"),
        ("GET", f"/hub/user/{person}/{project}/lab"),
    ]


@pytest.fixture
def scientist_at_work(living: Living) -> Workspace:
    """A running workspace that the researcher has no business in."""
    workspace = Workspace(living.visitor(SCIENTIST), CARE)
    workspace.open()
    return workspace


def test_the_hub_answers_about_anothers_server_as_about_none(living: Living, scientist_at_work: Workspace) -> None:
    visitor = living.visitor(RESEARCHER)
    visitor.get("/hub/home")
    told = []
    for person in (SCIENTIST, "scientism"):
        calls = [visitor.send(method, path, "/hub/", {}) for method, path in hub_calls(person, CARE)]
        told.append(
            [(c.status_code, re.sub(r'"[^"]*[0-9a-f:]{30,}[^"]*"', "", c.text.replace(person, "…"))) for c in calls]
        )
    assert told[0] == told[1]
    assert {status for status, _ in told[0]} <= {403, 404}
    assert scientist_at_work.run(["print(1)"])[0].text == "1"


@pytest.mark.parametrize("path", ["users", "groups", "services", "proxy", "info", "shares/scientist", "shutdown"])
def test_the_hub_lists_nobody_and_nothing_to_a_person(living: Living, path: str) -> None:
    visitor = living.visitor(RESEARCHER)
    assert visitor.get(f"/hub/api/{path}").status_code in (403, 404, 405)
    token = {"Authorization": f"token {living.token(RESEARCHER)}"}
    assert living.plain("GET", f"/hub/api/{path}", headers=token).status_code in (403, 404, 405)


def test_no_token_for_another_person_or_with_more_power_is_to_be_had(living: Living) -> None:
    visitor = living.visitor(RESEARCHER)
    visitor.get("/hub/token")
    tokens = [visitor.post(f"/hub/api/users/{p}/tokens", {}, "/hub/").status_code for p in (SCIENTIST, "scientism")]
    assert tokens == [403, 403]
    for scope in ("admin:users", f"access:servers!user={SCIENTIST}", "access:services", "list:users"):
        body = {"note": "x", "scopes": [scope]}
        assert visitor.post(f"/hub/api/users/{RESEARCHER}/tokens", body, "/hub/").status_code in (400, 403)


def test_a_workspace_in_a_project_of_others_is_refused_as_one_in_none(living: Living) -> None:
    visitor = living.visitor(RESEARCHER)
    visitor.get("/hub/home")
    told = []
    for project in (PROJECT, NOTHING["project"]):
        answer = visitor.post(f"/hub/api/users/{RESEARCHER}/servers/{project}", {}, "/hub/")
        told.append((answer.status_code, answer.json()["message"].replace(project, "…")))
    assert told == [(403, "There is no project …, or you are not a member of it; ask its lead.")] * 2


OPENED = ("lab", "api/contents", "api/kernels", "api/sessions", "files/explore.ipynb", "static/x.js", "")


@pytest.mark.parametrize("path", OPENED)
def test_another_persons_running_server_gives_nothing(living: Living, scientist_at_work: Workspace, path: str) -> None:
    answer = living.visitor(RESEARCHER).get(f"{scientist_at_work.path}{path}")
    assert answer.status_code in (403, 404)
    assert living.plain("GET", f"{scientist_at_work.path}{path}").status_code in (302, 403, 404)
    assert "explore.ipynb" not in answer.text.replace(path, "")


@pytest.mark.parametrize("path", ["lab", "api/contents", "api/kernels", "api/sessions"])
def test_the_same_server_answers_its_owner(living: Living, scientist_at_work: Workspace, path: str) -> None:
    answer = living.visitor(SCIENTIST).get(f"{scientist_at_work.path}{path}")
    assert answer.status_code == 200
    assert "explore.ipynb" in answer.text or path != "api/contents"


@pytest.mark.parametrize("path", ["lab", "api", "api/contents"])
def test_another_persons_running_server_answers_as_one_that_does_not_run(
    living: Living, scientist_at_work: Workspace, path: str
) -> None:
    visitor = living.visitor(RESEARCHER)
    none = scientist_at_work.path.replace(CARE, "crew")
    running, stopped = (visitor.get(f"{server}{path}").status_code for server in (scientist_at_work.path, none))
    assert running == stopped


# Inside containers


def found_in(seen: Json, words: dict[str, str], uid: int) -> list[str]:
    """Which of these words, or of this owner's files, somebody sees who looks around."""
    text = "\n".join([*seen["paths"], *seen["texts"]])
    return [word for word in words.values() if word in text] + (["owner"] if uid in seen["owners"] else [])


def uid_of(living: Living, project: str) -> int:
    return int(living.portal(ADMINISTRATOR).get(place("projects", project))["project"]["uid"])


def test_a_workspace_sees_no_name_no_file_and_no_number_of_another_project(
    living: Living, others: dict[str, str]
) -> None:
    workspace = Workspace(living.visitor(RESEARCHER), MOBILITY)
    workspace.open()
    source = f"from typing import Any\n{inspect.getsource(look_around)}\nimport json\nprint(json.dumps(look_around()))"
    seen = json.loads(workspace.run([source])[0].text)
    hidden = {kind: others[kind] for kind in ("project", "notebook", "run", "export", "upload")}
    hidden |= {"care": f"/{CARE}", "person": SCIENTIST, "data": "/data/jobs"}
    assert found_in(seen, hidden, uid_of(living, PROJECT)) == []
    assert found_in(seen, {"own": "/data/transport"}, uid_of(living, MOBILITY)) == ["/data/transport", "owner"]


def test_a_run_sees_no_name_no_file_and_no_number_of_another_project(living: Living, acts: str) -> None:
    found, seen = living.acted(acts, look_around)
    assert found["work"]["state"] == "succeeded"
    hidden = {
        "care": f"/{CARE}",
        "mobility": MOBILITY,
        "person": RESEARCHER,
        "data": "/data/transport",
        "home": "/home/",
    }
    assert found_in(seen, hidden, uid_of(living, CARE)) == []
    assert found_in(seen, {"own": "/data/jobs"}, uid_of(living, PROJECT)) == ["/data/jobs", "owner"]


def test_the_walk_finds_another_projects_folder_in_a_weak_container(cells: Cells, living: Living, written: str) -> None:
    cells.data = {"theirs": living.state / "projects" / PROJECT / "runs"}
    seen = cells.run(look_around, Purpose.RUN).said
    assert found_in(seen, {"run": written}, uid_of(living, PROJECT)) == [written, "owner"]


def test_folders_of_two_members_are_apart_within_one_project(scientist_at_work: Workspace) -> None:
    listed = scientist_at_work.run(["import os\nprint(os.listdir('/home'))"])[0].text
    assert listed == f"['{SCIENTIST}']"


def test_whoever_is_taken_out_of_a_project_loses_its_open_workspace_within_seconds(living: Living) -> None:
    lead, visitor = living.portal(SCIENTIST), living.visitor(RESEARCHER)
    member = place("projects", PROJECT, "members", RESEARCHER)
    lead.put(member)
    try:
        workspace = Workspace(visitor, PROJECT)
        workspace.open()
        assert workspace.run(["import os\nprint(os.listdir('/data'))"])[0].text == "['jobs']"
    finally:
        lead.delete(member)
    wait_for(lambda: visitor.get(f"{workspace.path}api/contents").status_code != 200, 30, "it stays open")
    with pytest.raises(LabError):
        workspace.run(["print(1)"])
    name = workspace_container(living.settings.name, RESEARCHER, PROJECT)
    wait_for(lambda: not living.engine.containers(all=True, filters={"name": name}), 20, "its container stays")
