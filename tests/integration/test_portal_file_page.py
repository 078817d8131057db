"""What a steward sees of one file: findings where they stand, columns in short, and an earlier file beside it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
import requests

from doubles.people import cast_vote, checked_request, lab_with_data, submit, work_off
from doubles.pictures import SIGNATURE, chunk
from doubles.portal import login_cookie, served
from hub.domain.audit import AuditEntry, event
from hub.domain.ballots import Decision
from hub.domain.exports import ExportRequest, Finding, Severity
from hub.services import exports, releases
from hub.services.lab import Lab
from hub.services.ports import pages

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
TABLE = "year,n\r\n1990,20\r\n1991,30\r\n1992,4\r\n"
SMALL = Finding(
    "minimum-frequency",
    Severity.BLOCK,
    "table.csv, row 3, column n",
    "The cell is small.",
    "a rule",
    "The smallest of these cells covers this many units: 4.",
    (("minimum_units", "10"),),
)
NEARLY = Finding(
    "secondary-suppression",
    Severity.REVIEW,
    "table.csv, row 3",
    "Cells that are left out here can be worked out nearly from the totals that are shown, in this table or with "
    "others of the request. Leave out more cells of the same lines, or the totals.",
    "bounds of a suppressed cell 20 % away to each side (uk-sacro)",
    "The narrowest of these intervals goes from 3.25 to 4.75; there are this many: 2.",
)
"""What the check of suppressed cells finds; see tests/unit/hub/gate/checks for the check itself."""
Open = Callable[..., requests.Response]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_with_data(tmp_path)


def events(lab: Lab) -> list[AuditEntry]:
    with lab.store.read() as reading:
        return list(pages(reading))


@pytest.fixture
def open_(lab: Lab) -> Iterator[Open]:
    with served(lab) as base:

        def opened(
            request: ExportRequest, who: str = "health-steward", more: str = "", code: str = "en"
        ) -> requests.Response:
            address = f"{base}/exports/{request.id}/file?path=table.csv{more}"
            return requests.get(address, cookies=login_cookie(who) | {"portal-language": code}, timeout=60)

        yield opened


@pytest.fixture
def fetch_(lab: Lab) -> Iterator[Open]:
    with served(lab) as base:

        def fetched(request: ExportRequest, who: str, beside: str) -> requests.Response:
            address = f"{base}/exports/{request.id}/picture?path=table.csv&beside={beside}"
            return requests.get(address, cookies=login_cookie(who), timeout=60)

        yield fetched


def pictured(lab: Lab, request: ExportRequest, content: bytes) -> ExportRequest:
    """The request with a picture as its one canonical file."""
    stored = lab.vault.add(io.BytesIO(content), len(content))
    file = replace(request.files[0], kind="png", canonical=stored.sha256, canonical_size=len(content), findings=())
    with lab.store.begin() as records:
        records.save(changed := replace(request, files=(file,)), event("test:request:write", "test", request.id))
    return changed


def written(lab: Lab, request: ExportRequest, text: str, *findings: Finding, kind: str = "csv") -> ExportRequest:
    """The request with other canonical bytes in its one file, as if the gate had written them."""
    content = text.encode()
    stored = lab.vault.add(io.BytesIO(content), len(content))
    file = replace(request.files[0], kind=kind, canonical=stored.sha256, canonical_size=len(content), findings=findings)
    changed = replace(request, files=(file,))
    with lab.store.begin() as records:
        records.save(changed, event("test:request:write", "test", request.id))
    return changed


@pytest.mark.parametrize(("code", "said"), [("en", "finding 1"), ("fr", "constat 1")])
def test_a_finding_is_marked_at_its_cell_with_rule_numbers_and_detail(
    lab: Lab, open_: Open, code: str, said: str
) -> None:
    request = written(lab, checked_request(lab), TABLE, SMALL)
    page = open_(request, code=code).text
    assert f'<td class="heat heat-block">4 <sup><a href="#finding-1" aria-label="{said}">1</a></sup></td>' in page
    assert page.count('class="heat') == 1
    item = page[page.index('<li id="finding-1">') :].partition("</li>")[0]
    for told in ("minimum-frequency", "minimum_units = 10", "4."):
        assert told in item


INTERVAL = {
    "en": "The narrowest of these intervals goes from 3.25 to 4.75; there are this many: 2.",
    "fr": "Le plus étroit de ces intervalles va de 3,25 à 4,75 ; il y en a ce nombre : 2.",
}


@pytest.mark.parametrize("code", sorted(INTERVAL))
def test_a_steward_reads_the_interval_of_a_suppressed_cell_and_the_researcher_does_not(
    lab: Lab, open_: Open, code: str
) -> None:
    request = written(lab, checked_request(lab), TABLE, NEARLY)
    with served(lab) as base:

        def told(who: str, path: str) -> str:
            cookies = login_cookie(who) | {"portal-language": code}
            return unescape(requests.get(f"{base}{path}", cookies=cookies, timeout=60).text).replace("\xa0", " ")

        plain = unescape(open_(request, code=code).text).replace("\u202f", " ").replace("\xa0", " ")
        assert INTERVAL[code] in plain
        assert {"en": "3.25", "fr": "3,25"}[code] in told("health-steward", f"/exports/{request.id}")
        assert "3.25" in told("health-steward", f"/api/v1/exports/{request.id}")
        for who in ("researcher", "scientist", "auditor"):
            for path in (f"/exports/{request.id}", f"/api/v1/exports/{request.id}", "/notices", "/exports"):
                page = told(who, path)
                assert not re.search(r"3[.,]25|4[.,]75", page), (who, path)
    for name, value in ((e.event.name, dict(e.event.details)) for e in events(lab)):
        assert "3.25" not in str(value), name


def test_columns_are_told_in_short(lab: Lab, open_: Open) -> None:
    page = open_(written(lab, checked_request(lab), TABLE)).text
    rows = re.findall(r"<tr><th scope=\"row\"><bdi>(\w+)</bdi></th><td>([a-z ]+)</td>(.*?)</tr>", page)
    assert [(title, kind, re.findall(r">([^<>]+)</td>", rest)) for title, kind, rest in rows] == [
        ("year", "whole numbers", ["3", "0", "1990", "1"]),
        ("n", "whole numbers", ["3", "0", "4", "2"]),
    ]


def test_a_line_with_a_hit_is_masked_until_it_is_opened(lab: Lab, open_: Open) -> None:
    hit = replace(SMALL, check="personal-data", place="table.csv, line 2")
    page = open_(written(lab, checked_request(lab), "first\nsecret one\nlast", hit, kind="text")).text
    assert '<details class="masked"><summary>Line 2 is masked: finding 1</summary><pre tabindex="0">secret one' in page
    assert page.count('<details class="masked"') == 1
    assert page.count("secret one") == 1


def test_who_may_not_review_sees_neither_file_nor_detail(lab: Lab, open_: Open) -> None:
    request = written(lab, checked_request(lab), TABLE, SMALL)
    for who in ("researcher", "scientist", "auditor", "outsider", "administrator"):
        answer = open_(request, who)
        assert answer.status_code in (403, 404), who
        for told in ("covers this many units", "1992", "minimum_units"):
            assert told not in answer.text, who


def test_a_file_is_shown_beside_that_of_the_submission_before(lab: Lab, open_: Open) -> None:
    first = written(lab, checked_request(lab), TABLE)
    cast_vote(lab, "health-steward", first, Decision.CHANGES)
    submit(lab, "researcher", first.id)
    work_off(lab)
    second = exports.request(lab, "health-steward", first.id)
    assert second.files[0].earlier == first.files[0].canonical
    second = written(lab, second, TABLE.replace("1992,4", "1992,12") + "1993,50\r\n")
    page = open_(second, more="&beside=submission").text
    assert "<td>changed</td>" in page
    assert "<td>added</td>" in page
    assert "<del>4</del> <ins>12</ins>" in page
    assert "3 rows or lines are as they were." in page
    with lab.store.read() as reading:
        views = [
            dict(e.event.details) for e in reading.audit_named(("export:file:view",)) if e.event.subject == first.id
        ]
    assert {"path": "table.csv", "sha256": first.files[0].canonical, "of": first.id} in views


def test_a_file_is_shown_beside_what_left_under_its_name(lab: Lab, open_: Open) -> None:
    left = written(lab, checked_request(lab), TABLE)
    for steward in ("health-steward", "transport-steward"):
        cast_vote(lab, steward, left)
    releases.release(lab, "health-steward", left.id)
    same = written(lab, checked_request(lab), TABLE)
    page = open_(same, more="&beside=release").text
    assert f"/exports/{left.id}" in page
    assert "Both are the same, byte for byte." in page
    other = written(lab, same, TABLE.replace("1990,20", "1990,21"))
    assert "<del>20</del> <ins>21</ins>" in open_(other, more="&beside=release").text


def submitted_before(lab: Lab, request: ExportRequest, before: bytes) -> None:
    """Say that the request's one file was other bytes when it was sent before."""
    stored = lab.vault.add(io.BytesIO(before), len(before))
    changed = replace(request, files=(replace(request.files[0], earlier=stored.sha256),))
    with lab.store.begin() as records:
        records.save(changed, event("test:request:write", "test", request.id))


