"""Another project's things, named inside one's own requests: the same answer as for what is not there.

What is named first in an address is attacked in ``test_portal_unknown.py``; here it stands in a body, in a query, or
in an address behind a thing of one's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests

from doubles.lab import make_lab
from doubles.people import CONTEXT, send
from doubles.portal import login_cookie, served
from hub.domain.audit import event
from hub.domain.exceptions import GateException, Ground
from hub.domain.saved_views import SavedView
from hub.services import saved_views
from hub.services.lab import Lab
from integration.test_portal_roles import everything, filled
from integration.test_portal_unknown import Asked, Told

WHO = "outsider"
"""The lead of another project than the one that everything is of."""
NOTEBOOK = {"name": "mine", "purpose": "A purpose in a sentence"}
EXPORT = {"files": {"table.csv": {}}, "context": CONTEXT}
BODIES: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("/exports", "run", WHO, EXPORT | {"project": "other", "source": "{}"}),
    ("/exports", "project", WHO, EXPORT | {"project": "{}", "source": "workspace"}),
    ("/notebooks", "upload", WHO, NOTEBOOK | {"project": "other", "upload": "{}"}),
    ("/notebooks", "project", WHO, NOTEBOOK | {"project": "{}", "upload": "{own}"}),
    ("/notebooks", "dataset", WHO, NOTEBOOK | {"project": "other", "upload": "{own}", "datasets": ["{}"]}),
    ("/runs", "notebook", WHO, {"notebook": "{}"}),
    ("/sweeps", "notebook", WHO, {"notebook": "{}", "grid": {"minimum": [1, 2]}}),
    ("/schedules", "notebook", WHO, {"notebook": "{}", "cron": "0 6 * * 1"}),
    ("/freezes", "project", WHO, {"project": "{}", "reason": "because it is so"}),
    ("/datasets/jobs/offers", "upload", "jobs-steward", {"uploads": ["{}"]}),
    ("/datasets/hidden-jobs/twins/supplied", "upload", "jobs-steward", {"uploads": ["{}"]}),
)
"""Where a body is sent to, what it names, who sends it, and the body with ``{}`` for the name."""
DECIDED = {"word": "deny", "reason": "because it is so", "canonical": "0" * 64, "policy": "0" * 64}
QUERIES = (
    ("/api/v1/catalogue?project={}", "project"),
    ("/api/v1/catalogue?dataset={}", "dataset"),
    ("/api/v1/reports/submissions?project={}", "project"),
    ("/api/v1/reports/figures?project={}", "project"),
    ("/api/v1/queue?project={}", "project"),
    ("/api/v1/exports?project={}", "project"),
    ("/api/v1/runs?project={}", "project"),
    ("/catalogue?project={}", "project"),
    ("/catalogue?dataset={}", "dataset"),
    ("/new/export?project={}", "project"),
    ("/new/export?project=other&source={}", "run"),
    ("/new/notebook?project={}", "project"),
    ("/exports?project={}", "project"),
)


BEHIND = (
    ("POST", "/exports/{request}/exceptions/{}/votes", "exception", "health-steward", DECIDED),
    ("POST", "/projects/other/datasets/{}/accept", "dataset", WHO, None),
    ("POST", "/projects/other/datasets/{}/decline", "dataset", WHO, {"reason": "because it is so"}),
    ("DELETE", "/datasets/jobs/delegates/{}", "delegate", "jobs-steward", None),
    ("DELETE", "/queue/views/{}", "view", "health-steward", None),
    ("GET", "/releases/{released}/downloads/{}/files/table.csv", "download", "scientist", None),
    ("GET", "/releases/{released}/downloads/{}/files/table.csv", "download", "health-steward", None),
)
"""How and where to, what stands behind a thing of one's own, who asks, and the body."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    lab = make_lab(tmp_path_factory.mktemp("foreign"))
    made = everything(lab) | {"project": "wages", "dataset": "jobs"}
    made |= {"upload": send(lab, "scientist", "again.ipynb"), "own": send(lab, WHO, "mine.ipynb", b'{"cells": []}')}
    made |= {"exception": foreign_exception(lab, made["released"]), "view": "others", "delegate": "transport-steward"}
    saved_views.save_view(lab, "jobs-steward", SavedView(made["view"]))
    with served(lab) as base:
        yield Asked(lab, base, made)


def foreign_exception(lab: Lab, request: str) -> str:
    """An exception that was asked for in another request."""
    of, who = ("wages", "table.csv", "dominance", "table.csv", "It.", "0" * 64, "0" * 64), "researcher"
    asked = GateException("exception-other", request, *of, Ground.LAW, "because it is so", who, lab.now())
    with lab.store.begin() as records:
        records.save(asked, event("test:record:write", "test", request))
    return asked.id


