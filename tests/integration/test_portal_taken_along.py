"""Files that the portal hands out and takes in: no cell is a formula, no name leads elsewhere, no body is left over."""

from __future__ import annotations

import csv
import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests

from doubles.lab import make_lab
from doubles.portal import served
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
SMUGGLED = b"GET /services/portal/api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: token jobs-steward-token\r\n\r\n"
Site = tuple[str, Lab, dict[str, str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    lab = make_lab(tmp_path_factory.mktemp("along") / "state")  # what is written beside it is seen, too
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

    def told(named: str, body: bytes) -> requests.Response:
        address = f"{base}/api/v1/uploads?name={quote(named, safe='')}"
        return requests.post(address, data=body, headers=head, timeout=30)

    before = kept(lab.settings.state)
    answer = told(name, ascii(name).encode())
    assert (answer.status_code, kept(lab.settings.state)) == (422, before)
    assert "Set-Cookie" not in answer.headers
    assert told("année 1 (b).csv", b"taken after " + ascii(name).encode()).status_code == 200
    assert len(kept(lab.settings.state) - before) == 1  # what is kept is seen


def test_no_name_that_is_kept_holds_a_nul(site: Site) -> None:
    answer = requests.post(
        f"{site[0]}/api/v1/uploads?name=a%00b",
        data=b"x",
        headers={"Authorization": "token scientist-token"},
        timeout=30,
    )
    assert answer.json()["name"] == "a b"


def kept(state: Path) -> set[str]:
    """Every file of the lab, and of the folder that it stands in, but the database, which writes files of its own."""
    return {str(file) for file in state.parent.rglob("*") if file.is_file() and ".sqlite" not in file.name}


def exchange(connection: socket.socket, answers: BufferedReader, asked: bytes) -> tuple[int, bool]:
    """Ask on an open connection; gives the answer's status, and whether the connection goes on.

    ``answers`` is what is read of the connection: it reads ahead, so that there is one for all that comes.
    """
    connection.sendall(asked)
    status = int(answers.readline().split()[1])
    lines = [line.decode().lower().strip() for line in iter(answers.readline, b"\r\n")]
    length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
    answers.read(length)
    return status, "connection: close" not in lines


@contextmanager
def open_to(base: str) -> Iterator[tuple[socket.socket, BufferedReader]]:
    """A connection to the portal, and the one reader of what comes on it."""
    parts = urlsplit(base)
    place = str(parts.hostname), int(parts.port or 0)
    with socket.create_connection(place, timeout=30) as connection, connection.makefile("rb") as answers:
        yield connection, answers


def rest_of(answers: BufferedReader) -> bytes:
    """What comes on a connection until it ends, or an answer does."""
    left = b""
    while piece := answers.read1(2**16):
        left += piece
        if b"}" in piece:
            break
    return left


@pytest.mark.parametrize("address", ["/api/v1/uploads?name=a.csv", "/api/v1/runs", "/new/export"])
@pytest.mark.parametrize("token", ["nobody-at-all", "scientist-token"])
def test_a_body_that_nobody_read_is_no_next_request(site: Site, address: str, token: str) -> None:
    """What is refused before its body is read does not have that body taken for a request of somebody else."""
    base, _, _ = site
    parts = urlsplit(base)
    head = (
        f"POST {parts.path}{address} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: token {token}\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n"
    ).encode()
    own = (
        f"GET {parts.path}/api/v1/me HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: token scientist-token\r\n\r\n"
    ).encode()
    with open_to(base) as (connection, answers):
        _, goes_on = exchange(connection, answers, head + SMUGGLED)
        if goes_on:
            connection.sendall(own)
        left = rest_of(answers)
    assert b'"name":"jobs-steward"' not in left
    assert (b'"name":"scientist"' in left) == goes_on


def test_the_bytes_that_are_smuggled_are_answered_where_they_are_a_request(site: Site) -> None:
    with open_to(site[0]) as (connection, answers):
        connection.sendall(SMUGGLED)
        assert b'"name":"jobs-steward"' in rest_of(answers)