def notebook_of(*sources: str, output: str = "") -> str:
    cells: list[dict[str, object]] = [{"cell_type": "code", "source": source, "outputs": []} for source in sources]
    cells[0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(("code", "said"), [("en", "changed"), ("fr", "modifié")])
def test_a_notebook_is_compared_cell_by_cell_with_its_outputs(lab: Lab, open_: Open, code: str, said: str) -> None:
    request = written(lab, checked_request(lab), notebook_of("n = 2", "same", output=HOSTILE), kind="notebook")
    submitted_before(lab, request, notebook_of("n = 1", "same", output="12").encode())
    page = open_(request, more="&beside=submission", code=code).text
    compared = page[page.index('id="beside"') : page.index('id="comments"')]
    assert compared.count('class="cell cell-code"') == 1
    assert f"1 → 1 · code · {said}" in compared
    for line in ("<del>- n = 1</del>", "<ins>+ n = 2</ins>", "<del>- 12</del>"):
        assert line in compared
    assert HOSTILE in unescape(compared)
    assert "<script>alert" not in page


def png(width: int, shade: int) -> bytes:
    size = width.to_bytes(4, "big") + (1).to_bytes(4, "big")
    row = b"\0" + bytes([shade]) * width
    parts = ((b"IHDR", size + b"\x08\0\0\0\0"), (b"IDAT", zlib.compress(row)), (b"IEND", b""))
    return SIGNATURE + b"".join(chunk(name, body) for name, body in parts)


@pytest.mark.parametrize(("width", "is_said"), [(2, False), (3, True)])
def test_a_figure_stands_beside_the_earlier_one_with_their_difference(
    lab: Lab, open_: Open, width: int, is_said: bool
) -> None:
    request = pictured(lab, checked_request(lab), png(2, 0))
    submitted_before(lab, request, png(width, 255))
    page = open_(request, more="&beside=submission").text
    sources = re.findall(r'<img src="[^"]*/picture\?path=table.csv([^"]*)"', page)
    assert [unescape(source) for source in sources] == ["&beside=submission", "", "&beside=submission", ""]
    assert ("The earlier figure has another size, 3 by 1 pixels" in page) == is_said


def test_the_earlier_picture_is_for_whoever_reads_the_file_alone_and_its_view_is_recorded(
    lab: Lab, fetch_: Open
) -> None:
    request = pictured(lab, checked_request(lab), png(2, 0))
    submitted_before(lab, request, before := png(2, 255))
    answer = fetch_(request, "health-steward", "submission")
    assert (answer.status_code, answer.content) == (200, before)
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert fetch_(request, "health-steward", "release").status_code == 404
    assert fetch_(request, "health-steward", "other").status_code == 422
    for who in ("researcher", "scientist", "auditor", "outsider", "administrator"):
        assert fetch_(request, who, "submission").status_code in (403, 404), who
    with lab.store.read() as reading:
        views = [e.event for e in reading.audit_named(("export:file:view",)) if e.event.subject == request.id]
    told = [(v.actor, dict(v.details)["sha256"]) for v in views]
    assert told == [("health-steward", hashlib.sha256(before).hexdigest())]


def test_what_is_no_picture_is_not_handed_out_as_an_earlier_one(lab: Lab, open_: Open, fetch_: Open) -> None:
    request = pictured(lab, checked_request(lab), png(2, 0))
    submitted_before(lab, request, HOSTILE.encode())
    assert fetch_(request, "health-steward", "submission").status_code == 422
    assert "These two cannot be compared here; take their bytes." in open_(request, more="&beside=submission").text


@pytest.mark.parametrize("more", ["&beside=release", "&beside=submission", "&beside=nothing", "&beside="])
def test_where_there_is_nothing_earlier_the_page_says_so(lab: Lab, open_: Open, more: str) -> None:
    answer = open_(checked_request(lab), more=more)
    assert answer.status_code == 200
    assert ("There is no earlier file of this name." in answer.text) == (more[8:] in ("release", "submission"))


def test_what_stands_in_cells_findings_and_changes_is_never_run(lab: Lab, open_: Open) -> None:
    cell = '"' + HOSTILE.replace('"', '""') + '"'
    finding = replace(SMALL, place=f"{HOSTILE}, row 1, column n", sentence=HOSTILE, detail=HOSTILE, rule=HOSTILE)
    first = written(lab, checked_request(lab), f"{cell},n\r\n{cell},2\r\n", finding)
    with lab.store.begin() as records:
        file = replace(first.files[0], earlier=first.files[0].canonical)
        records.save(replace(first, files=(file,)), event("test:request:write", "test", first.id))
    second = written(lab, replace(first, files=(file,)), f'{cell},n\r\n"x{cell[1:]},3\r\n', finding)
    page = open_(second, more="&beside=submission").text
    assert "heat-block" in page
    assert "<del>" in page
    assert unescape(page).count(HOSTILE) >= 8
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_large_table_is_marked_and_compared_at_its_beginning(lab: Lab, open_: Open) -> None:
    rows = "".join(f"{n},{n % 7}\r\n" for n in range(100_000))
    request = written(lab, checked_request(lab), "year,n\r\n" + rows, replace(SMALL, place="table.csv, column n"))
    answer = open_(request)
    assert answer.elapsed.total_seconds() < 10
    assert answer.text.count('class="heat') == 201
    assert "This is the beginning; the file goes on." in answer.text
