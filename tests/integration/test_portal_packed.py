"""Bodies that are packed, of another length than they say, or archives: refused plainly, cheaply, nowhere kept."""

from __future__ import annotations

import gzip
import io
import json
import resource
import socket
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from doubles.lab import make_lab
from doubles.portal import login_cookie, served
from doubles.workbooks import workbook, workbook_parts, zipped
from hub.domain.sandbox_exit import SandboxExit
from hub.gate.fragments import RefusalFragment
from hub.gate.readers.files import read_file
from hub.sandbox.program import judge
from hub.sandbox.snapshot import snapshot
from hub.services.lab import Lab
from hub.services.ports import pages
from integration.test_portal_roles import everything
from integration.test_portal_taken_along import kept

Site = tuple[str, Lab]
HEAD = {"Authorization": "token scientist-token"}
MEMBER = gzip.compress(bytes(64 * 2**20), 9)
"""64 MiB in 64 KiB; many behind each other are one stream, as gzip has it."""
GIBIBYTE = MEMBER * 16
PACKINGS = (
    "gzip",
    "deflate",
    "br",
    "zstd",
    "compress",
    "x-gzip",
    "identity, gzip",
    "gzip, identity",
    "GZIP",
    "made-up",
)
PLAIN = json.dumps({"project": "", "reason": "because it is so"}).encode()
FREEZES = "/api/v1/freezes"
UPLOADS = "/api/v1/uploads?name=persons.csv"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    lab = make_lab(tmp_path_factory.mktemp("packed") / "state")
    everything(lab)
    with served(lab) as base:
        yield base, lab


def changes(lab: Lab) -> list[str]:
    with lab.store.read() as reading:
        return [entry.event.name for entry in pages(reading)]


def told(site: Site, address: str, body: bytes, **head: str) -> tuple[int, str]:
    """Status and reason; whatever came of it, nothing was kept and nothing happened in the lab."""
    base, lab = site
    before, files = changes(lab), kept(lab.settings.state)
    answer = requests.post(f"{base}{address}", data=body, headers=HEAD | head, timeout=60)
    assert (changes(lab), kept(lab.settings.state)) == (before, files)
    return answer.status_code, answer.json()["error"]["reason"]


# Packed bodies


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize(("address", "kind"), [(FREEZES, "application/json"), (UPLOADS, "text/csv")])
def test_a_packed_body_is_refused_and_not_taken_for_what_it_holds(
    site: Site, address: str, kind: str, packing: str
) -> None:
    body = zlib.compress(PLAIN) if packing == "deflate" else gzip.compress(PLAIN)
    head = {"Content-Encoding": packing, "Content-Type": kind}
    assert told(site, address, body, **head) == (422, "packed-body")
    assert told(site, address, PLAIN, **head) == (422, "packed-body")  # said to be packed, and is not


@pytest.mark.parametrize("packing", ["gzip", "br", "deflate"])
def test_a_packed_form_is_refused_as_a_page(site: Site, packing: str) -> None:
    base, lab = site
    before = changes(lab)
    head = {"Content-Encoding": packing, "Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(
        f"{base}/notices", data=gzip.compress(b"_xsrf=x"), headers=head, cookies=login_cookie("scientist"), timeout=30
    )
    with_token = requests.post(f"{base}/notices", data=gzip.compress(b"a=b"), headers=HEAD | head, timeout=30)
    for refused in (answer, with_token):
        assert refused.status_code == 400, refused.text
        assert refused.headers["Content-Type"].startswith("text/html")
    assert changes(lab) == before


def test_a_body_that_says_it_is_not_packed_is_read(site: Site) -> None:
    base, _ = site
    head = HEAD | {"Content-Encoding": "identity", "Content-Type": "application/json"}
    answer = requests.post(f"{base}{FREEZES}", data=PLAIN, headers=head, timeout=30)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "role-missing")


@pytest.mark.parametrize(
    ("address", "gibibytes", "reasons"),
    [(FREEZES, 1, {"packed-body"}), (UPLOADS, 1, {"packed-body"}), (UPLOADS, 10, {"packed-body", "too-large"})],
)
def test_a_bomb_of_gibibytes_costs_neither_memory_nor_time(
    site: Site, address: str, gibibytes: int, reasons: set[str]
) -> None:
    body = GIBIBYTE * gibibytes
    assert len(body) < 12 * 2**20
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    status, reason = told(site, address, body, **{"Content-Encoding": "gzip", "Content-Type": "application/json"})
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert (status, reason in reasons) == (422, True)
    assert (after.ru_maxrss - before.ru_maxrss) * 1024 < 128 * 2**20
    assert after.ru_utime - before.ru_utime < 5
    assert time.monotonic() - began < 50


