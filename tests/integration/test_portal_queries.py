"""How often a page asks the database does not depend on how much there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import event as listening

from datasets_mount.catalogue import OwnersPart
from doubles.lab import make_lab
from doubles.people import approved_request, checked_request, found_consortium, play, registered_dataset
from doubles.portal import login_cookie, served
from hub.adapters.store import SqlStore
from hub.domain.audit import event
from hub.domain.exports import ExportRequest
from hub.domain.freezes import Freeze
from hub.domain.notebooks import Notebook
from hub.domain.releases import Release
from hub.domain.runs import Run
from hub.domain.work import Work
from hub.services import freezes, owner_votes, releases
from hub.services import queue as queues
from hub.services.lab import Lab

PAGES = (
    "/", "/queue", "/queue?show=unclaimed", "/exports", "/releases", "/runs", "/notebooks", "/freezes", "/uses",
    "/datasets/jobs/uses", "/reports", "/datasets", "/datasets/jobs", "/projects", "/projects/wages", "/promises",
    "/audit", "/owner-votes",
)  # fmt: skip
ONLY_STEWARDS = ("/queue", "/uses", "/datasets/jobs/uses", "/reports", "/promises", "/audit")
MORE = 30


@contextmanager
def counted(lab: Lab) -> Iterator[list[str]]:
    """The statements that the lab's database is asked meanwhile."""
    assert isinstance(lab.store, SqlStore)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    listening.listen(lab.store.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        listening.remove(lab.store.engine, "before_cursor_execute", note)


def multiply(lab: Lab) -> None:
    """Put many like each request, run, notebook, release and freeze into the records."""
    with lab.store.begin() as records:
        found: list[Any] = [v for kind in (ExportRequest, Run, Notebook, Release, Freeze) for v in records.find(kind)]
        for value in found:
            for number in range(MORE):
                identifier = f"{value.id}-{number}"
                records.save(replace(value, id=identifier), event("test:record:copy", "test", identifier))
                if isinstance(value, Run) and (work := records.get(Work, value.id)):
                    records.save(replace(work, id=identifier), event("test:record:copy", "test", identifier))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[int, int, int]]:
    """For each person and page: how many statements with few records and with many, and how many links more."""
    lab = make_lab(Path(tmp_path_factory.mktemp("queries")))
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    releases.release(lab, "health-steward", approved_request(lab).id)
    queues.claim_request(lab, "health-steward", checked_request(lab).id)
    checked_request(lab)
    owner_votes.set_part(lab, "jobs-steward", "jobs", OwnersPart.VOTE)
    freezes.freeze(lab, "jobs-steward", "wages", "Because of a test")
    told: dict[tuple[str, str], list[tuple[int, int]]] = {}
    with served(lab) as base:
        for again in (False, True):
            if again:
                multiply(lab)
            for who in ("jobs-steward", "researcher"):
                for page in PAGES:
                    if page.startswith(ONLY_STEWARDS) and who == "researcher":
                        continue
                    with counted(lab) as asked:
                        answer = requests.get(base + page, cookies=login_cookie(who), timeout=60)
                    assert answer.status_code == 200
                    told.setdefault((who, page), []).append((len(asked), answer.text.count("<a ")))
    return {key: (few[0], many[0], many[1] - few[1]) for key, (few, many) in told.items()}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_as_often_for_many_rows_as_for_few(
    seen: dict[tuple[str, str], tuple[int, int, int]], page: str
) -> None:
    asked = {who: (few, many) for (who, where), (few, many, _) in seen.items() if where == page}
    assert {who: many for who, (_, many) in asked.items()} == {who: few for who, (few, _) in asked.items()}


def test_the_pages_really_showed_more(seen: dict[tuple[str, str], tuple[int, int, int]]) -> None:
    for page in ("/queue", "/exports", "/releases", "/runs", "/notebooks", "/owner-votes"):
        assert seen["jobs-steward", page][2] >= MORE


def test_a_request_is_shown_a_few_files_at_a_time_and_asks_as_often_for_a_thousand(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    request = checked_request(lab)
    asked_for: dict[int, int] = {}
    with served(lab) as base:
        for count in (20, 1000):
            files = tuple(replace(request.files[0], path=f"table-{n:04}.csv") for n in range(count))
            with lab.store.begin() as records:
                records.save(replace(request, files=files), event("test:request:grow", "test", request.id))
            with counted(lab) as asked:
                page = requests.get(f"{base}/exports/{request.id}", cookies=login_cookie("auditor"), timeout=60)
            asked_for[count] = len(asked)
            assert page.text.count('<article class="file"') == 20
        last = requests.get(f"{base}/exports/{request.id}?from=980", cookies=login_cookie("auditor"), timeout=60).text
        beyond = requests.get(
            f"{base}/exports/{request.id}?from=99999", cookies=login_cookie("auditor"), timeout=60
        ).text
    assert asked_for[1000] == asked_for[20]
    assert "Files 981 to 1,000 of 1,000" in last
    assert "table-0999.csv" in last
    assert "table-0979.csv" not in last
    assert "table-0999.csv" in beyond


def test_a_steward_is_shown_many_files_as_a_list_and_each_on_a_page_of_its_own(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    request = checked_request(lab)
    cookies = login_cookie("health-steward")
    asked_for: dict[int, int] = {}
    with served(lab) as base:
        for count in (120, 1000):
            files = tuple(replace(request.files[0], path=f"table {n:04}.csv") for n in range(count))
            with lab.store.begin() as records:
                records.save(replace(request, files=files), event("test:request:grow", "test", request.id))
            with counted(lab) as asked:
                page = requests.get(f"{base}/exports/{request.id}?from=100", cookies=cookies, timeout=60).text
            asked_for[count] = len(asked)
        links = re.findall(rf'href="[^"]*(/exports/{request.id}/file\?path=[^"]+)"', page)
        alone = requests.get(base + links[0], cookies=cookies, timeout=60).text
        last = requests.get(f"{base}/exports/{request.id}?from=999", cookies=cookies, timeout=60).text
    assert asked_for[1000] == asked_for[120]
    assert [link[-10:] for link in (links[0], links[-1])] == ["200100.csv", "200199.csv"]
    assert len(links) == 100
    assert '<article class="file"' not in page
    assert "Files 901 to 1,000 of 1,000" in last
    assert "file?path=table%200101.csv" in alone
    assert "file?path=table%200099.csv" in alone


def test_requests_are_listed_a_page_at_a_time(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    checked_request(lab)
    for _ in range(2):
        multiply(lab)
    with served(lab) as base:
        seen: list[str] = []
        address = "/exports"
        while address:
            page = requests.get(base + address, cookies=login_cookie("auditor"), timeout=60).text
            seen += re.findall(r'/exports/(export-[^"?]+)"', page)
            older = re.search(r'href="[^"]*(/exports\?before=\d+)"', page)
            address = older[1] if older else ""
    with lab.store.read() as reading:
        assert seen == [r.id for r in reversed(reading.find(ExportRequest))]
    assert len(seen) > 100