def invented(name: str) -> str:
    return f"{name[:-2]}{'yy' if name.endswith('zz') else 'zz'}"


def sent(asked: Asked, row: tuple[str, str, str, dict[str, object]], name: str, who: str = "") -> Told:
    address, _, sender, body = row
    text = json.dumps(body).replace('"{}"', json.dumps(name)).replace("{own}", asked.made["own"])
    return asked.told(who or sender, "POST", f"/api/v1{address}", name, json=json.loads(text))


@pytest.mark.parametrize("row", BODIES, ids=lambda row: f"{row[0]} {row[1]}")
def test_a_body_that_names_anothers_thing_is_answered_as_one_that_names_nothing(
    asked: Asked, row: tuple[str, str, str, dict[str, object]]
) -> None:
    name = asked.made[row[1]]
    there, not_there = sent(asked, row, name), sent(asked, row, invented(name))
    assert there.status in (403, 404)
    assert there == not_there


@pytest.mark.parametrize(("address", "kind"), QUERIES)
def test_a_query_that_names_anothers_thing_is_answered_as_one_that_names_nothing(
    asked: Asked, address: str, kind: str
) -> None:
    name = asked.made[kind]
    there, not_there = (
        asked.told(WHO, "GET", address.replace("{}", quote(each)), each) for each in (name, invented(name))
    )
    assert there == not_there


@pytest.mark.parametrize("row", BEHIND, ids=lambda row: row[1])
def test_a_name_behind_a_thing_of_ones_own_is_answered_as_one_of_nothing(
    asked: Asked, row: tuple[str, str, str, str, dict[str, str] | None]
) -> None:
    method, template, kind, who, body = row
    name = asked.made[kind]
    address = f"/api/v1{filled(template, asked.made)}"
    sends = {"json": body} if body else {}
    there, not_there = (
        asked.told(who, method, address.replace("{}", each), each, **sends) for each in (name, invented(name))
    )
    assert there.status in (403, 404, 409)
    assert there == not_there


def test_what_was_named_behind_ones_own_is_as_it_was(asked: Asked) -> None:
    """And it is answered to whoever may, so that the comparison can fail."""
    assert [v.name for v in saved_views.saved_views(asked.lab, "jobs-steward")] == [asked.made["view"]]
    with asked.lab.store.read() as reading:
        kept = reading.get(GateException, asked.made["exception"])
    assert kept is not None
    assert (kept.votes, kept.denied) == ((), None)
    address = f"/api/v1/exports/{asked.made['released']}/exceptions/{{}}/votes"
    there, not_there = (
        asked.told("health-steward", "POST", address.replace("{}", each), each, json=DECIDED)
        for each in (kept.id, invented(kept.id))
    )
    assert there.status != not_there.status == 404


def test_the_same_body_is_taken_of_who_may_so_that_the_comparison_can_fail(asked: Asked) -> None:
    row, name = BODIES[0], asked.made["run"]
    own = (*row[:3], row[3] | {"project": "wages"})
    there, not_there = sent(asked, own, name, "researcher"), sent(asked, own, invented(name), "researcher")
    assert (there.status, not_there.status) == (200, 404)


@pytest.mark.parametrize("address", ["/exports", "/api/v1/exports"])
def test_a_cookie_of_the_same_name_makes_nobody_of_anybody_else(asked: Asked, address: str) -> None:
    """A page of a neighbouring host may set one with a longer path, which browsers send first."""
    own = login_cookie(WHO)["service-portal"]
    other = login_cookie("jobs-steward")["service-portal"]
    forged = other.rpartition("|")[0] + "|" + "0" * 64
    head = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    for first, last in ((forged, own), (own, forged), ("", own), (own, ""), ("x" * 5000, own)):
        cookies = f"service-portal={first}; service-portal={last}"
        answer = requests.get(
            asked.base + address, headers=head | {"Cookie": cookies}, timeout=30, allow_redirects=False
        )
        assert answer.status_code in (200, 302, 401, 403)
        assert asked.made["request"] not in answer.text
    seen = requests.get(asked.base + address, headers=head | {"Cookie": f"service-portal={other}"}, timeout=30)
    assert asked.made["request"] in seen.text


@pytest.mark.parametrize("size", [8_000, 60_000, 200_000])
def test_a_jar_that_is_too_large_gets_a_clean_answer(asked: Asked, size: int) -> None:
    jar = f"service-portal={login_cookie(WHO)['service-portal']}; more={'x' * size}"
    try:
        answer = requests.get(f"{asked.base}/exports", headers={"Cookie": jar}, timeout=30)
    except requests.ConnectionError:  # the head is longer than any is read
        assert size > 65_536
    else:
        assert answer.status_code in (200, 400, 431)
        assert "Traceback" not in answer.text
    assert requests.get(f"{asked.base}/exports", cookies=login_cookie(WHO), timeout=30).status_code == 200
