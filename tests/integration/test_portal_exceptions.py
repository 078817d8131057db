"""Exceptions on the page of a request, as a browser gets them: the author's form and the stewards' word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests

from doubles.lab import make_lab
from doubles.people import checked_request, found_consortium, play, registered_dataset
from doubles.portal import login_cookie, served
from hub.domain.exports import ExportRequest, ExportState
from hub.services.exceptions import exceptions
from hub.services.lab import Lab

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
FEW = {"check": "minimum-frequency", "severity": "block", "place": "row 1", "sentence": "A cell stands for few."}
LEAK = {"check": "row-leak", "severity": "block", "place": "row 1", "sentence": "A row of the data."}
HOSTILE = "<script>alert(1)</script> because of the law"


class Browser:
    def __init__(self, base: str, who: str) -> None:
        self.base, self.session = base, requests.Session()
        self.session.cookies.update(login_cookie(who))

    def open(self, path: str, language: str = "en") -> str:
        head = NAVIGATION | {"Accept-Language": language}
        return self.session.get(self.base + path, headers=head, timeout=30).text

    def send(self, page: str, path: str, **fields: str) -> requests.Response:
        token = re.findall(r'name="_xsrf" value="([^"]+)"', self.open(page))[0]
        return self.session.post(
            self.base + path, data={"_xsrf": token, **fields}, headers=NAVIGATION, timeout=30, allow_redirects=False
        )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Lab, str, ExportRequest]]:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    programs = play(lab)
    registered_dataset(lab)
    programs.findings = [FEW, LEAK, {**FEW, "severity": "review", "place": "row 2"}]
    request = checked_request(lab)
    with served(lab) as base:
        yield lab, base, request


def test_the_author_asks_from_what_allows_it_and_stewards_decide(site: tuple[Lab, str, ExportRequest]) -> None:
    lab, base, request = site
    page = f"/exports/{request.id}"
    author, steward = Browser(base, "researcher"), Browser(base, "health-steward")
    offered = re.findall(r'<option value="(\d+:[^"]+)"', author.open(page))
    assert offered == ["1:table.csv", "3:table.csv"]
    assert '<option value="1:' not in steward.open(page)
    short = author.send(page, f"{page}/exceptions", finding=offered[0], ground="required_by_law", exception_text="no")
    assert short.status_code == 422
    assert "20 characters or more" in short.text
    fields = {"finding": offered[0], "ground": "required_by_law", "exception_text": HOSTILE}
    assert author.send(page, f"{page}/exceptions", **fields).status_code == 303
    asked = exceptions(lab, "health-steward", request.id)[0]
    shown = steward.open(page)
    assert HOSTILE not in shown
    assert HOSTILE in unescape(shown)
    assert "3 different stewards must grant it" in shown
    assert "exigé par la loi" in steward.open(page, "fr")
    word = {"canonical": asked.canonical, "policy": asked.policy, "exception_reason": "I looked"}
    address = f"{page}/exceptions/{asked.id}/votes"
    assert author.send(page, address, word="grant", **word).status_code == 403
    assert steward.send(page, address, word="grant", **(word | {"canonical": "0" * 64})).status_code == 409
    assert steward.send(page, address, word="grant", **word).status_code == 303
    assert "I looked" in steward.open(page)
    assert "I looked" not in author.open(page)
    assert steward.send(page, address, word="deny", **word).status_code == 303
    assert "I looked" in author.open(page)
    with lab.store.read() as reading:
        kept = reading.get(ExportRequest, request.id)
    assert kept is not None
    assert kept.state is ExportState.BLOCKED
