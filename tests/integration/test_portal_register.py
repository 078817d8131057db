"""The public register is read without a login, and opens nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from doubles.lab import make_lab
from doubles.people import approved_request, found_consortium, play, registered_dataset
from doubles.portal import PREFIX, served
from hub.domain.publications import FIELDS, PublicKind
from hub.services import projects, publications, releases
from hub.services.lab import Lab
from hub.settings import PublicRegister
from hub.web.api.table import ROUTES
from hub.web.languages import CODES
from hub.web.pages.table import PAGES
from integration.test_portal_accessible import DRAWN, SIDEWAYS, ZOOMED, faults

HOSTILE = "<script>alert(1)</script>"


def open_register(lab: Lab, *, public: bool) -> Lab:
    return replace(lab, settings=lab.settings.model_copy(update={"public_register": PublicRegister(open=public)}))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = make_lab(tmp_path_factory.mktemp("register"))
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    made = releases.release(lab, "health-steward", approved_request(lab).id).id
    projects.create_project(
        lab, "administrator", "hostile", title=HOSTILE, purpose=HOSTILE, lead="outsider",
        starts=lab.now().date(), ends=lab.now().date(),
    )  # fmt: skip
    publications.publish(lab, "outsider", PublicKind.PROJECT, "hostile", FIELDS[PublicKind.PROJECT])
    publications.publish(lab, "jobs-steward", PublicKind.DATASET, "jobs", FIELDS[PublicKind.DATASET])
    publications.publish(lab, "health-steward", PublicKind.RELEASE, made, FIELDS[PublicKind.RELEASE])
    return lab


@pytest.fixture(scope="module")
def base(lab: Lab) -> Iterator[str]:
    with served(open_register(lab, public=True)) as address:
        yield address


def test_anybody_reads_the_register_in_their_language(base: str) -> None:
    for code, words in (("en", "Released outputs"), ("fr", "Résultats diffusés")):
        answer = requests.get(f"{base}/register", headers={"Accept-Language": code}, timeout=30)
        assert answer.status_code == 200
        assert words in answer.text
        assert "Wage panel" in answer.text
        assert answer.headers["Content-Language"] == code
        asked = requests.get(f"{base}/register?lang={code}", headers={"Accept-Language": "de"}, timeout=30)
        assert words in asked.text


def test_what_is_hostile_is_shown_and_never_run(base: str) -> None:
    answer = requests.get(f"{base}/register", timeout=30)
    assert HOSTILE not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<form" not in answer.text


def test_it_is_a_document_too(base: str) -> None:
    answer = requests.get(f"{base}/register.json", timeout=30)
    assert answer.headers["Content-Type"].startswith("application/ld+json")
    assert answer.json()["@type"] == "dcat:Catalog"
    assert len(answer.json()["dcat:dataset"]) == 2


@pytest.mark.parametrize("name", ["register", "register.json"])
def test_it_sets_no_cookie_says_no_name_and_takes_nothing(base: str, name: str) -> None:
    answer = requests.get(f"{base}/{name}", cookies={"service-portal": "anything"}, timeout=30)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    for hidden in ("scientist", "researcher", "health-steward", "outsider", "wages", "export-"):
        assert hidden not in answer.text
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert requests.request(method, f"{base}/{name}", timeout=30).status_code in (403, 405)


@pytest.mark.parametrize("code", CODES)
def test_the_page_is_accessible_and_whole_at_twice_its_size(base: str, chromium: Browser, code: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{base}/register?lang={code}")
    assert page.locator("html").get_attribute("lang") == code
    assert faults(page) == []
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    page.evaluate(DRAWN)
    assert page.evaluate(SIDEWAYS) == []
    context.close()


def test_it_opens_nothing_else(base: str) -> None:
    for page in PAGES:
        path = page.path.replace("{name}", "jobs").replace("{id}", "x")
        answer = requests.get(base + path, timeout=30, allow_redirects=False)
        assert answer.status_code == 302, path
        assert "oauth" in answer.headers["Location"]
    for route in ROUTES:
        if route.method == "GET" and "{" not in route.path:
            assert requests.get(f"{base}/api/v1{route.path}", timeout=30).status_code == 401, route.path
    for path in ("/register/", "/register/jobs", "/register.jsonx", "/registers"):
        assert requests.get(base + path, timeout=30, allow_redirects=False).status_code == 302, path


def test_a_lab_without_a_register_answers_as_at_any_unknown_address(lab: Lab, tmp_path: Path) -> None:
    with served(open_register(lab, public=False)) as address:
        for name in ("register", "register.json"):
            seen, unknown = (
                requests.get(f"{address}/{path}", timeout=30, allow_redirects=False) for path in (name, "nothing-here")
            )
            assert (seen.status_code, seen.headers.get("Content-Type")) == (302, unknown.headers.get("Content-Type"))
            assert unknown.status_code == 302
            assert PREFIX in address + "/"
