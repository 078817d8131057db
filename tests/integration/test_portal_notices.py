"""The page of notices, and the number in the header, as a browser gets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from doubles.lab import SteppingClock, make_lab
from doubles.people import found_consortium
from doubles.portal import login_cookie, served
from hub.services import freezes
from hub.services.lab import Lab
from hub.services.notices import notices
from hub.services.outbox import give_up

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Lab, str]]:
    lab = make_lab(tmp_path, webhook={"url": "http://localhost:9/hook"})
    found_consortium(lab)
    for project in ("wages", ""):
        freezes.freeze(lab, "jobs-steward", project, "because of a test")
    with served(lab) as base:
        yield lab, base


def opened(base: str, who: str, path: str, language: str = "en") -> str:
    head = NAVIGATION | {"Accept-Language": language}
    answer = requests.get(base + path, cookies=login_cookie(who), headers=head, timeout=30)
    assert answer.status_code == 200
    return answer.text


def sent(base: str, who: str, path: str) -> int:
    cookies = login_cookie(who)
    with requests.Session() as browser:
        browser.cookies.update(cookies)
        page = browser.get(f"{base}/notices", headers=NAVIGATION, timeout=30).text
        token = re.findall(r'name="_xsrf" value="([^"]+)"', page)[0]
        answer = browser.post(
            base + path, data={"_xsrf": token}, headers=NAVIGATION, timeout=30, allow_redirects=False
        )  # fmt: skip
    return answer.status_code


def test_the_header_counts_what_is_unread_for_eyes_and_for_screen_readers(site: tuple[Lab, str]) -> None:
    _, base = site
    page = opened(base, "scientist", "/projects")
    assert '<span class="count" aria-hidden="true">2</span><span class="visually-hidden">(2 unread)</span>' in page
    assert "(2 non lues)" in opened(base, "scientist", "/projects", "fr")
    assert 'class="count"' not in opened(base, "jobs-steward", "/projects")


def test_a_notice_says_in_words_that_it_is_unread_and_its_button_says_which(site: tuple[Lab, str]) -> None:
    lab, base = site
    mine = notices(lab, "scientist")
    page = opened(base, "scientist", "/notices")
    assert page.count("<strong>Unread:</strong>") == 2
    for notice in mine:
        assert f'<button type="submit" class="plain" aria-describedby="n-{notice.id}">Mark as read</button>' in page
        assert f'id="n-{notice.id}"' in page
    assert "Une personne responsable des données a arrêté" in opened(base, "scientist", "/notices", "fr")


def test_forms_tick_one_and_then_all(site: tuple[Lab, str]) -> None:
    lab, base = site
    first = notices(lab, "scientist")[0]
    assert sent(base, "outsider", f"/notices/{first.id}/read") == 404
    assert sent(base, "scientist", f"/notices/{first.id}/read") == 303
    assert [n.read is not None for n in notices(lab, "scientist")] == [True, False]
    assert opened(base, "scientist", "/notices?unread=yes").count('class="card unread"') == 1
    assert sent(base, "scientist", "/notices") == 303
    page = opened(base, "scientist", "/notices")
    assert "Unread:" not in page
    assert "Mark all as read" not in page


def test_who_runs_the_lab_reads_of_what_could_not_be_sent(site: tuple[Lab, str]) -> None:
    lab, base = site
    assert isinstance(lab.clock, SteppingClock)
    lab.clock.wait(timedelta(days=1).total_seconds())
    give_up(lab)
    for who in ("administrator", "jobs-steward"):
        assert "could not be sent for a day and were given up" in opened(base, who, "/")
    assert "could not be sent" not in opened(base, "scientist", "/")
