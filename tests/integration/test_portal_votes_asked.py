"""How many votes a request needs, and why, as its page and the API tell it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
import requests

from doubles.lab import make_lab
from doubles.people import checked_request, found_consortium, play, registered_dataset
from doubles.portal import login_cookie, served
from hub.domain.exports import ExportRequest
from hub.services import policies
from hub.services.lab import Lab
from hub.settings_tables import Gate

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Lab, str, ExportRequest]]:
    made = make_lab(tmp_path)
    gate = Gate(class_votes={"code": 1, "model": 3}, tier_votes={"secret": 4})
    lab = replace(made, settings=made.settings.model_copy(update={"gate": gate}))
    found_consortium(lab)
    programs = play(lab)
    programs.classes = {"table.csv": ["table", "model"]}
    registered_dataset(lab)
    request = checked_request(lab)
    with served(lab) as base:
        yield lab, base, request


def page(base: str, request: ExportRequest, language: str = "en", who: str = "health-steward") -> str:
    head = NAVIGATION | {"Accept-Language": language}
    answer = requests.get(f"{base}/exports/{request.id}", headers=head, cookies=login_cookie(who), timeout=30)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text)))


def test_the_page_says_how_many_and_which_output_and_layer_ask_for_it(site: tuple[Lab, str, ExportRequest]) -> None:
    lab, base, request = site
    shown = page(base, request)
    assert "3 different stewards must approve every file." in shown
    assert "decides on the number: model, asked for by site." in shown
    assert "table, model ·" in shown
    assert "Another policy is in force" not in shown
    assert "tableau, modèle ·" in page(base, request, "fr", "researcher")
    policies.set_project_layer(lab, "health-steward", "wages", "[votes]\nmodel = 5\n")
    changed = page(base, request)
    assert "5 different stewards must approve every file." in changed
    assert "asked for by project:wages." in changed
    assert "Another policy is in force" in changed
    assert "Le plus strict de ce que contiennent les fichiers décide du nombre" in page(base, request, "fr")


def test_the_api_says_it_to_whoever_sees_the_request_and_to_nobody_else(site: tuple[Lab, str, ExportRequest]) -> None:
    _, base, request = site
    path = f"{base}/api/v1/exports/{request.id}/votes"
    told = {
        who: requests.get(path, headers={"Authorization": f"token {who}-token"}, timeout=30)
        for who in ("researcher", "scientist", "health-steward", "auditor", "administrator", "outsider")
    }
    said = {"number": 3, "output": "model", "layer": "site", "is_current": True}
    for who in ("researcher", "scientist", "health-steward", "auditor"):
        assert (told[who].status_code, told[who].json()) == (200, said)
    for who in ("administrator", "outsider"):
        assert told[who].status_code == 404
