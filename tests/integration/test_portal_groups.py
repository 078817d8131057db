"""Groups of files on the portal's pages: typed by their author, and read above their files by who decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
import requests

from doubles.people import checked_request, finished_run, lab_with_data, statement_of
from doubles.portal import login_cookie, served
from hub.domain.audit import event
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.file_groups import PARTS, FileGroup
from hub.services.lab import Lab

HOSTILE = "<script>alert(1)</script>"
GROUP = FileGroup(f"tables {HOSTILE}", *(f"{part} of the tables, said {HOSTILE}" for part in PARTS))


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, base: str, who: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.cookies.update(login_cookie(who))

    def get(self, address: str) -> str:
        answer = self.session.get(self.base + address, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, page: str, address: str, **fields: object) -> requests.Response:
        token = re.search(r'name="_xsrf" value="([^"]+)"', self.get(page))
        assert token
        body = {"_xsrf": token[1], **fields}
        return self.session.post(self.base + address, data=body, timeout=60)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_with_data(tmp_path)


@pytest.fixture
def base(lab: Lab) -> Iterator[str]:
    with served(lab) as address:
        yield address


def typed(group: FileGroup, number: int = 1) -> dict[str, str]:
    return {f"group-{part}-{number}": getattr(group, part) for part in ("name", *PARTS)}


def grouped(lab: Lab, files: int = 1) -> ExportRequest:
    """A request in review whose files stand in two groups."""
    request = checked_request(lab)
    other = replace(GROUP, name="others", what="another thing altogether, in words")
    held = tuple(
        replace(request.files[0], path=f"file-{n:03}.csv", group=(GROUP if 2 * n < files else other).name)
        for n in range(files)
    )
    changed = replace(request, files=held, groups=(GROUP, other), state=ExportState.IN_REVIEW)
    with lab.store.begin() as records:
        records.save(changed, event("test:request:write", "test", request.id))
    return changed


def test_a_group_is_typed_with_the_request_and_read_above_its_files(lab: Lab, base: str) -> None:
    author, address = Visitor(base, "researcher"), f"/new/export?project=wages&source={finished_run(lab).id}&groups=2"
    page = author.get(address)
    assert page.count('name="group-what-') == 2
    path = unescape(re.findall(r'name="path-0" value="([^"]*)"', page)[0])
    fields = {"take": "0", "path-0": path, "group-0": "1", "context": "", "then": "draft"}
    made = author.send(address, address, **fields, **typed(GROUP))
    assert made.status_code == 200, made.text
    with lab.store.read() as reading:
        [request] = reading.find(ExportRequest)
    assert (request.groups, [f.group for f in request.files]) == ((GROUP,), [GROUP.name])
    shown = author.get(f"/exports/{request.id}")
    assert HOSTILE not in shown
    for part in ("name", *PARTS):
        assert getattr(GROUP, part) in unescape(shown)
    assert shown.index("What was done to protect it") < shown.index('id="file-1"')


def test_what_is_missing_is_said_before_submitting_and_what_was_typed_stays(lab: Lab, base: str) -> None:
    author, address = Visitor(base, "researcher"), f"/new/export?project=wages&source={finished_run(lab).id}&groups=1"
    fields = {"take": "0", "path-0": "table.csv", "group-0": "1", "then": "submit", "statement": statement_of(lab)}
    answer = author.send(address, address, **fields, **typed(replace(GROUP, protection="nothing")))
    assert answer.status_code == 422
    assert "what was done to protect it (20 characters or more each)" in unescape(answer.text)
    assert GROUP.what in unescape(answer.text)
    with lab.store.read() as reading:
        assert reading.find(ExportRequest) == []


def test_an_author_changes_groups_of_a_returned_request_and_nobody_is_shown_the_form_else(lab: Lab, base: str) -> None:
    request, author = grouped(lab), Visitor(base, "researcher")
    where = f"/exports/{request.id}/describe"
    assert where not in author.get(f"/exports/{request.id}")
    with lab.store.begin() as records:
        records.save(replace(request, state=ExportState.RETURNED), event("test:request:write", "test", request.id))
    assert where in author.get(f"/exports/{request.id}")
    page = author.get(where)
    assert unescape(page).count(GROUP.what) == 1
    fields = {"path-0": "file-000.csv", "group-0": "1", "context": ""}
    changed = replace(GROUP, what="what it is, said in another way")
    assert author.send(where, where, **fields, **typed(changed)).status_code == 200
    with lab.store.read() as reading:
        found = reading.get(ExportRequest, request.id)
    assert found is not None
    assert found.groups == (changed,)


@pytest.mark.parametrize(("who", "files"), [("health-steward", 45), ("researcher", 45)])
def test_a_group_stands_once_above_its_files_and_again_where_a_page_begins(
    lab: Lab, base: str, who: str, files: int
) -> None:
    request, visitor = grouped(lab, files), Visitor(base, who)
    first = unescape(visitor.get(f"/exports/{request.id}"))
    assert first.count(GROUP.what) == 1
    if who == "researcher":
        second = unescape(visitor.get(f"/exports/{request.id}?from=20"))
        assert (second.count(GROUP.what), second.count("another thing altogether")) == (1, 1)
    else:
        assert first.index(GROUP.what) < first.index("file-000.csv") < first.index("another thing altogether")


def test_the_page_of_a_file_shows_the_context_of_its_group(lab: Lab, base: str) -> None:
    request, steward = grouped(lab), Visitor(base, "health-steward")
    page = steward.get(f"/exports/{request.id}/file?path=file-000.csv")
    assert GROUP.population in unescape(page)
    assert HOSTILE not in page
