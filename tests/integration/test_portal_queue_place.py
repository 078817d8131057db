"""A run that waits says on its page, and through the API, how many turns it is away from its start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import requests

from doubles.engine import MemoryEngine
from doubles.lab import make_lab
from doubles.people import approved_notebook, found_consortium, play
from doubles.portal import login_cookie, served
from hub.services import runs
from hub.services.lab import Lab
from hub.services.work import do_round

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Lab, str, list[str]]]:
    """Two runs of a project and one of another, in this order."""
    lab = make_lab(tmp_path, concurrent_work=1)
    found_consortium(lab)
    play(lab)
    own, others = approved_notebook(lab).id, approved_notebook(lab, "outsider", "other").id
    cast(MemoryEngine, lab.engine).on_start = None
    started = [runs.start_run(lab, "researcher", own, {})[0].id for _ in range(2)]
    started.append(runs.start_run(lab, "outsider", others, {})[0].id)
    with served(lab) as base:
        yield lab, base, started


def places(base: str, started: list[str]) -> list[int | None]:
    """What the API says of each run to somebody of its project."""
    found = []
    for run, who in zip(started, ("researcher", "researcher", "outsider"), strict=True):
        head = {"Authorization": f"token {who}-token"}
        found.append(requests.get(f"{base}/api/v1/runs/{run}", headers=head, timeout=30).json()["place_in_queue"])
    return found


def page(base: str, address: str, language: str) -> str:
    head = NAVIGATION | {"Accept-Language": language}
    answer = requests.get(base + address, headers=head, cookies=login_cookie("researcher"), timeout=30)
    assert answer.status_code == 200
    return answer.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(("language", "words"), [("en", "Place in the queue: {}"), ("fr", "Place dans la file : {}")])
@pytest.mark.parametrize("address", ["/runs/{}", "/runs/{}/progress"])
def test_a_runs_page_says_its_place_in_the_queue_until_its_turn(
    site: tuple[Lab, str, list[str]], address: str, language: str, words: str
) -> None:
    lab, base, (first, second, _) = site
    assert words.format(1) in page(base, address.format(first), language)
    assert words.format(3) in page(base, address.format(second), language)
    do_round(lab)
    assert words.format("") not in page(base, address.format(first), language)
    assert words.format(2) in page(base, address.format(second), language)


def test_the_api_says_the_place_in_the_queue_until_the_turn(site: tuple[Lab, str, list[str]]) -> None:
    lab, base, started = site
    assert places(base, started) == [1, 3, 2]
    do_round(lab)
    assert places(base, started) == [None, 2, 1]
