"""Files that the portal hands out and takes in: no cell is a formula, no name leads elsewhere, no body is left over."""

from __future__ import annotations

import csv
import io
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests

from doubles.lab import make_lab
from doubles.portal import login_cookie, served
from hub.domain.audit import event
from hub.domain.exports import ExportRequest
from hub.domain.runs import Run
from hub.services.lab import Lab
from hub.web.api.routes import CSV
from hub.web.api.table import ROUTES
from integration.test_portal_roles import MATRIX, everything

STARTS = ("=", "+", "-", "@", "\t=", "\r@", "\uff1d", " =")
FORMULA = 'HYPERLINK("http://elsewhere.example";"x")'
TABLES = {route.path: MATRIX["GET", route.path][0] for route in ROUTES if route.media == CSV}
BAD_NAMES = (
    "..", "../x", "/etc/passwd", "a/b", ".hidden", "a\nb", "a\r\nSet-Cookie: x=1", "x\u202efdp.exe", "\u2066x",
    "\x7f", "x" * 121, "x" * 20000, "",
)  # fmt: skip
Site = tuple[str, Lab, dict[str, str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    lab = make_lab(tmp_path_factory.mktemp("along"))
    made = everything(lab)
    with served(lab) as base:
        yield base, lab, made


def write_formulas(lab: Lab, start: str) -> None:
    """Make formulas of whoever asked for requests and runs, past all rules."""
    with lab.store.begin() as records:
        for request in records.find(ExportRequest):
            records.save(
                replace(request, author=f"{start}{FORMULA}"), event("test:record:write", "test", request.id)
            )  # fmt: skip
        for run in records.find(Run):
            records.save(replace(run, requester=f"{start}{FORMULA}"), event("test:record:write", "test", run.id))


@pytest.mark.parametrize("path", sorted(TABLES))
@pytest.mark.parametrize("start", STARTS)
def test_no_cell_of_a_table_that_is_handed_out_is_a_formula(site: Site, path: str, start: str) -> None:
    base, lab, _ = site
    write_formulas(lab, start)
    head = {"Authorization": "token jobs-steward-token"}
    answer = requests.get(f"{base}/api/v1{TABLES[path]}", headers=head, timeout=30)
    rows = list(csv.reader(io.StringIO(answer.content.decode(), newline="")))
    written = [cell for row in rows[1:] for cell in row if "HYPERLINK" in cell]
    assert written  # a formula was there to be handed out
    assert [cell for cell in written if not cell.startswith("'")] == []


def test_every_table_is_looked_at() -> None:
    assert len(TABLES) >= 2


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: ascii(name[:12]))
def test_no_name_of_an_upload_leads_elsewhere(site: Site, name: str) -> None:
    base, lab, _ = site
    head = {"Authorization": "token scientist-token"}

    def told(named: str) -> requests.Response:
        return requests.post(f"{base}/api/v1/uploads?name={quote(named, safe='')}", data=b"x", headers=head, timeout=30)

    before = kept(lab.settings.state)
    answer = told(name)
    assert (answer.status_code, kept(lab.settings.state)) == (422, before)
    assert "Set-Cookie" not in answer.headers
    assert told("année 1 (b).csv").status_code == 200


def test_no_name_that_is_kept_holds_a_nul(site: Site) -> None:
    answer = requests.post(
        f"{site[0]}/api/v1/uploads?name=a%00b",
        data=b"x",
        headers={"Authorization": "token scientist-token"},
        timeout=30,
    )
    assert answer.json()["name"] == "a b"


def kept(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if "vault" in file.parts and file.is_file()}


def exchange(connection: socket.socket, asked: bytes) -> tuple[int, bool]:
    """Ask on an open connection; gives the answer's status, and whether the connection goes on."""
    connection.sendall(asked)
    with connection.makefile("rb") as answer:
        status = int(answer.readline().split()[1])
        lines = [line.decode().lower().strip() for line in iter(answer.readline, b"\r\n")]
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        answer.read(length)
    return status, "connection: close" not in lines


@pytest.mark.parametrize("address", ["/api/v1/uploads?name=a.csv", "/api/v1/runs", "/new/export"])
@pytest.mark.parametrize("token", ["nobody-at-all", "scientist-token"])
def test_a_body_that_nobody_read_is_no_next_request(site: Site, address: str, token: str) -> None:
    """What is refused before its body is read does not have that body taken for a request of somebody else."""
    base, _, _ = site
    parts = urlsplit(base)
    smuggled = b"GET /services/portal/api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: token jobs-steward-token\r\n\r\n"
    head = (
        f"POST {parts.path}{address} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: token {token}\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(smuggled)}\r\n\r\n"
    ).encode()
    own = (
        f"GET {parts.path}/api/v1/me HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: token scientist-token\r\n\r\n"
    ).encode()
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=30) as connection:
        _, goes_on = exchange(connection, head + smuggled)
        if goes_on:
            connection.sendall(own)
        left = b""
        while piece := connection.recv(2**16):
            left += piece
            if b"}" in piece:
                break
    assert b'"name":"jobs-steward"' not in left
    assert (b'"name":"scientist"' in left) == goes_on


def test_a_person_is_told_who_they_are_so_that_a_smuggled_request_would_be_seen(site: Site) -> None:
    answer = requests.get(f"{site[0]}/api/v1/me", cookies=login_cookie("jobs-steward"), timeout=30)
    assert b'"name":"jobs-steward"' in answer.content