def test_what_unpacks_it_would_see_the_bomb(site: Site) -> None:
    """The control: one of its pieces is what it is said to be."""
    assert len(zlib.decompress(MEMBER, wbits=31)) == 64 * 2**20
    assert len(GIBIBYTE) == 16 * len(MEMBER)


# Bodies of another length than they say


def raw(base: str, address: str, lines: list[str], body: bytes) -> bytes:
    """What comes back for a request that is written by hand; nothing where it is closed, or waits for more."""
    parts = urlsplit(base)
    head = [
        f"POST {parts.path}{address} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Authorization: token scientist-token",
        "Content-Type: application/json",
        "Connection: close",
        *lines,
    ]
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=3) as connection:
        try:
            connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
            answer = b""
            while piece := connection.recv(2**16):
                answer += piece
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            return b""
    return answer


CHUNK = b"5\r\nhello\r\n"
LENGTHS: dict[str, tuple[list[str], bytes]] = {
    "shorter than it says": (["Content-Length: 100"], b'{"a": 1}'),
    "negative": (["Content-Length: -1"], b"{}"),
    "with a sign": (["Content-Length: +2"], b"{}"),
    "in hexadecimal": (["Content-Length: 0x2"], b"{}"),
    "not a number": (["Content-Length: two"], b"{}"),
    "two that differ": (["Content-Length: 2", "Content-Length: 3"], b"{} "),
    "two in one that differ": (["Content-Length: 2, 3"], b"{} "),
    "beyond all bounds": ([f"Content-Length: {10**30}"], b"{}"),
    "larger than is taken": ([f"Content-Length: {2**40}"], b"{}"),
    "chunks and a length": (["Content-Length: 5", "Transfer-Encoding: chunked"], CHUNK + b"0\r\n\r\n"),
    "chunks of no number": (["Transfer-Encoding: chunked"], b"five\r\nhello\r\n0\r\n\r\n"),
    "chunks with a sign": (["Transfer-Encoding: chunked"], b"+5\r\nhello\r\n0\r\n\r\n"),
    "a chunk beyond all bounds": (["Transfer-Encoding: chunked"], b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    "a chunk that is longer than it says": (["Transfer-Encoding: chunked"], b"2\r\nhello\r\n0\r\n\r\n"),
    "chunks without an end": (["Transfer-Encoding: chunked"], CHUNK),
    "more chunks than are taken": (["Transfer-Encoding: chunked"], b"100000\r\n" + b" " * 2**20 + b"\r\n" + CHUNK * 9),
    "packed and chunked": (["Transfer-Encoding: gzip, chunked"], CHUNK + b"0\r\n\r\n"),
    "packed for the way": (["Transfer-Encoding: gzip"], b"{}"),
    "another coding": (["Transfer-Encoding: xchunked"], CHUNK + b"0\r\n\r\n"),
}


@pytest.mark.parametrize("case", LENGTHS)
@pytest.mark.parametrize("address", [FREEZES, UPLOADS])
def test_a_body_of_another_length_than_it_says_changes_nothing(site: Site, address: str, case: str) -> None:
    base, lab = site
    before, files = changes(lab), kept(lab.settings.state)
    answer = raw(base, address, *LENGTHS[case])
    assert not answer or 400 <= int(answer.split()[1]) < 500, answer[:200]
    assert (changes(lab), kept(lab.settings.state)) == (before, files)
    assert requests.get(f"{base}/api/v1/me", headers=HEAD, timeout=30).json()["name"] == "scientist"


def test_the_same_request_by_hand_is_answered_where_its_length_is_right(site: Site) -> None:
    answer = raw(site[0], FREEZES, [f"Content-Length: {len(PLAIN)}"], PLAIN)
    assert int(answer.split()[1]) in (403, 422)
    assert b'"reason"' in answer


# Archives in place of tables


def twice() -> bytes:
    """An archive with two sheets of one name: one program shows the first, another the last."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in [*workbook_parts().items(), ("xl/worksheets/sheet1.xml", "<worksheet/>")]:
            with_warning = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            file.filelist = [info for info in file.filelist if info.filename != name] + (
                [info for info in file.filelist if info.filename == name]
            )
            file.NameToInfo.pop(name, None)
            file.writestr(with_warning, content)
    return out.getvalue()


def overlapping() -> bytes:
    """An archive whose last entry is said to begin where the one before it does."""
    content = bytearray(workbook())
    entries = []
    at = content.index(b"PK\x01\x02")
    while content[at : at + 4] == b"PK\x01\x02":
        entries.append(at)
        lengths = struct.unpack_from("<3H", content, at + 28)
        at += 46 + sum(lengths)
    (before,) = struct.unpack_from("<L", content, entries[-2] + 42)
    struct.pack_into("<L", content, entries[-1] + 42, before)
    return bytes(content)


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "a name that leads out": lambda: zipped(workbook_parts() | {"../../../../tmp/out.xml": "<a/>"}),
    "an absolute name": lambda: zipped(workbook_parts() | {"/tmp/out.xml": "<a/>"}),
    "a name with a drive": lambda: zipped(workbook_parts() | {"C:\\out.xml": "<a/>"}),
    "a name with a NUL": lambda: zipped(workbook_parts()).replace(b"docProps/app.xml", b"docProps/a\0p.xml"),
    "two entries of one name": twice,
    "entries that overlap": overlapping,
    "a bomb in a sheet": lambda: workbook(**{"xl/worksheets/sheet1.xml": b" " * (200 * 2**20)}),
    "a bomb beside the sheets": lambda: zipped(workbook_parts() | {"xl/theme/theme1.xml": b" " * (200 * 2**20)}),
    "an archive in an archive": lambda: zipped({"inner.zip": zipped({"inner.zip": workbook()})}),
    "a packed file": lambda: gzip.compress(b"nr,wage\n1,2\n"),
}


@pytest.fixture(scope="module", params=ARCHIVES)
def archive(request: pytest.FixtureRequest) -> bytes:
    return ARCHIVES[request.param]()


@pytest.mark.parametrize("name", ["persons.csv", "persons.xlsx", "persons.parquet"])
def test_an_archive_that_is_sent_is_kept_as_its_bytes_and_nothing_of_it_is_unpacked(
    site: Site, archive: bytes, name: str
) -> None:
    """Who sends it gets the digest of what was sent; no file but that one is anywhere in the lab, or beside it."""
    base, lab = site
    before = kept(lab.settings.state)
    answer = requests.post(f"{base}/api/v1/uploads?name={name}", data=archive, headers=HEAD, timeout=60)
    assert answer.status_code == 200, answer.text
    sha256 = answer.json()["sha256"]
    assert kept(lab.settings.state) - before <= {str(lab.vault.path(sha256))}
    assert lab.vault.path(sha256).stat().st_size == len(archive)
    assert not Path("/tmp/out.xml").exists()


@pytest.mark.parametrize("name", ["persons.csv", "persons.xlsx", "persons.parquet"])
def test_an_archive_is_no_dataset_and_its_intake_writes_nothing(archive: bytes, name: str, tmp_path: Path) -> None:
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "in" / "0001").write_bytes(archive)
    (tmp_path / "in" / "request.json").write_text(json.dumps({"files": [{"index": 1, "name": name}]}))
    began = resource.getrusage(resource.RUSAGE_SELF)
    assert judge(snapshot, tmp_path) in (SandboxExit.UNKNOWN_KIND, SandboxExit.BROKEN_FILE)
    ended = resource.getrusage(resource.RUSAGE_SELF)
    assert [p.name for p in (tmp_path / "out").iterdir() if p.suffix == ".parquet"] == []
    assert (ended.ru_maxrss - began.ru_maxrss) * 1024 < 128 * 2**20
    assert ended.ru_utime - began.ru_utime < 5


@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
def test_an_archive_is_no_table_and_the_gate_says_why(archive: bytes, name: str) -> None:
    began = resource.getrusage(resource.RUSAGE_SELF)
    read = read_file(1, name, archive)
    ended = resource.getrusage(resource.RUSAGE_SELF)
    assert any(isinstance(fragment, RefusalFragment) for fragment in read.fragments), read
    assert (ended.ru_maxrss - began.ru_maxrss) * 1024 < 160 * 2**20
    assert ended.ru_utime - began.ru_utime < 5


def test_the_workbook_that_the_archives_are_made_from_is_read() -> None:
    read = read_file(1, "table.xlsx", workbook())
    assert not any(isinstance(fragment, RefusalFragment) for fragment in read.fragments)
    assert [info.filename for info in zipfile.ZipFile(io.BytesIO(twice())).filelist].count(
        "xl/worksheets/sheet1.xml"
    ) == 2
