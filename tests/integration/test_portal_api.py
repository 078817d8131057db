"""The portal's API over real sockets: the story by token, the error shape, uploads and downloads."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from doubles.lab import make_lab
from doubles.people import CONTEXT, found_consortium, play, statement_of, work_off
from doubles.portal import served
from hub.domain.audit import AuditEntry
from hub.services.lab import Lab
from hub.web.api.handlers import Upload


@dataclass(frozen=True)
class Site:
    """A portal and the lab behind it."""

    lab: Lab
    base: str

    def ask(self, who: str, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        headers = {"Authorization": f"token {who}-token"} | more.pop("headers", {})
        return requests.request(method, f"{self.base}/api/v1{path}", json=body, headers=headers, timeout=30, **more)

    def get(self, who: str, path: str) -> Any:
        answer = self.ask(who, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, who: str, method: str, path: str, body: object = None) -> Any:
        answer = self.ask(who, method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, who: str, method: str, path: str, body: object = None) -> tuple[int, str]:
        answer = self.ask(who, method, path, body)
        error = answer.json()["error"]
        assert set(answer.json()) == {"error"}
        assert set(error) == {"reason", "message"}
        assert error["message"].endswith((".", "!"))
        return answer.status_code, error["reason"]

    def send(self, who: str, name: str, content: bytes) -> str:
        answer = requests.post(
            f"{self.base}/api/v1/uploads?name={quote(name)}",
            data=content,
            headers={"Authorization": f"token {who}-token", "Content-Type": "application/octet-stream"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def audit(self) -> list[AuditEntry]:
        with self.lab.store.read() as reading:
            return reading.audit_entries(0, 1000)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    play(lab)
    with served(lab) as base:
        yield Site(lab, base)


def test_the_whole_story_goes_through_the_api(site: Site) -> None:
    dataset = {
        "title": "Wage panel", "owner": "jobs-institute", "tier": "sensitive", "privacy_unit": "nr",
        "direct_identifiers": ["nr"], "profile": "fr-fiscal-personnes",
    }  # fmt: skip
    assert site.do("jobs-steward", "PUT", "/datasets/jobs", dataset)["name"] == "jobs"
    offer = site.do(
        "jobs-steward", "POST", "/datasets/jobs/offers", {"uploads": [site.send("jobs-steward", "p.csv", b"nr\n1\n")]}
    )
    work_off(site.lab)
    assert site.get("jobs-steward", f"/offers/{offer['id']}")["work"]["state"] == "succeeded"
    site.do("jobs-steward", "PUT", "/projects/wages/datasets/jobs")
    assert [g["dataset"] for g in site.get("scientist", "/projects/wages")["grants"]] == ["jobs"]

    upload = site.send("scientist", "wages.ipynb", b"{}")
    body = {"project": "wages", "upload": upload, "name": "wages", "purpose": "Wages by year"}
    notebook = site.do("scientist", "POST", "/notebooks", body)["id"]
    work_off(site.lab)
    schema = [{"name": "minimum", "type": "integer", "default": 10, "minimum": 5, "maximum": 20}]
    decided = site.do("jobs-steward", "POST", f"/notebooks/{notebook}/approve", {"parameters": schema})
    assert decided["state"] == "approved"
    assert decided["parameters"][0]["maximum"] == 20
    assert site.refused(
        "researcher", "POST", "/runs", {"notebook": notebook, "parameters": {"minimum": 21}}
    ) == (422, "parameter-value")  # fmt: skip
    run = site.do("researcher", "POST", "/runs", {"notebook": notebook, "parameters": {"minimum": 11}})["run"]["id"]
    work_off(site.lab)
    seen = site.get("researcher", f"/runs/{run}")
    assert (seen["work"]["state"], seen["notebook_name"], seen["progress"]) == ("succeeded", "wages", None)

    files = {"table.csv": {"dataset": "jobs", "dimensions": ["year"]}}
    body = {"project": "wages", "source": run, "files": files, "context": CONTEXT}
    request = site.do("researcher", "POST", "/exports", body)["id"]
    site.do("researcher", "POST", f"/exports/{request}/submit", {"statement": statement_of(site.lab)})
    work_off(site.lab)
    for steward in ("health-steward", "transport-steward"):
        seen = site.get(steward, f"/exports/{request}")
        canonical = {f["path"]: f["canonical"] for f in seen["files"]}
        content = site.ask(steward, "GET", f"/exports/{request}/canonical?path=table.csv")
        assert hashlib.sha256(content.content).hexdigest() == canonical["table.csv"]
        vote = {"decision": "approve", "canonical": canonical, "policy": seen["policy"], "reason": ""}
        seen = site.do(steward, "POST", f"/exports/{request}/votes", vote)
    assert seen["state"] == "approved"
    release = site.do("transport-steward", "POST", f"/exports/{request}/release")
    receipt = site.ask("researcher", "GET", f"/releases/{release['id']}/receipt")
    assert json.loads(receipt.content)["key"] == site.get("researcher", "/key")["fingerprint"]
    assert site.get("researcher", f"/releases/{release['id']}/term")["is_open"] is True
    own = site.do("researcher", "POST", f"/releases/{release['id']}/downloads")
    file = site.ask("researcher", "GET", f"/releases/{release['id']}/downloads/{own['id']}/files/table.csv")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.headers["Content-Security-Policy"].endswith("sandbox")
    names = [e.event.name for e in site.audit()]
    assert "export:release:download" in names
    assert len(site.get("auditor", "/audit?limit=1000")) == len(names)


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/nothing", None, (404, "unknown-address")),
        ("DELETE", "/me", None, (405, "method")),
        ("GET", "/projects/other", None, (404, "unknown-project")),
        ("GET", "/projects/%00", None, (404, "unknown-address")),
        ("GET", "/projects/%0A", None, (404, "unknown-address")),
        ("GET", "/projects/%FF", None, (400, "unreadable")),
        ("POST", "/projects", {}, (422, "invalid")),
        ("POST", "/runs", {"notebook": "x", "unknown": 1}, (422, "invalid")),
        ("POST", "/runs", {"notebook": "a\x00b"}, (422, "invalid")),
        ("GET", "/audit?after=-1", None, (422, "invalid")),
        ("GET", "/audit?after=99999999999999999999", None, (422, "invalid")),
        ("GET", "/audit?after=x", None, (422, "invalid")),
        ("GET", "/runs?unknown=1", None, (422, "invalid")),
        ("PUT", "/organisations/x", {"title": "X"}, (403, "role-missing")),
        ("POST", "/exports/none/release", None, (404, "not-found")),
    ],
)
def test_every_fault_has_the_one_shape(
    site: Site, method: str, path: str, body: object, expected: tuple[int, str]
) -> None:
    assert site.refused("scientist", method, path, body) == expected


def test_a_fault_never_repeats_what_was_sent(site: Site) -> None:
    body = {"notebook": "x", "parameters": {"secret_word": ["secret_word"]}, "secret_word": 1}
    answer = site.ask("scientist", "POST", "/runs", body)
    assert answer.status_code == 422
    assert "secret_word" not in answer.text
    assert "parameters" in answer.json()["error"]["message"]


def test_a_body_that_is_not_json_is_refused(site: Site) -> None:
    head = {"Authorization": "token scientist-token"}
    for content, kind in ((b"{", "application/json"), (b"\xff", "application/json"), (b"a=1", "text/plain")):
        answer = requests.post(
            f"{site.base}/api/v1/runs", data=content, headers=head | {"Content-Type": kind}, timeout=10
        )
        assert answer.status_code == 422
    lone = b'{"notebook": "\\ud800"}'
    answer = requests.post(
        f"{site.base}/api/v1/runs", data=lone, headers=head | {"Content-Type": "application/json"}, timeout=10
    )
    assert answer.status_code == 422


def test_the_sentence_is_in_the_persons_language(site: Site) -> None:
    answer = site.ask("scientist", "GET", "/projects/other", headers={"Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"})
    assert answer.json()["error"]["message"].startswith("Il n’y a pas de projet other")
    assert answer.headers["Content-Language"] == "fr"


def test_nobody_gets_in_without_a_login(site: Site) -> None:
    for path in ("/me", "/openapi.json", "/nothing", "/exports/x/canonical?path=a"):
        answer = requests.get(f"{site.base}/api/v1{path}", timeout=10)
        assert (answer.status_code, answer.json()["error"]["reason"]) == (401, "not-logged-in")


def test_a_service_and_a_narrow_token_are_refused(site: Site) -> None:
    assert site.refused("machine", "GET", "/me") == (403, "not-a-person")
    assert site.refused("narrow", "GET", "/me") == (403, "scope")
    assert site.refused("nobody", "GET", "/me") == (403, "unknown-person")


def test_answers_carry_the_security_headers(site: Site) -> None:
    for path in ("/me", "/nothing"):
        head = site.ask("scientist", "GET", path).headers
        assert head["X-Content-Type-Options"] == "nosniff"
        assert head["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in head["Content-Security-Policy"]
        assert "Server" not in head


def test_the_openapi_document_is_served(site: Site) -> None:
    assert site.get("scientist", "/openapi.json")["openapi"] == "3.1.0"


def test_an_upload_is_kept_byte_for_byte_and_only_for_its_sender(site: Site) -> None:
    content = bytes(range(256)) * 20_000
    answer = requests.post(
        f"{site.base}/api/v1/uploads?name=a%20b.csv", data=content,
        headers={"Authorization": "token scientist-token"}, timeout=30,
    )  # fmt: skip
    upload = answer.json()
    assert (upload["sha256"], upload["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert upload["name"] == "a b.csv"
    body = {"project": "other", "upload": upload["id"], "name": "stolen", "purpose": "Not my upload"}
    assert site.refused("outsider", "POST", "/notebooks", body) == (404, "unknown-upload")


def raw_post(base: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.putrequest("POST", f"{parts.path}/api/v1{path}")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(body)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_an_upload_beyond_the_limit_is_refused_before_its_first_byte(site: Site) -> None:
    head = {"Authorization": "token scientist-token", "Content-Length": str(2**30 + 1)}
    status, body = raw_post(site.base, "/uploads?name=big", head)
    assert (status, json.loads(body)["error"]["reason"]) == (422, "too-large")


def test_an_upload_without_its_length_is_refused(site: Site) -> None:
    head = {"Authorization": "token scientist-token", "Transfer-Encoding": "chunked"}
    status, body = raw_post(site.base, "/uploads?name=big", head, b"3\r\nabc\r\n0\r\n\r\n")
    assert (status, json.loads(body)["error"]["reason"]) == (422, "length-missing")


def test_nothing_goes_on_for_a_sender_who_is_gone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, over, answered = threading.Event(), threading.Event(), Upload._execute

    async def execute(self: Upload, *given: Any, **named: Any) -> None:
        begun.set()
        await answered(self, *given, **named)
        over.set()

    monkeypatch.setattr(Upload, "_execute", execute)
    where = urlsplit(site.base)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        head = f"POST {where.path}/api/v1/uploads?name=a.csv HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        connection.sendall(f"{head}Authorization: token scientist-token\r\n\r\na,b".encode())
        assert begun.wait(10)
    assert over.wait(10)


def test_an_upload_without_a_login_or_name_leaves_nothing(site: Site) -> None:
    assert raw_post(site.base, "/uploads?name=x", {"Content-Length": "3"}, b"abc")[0] == 401
    head = {"Authorization": "token scientist-token", "Content-Length": "3"}
    assert raw_post(site.base, "/uploads", head, b"abc")[0] == 422
    assert raw_post(site.base, "/uploads?name=..%2Fx", head, b"abc")[0] == 422
    assert raw_post(site.base, "/uploads?name=.x", head, b"abc")[0] == 422
    assert not [e for e in site.audit() if e.event.name == "lab:upload:add"]
    assert not list((site.lab.settings.state / "incoming").glob("*"))


def test_an_upload_that_breaks_off_leaves_nothing(site: Site) -> None:
    parts = urlsplit(site.base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.putrequest("POST", f"{parts.path}/api/v1/uploads?name=x")
    connection.putheader("Authorization", "token scientist-token")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders()
    connection.send(b"x" * 1000)
    connection.close()
    assert site.get("scientist", "/me")["name"] == "scientist"
    assert not [e for e in site.audit() if e.event.name == "lab:upload:add"]


def test_a_body_beyond_the_limit_is_not_read(site: Site) -> None:
    head = {"Authorization": "token scientist-token", "Content-Length": str(3 * 2**20)}
    head["Content-Type"] = "application/json"
    try:
        status, _ = raw_post(site.base, "/runs", head)
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return
    assert status in (400, 413)


def test_a_fault_of_ours_shows_a_reference_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("row 7 holds 4711")

    monkeypatch.setattr("hub.services.people.whoami", breaks)
    answer = site.ask("scientist", "GET", "/me")
    assert answer.status_code == 500
    assert answer.json()["error"]["reason"] == "internal"
    assert "4711" not in answer.text
    assert "4711" not in caplog.text
    reference = answer.json()["error"]["message"].rstrip(".").rpartition(" ")[2]
    assert f"fault {reference}: RuntimeError in breaks" in caplog.text


def test_a_hub_that_does_not_answer_is_said_to(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from tornado.web import HTTPError

    from doubles.portal import KnownTokens

    async def silent(*_: object, **__: object) -> None:
        raise HTTPError(500, "Failed to connect to Hub API")

    monkeypatch.setattr(KnownTokens, "_known", silent)
    assert site.refused("scientist", "GET", "/me") == (503, "hub")
