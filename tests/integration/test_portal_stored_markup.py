"""What people wrote stays text: hostile words in every place that somebody fills, on every page, in Chromium.

The words are written into the records past all rules, so that a page is not spared by a rule that would have refused
them; and the browser is told to forget the policy that would have kept them from running.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page
from pydantic import TypeAdapter
from sqlalchemy import update

from datasets_mount.catalogue import OwnersPart
from doubles.lab import make_lab
from doubles.portal import PREFIX, login_cookie, served
from hub.adapters.store import SqlStore
from hub.adapters.tables import KEYS, TABLES
from hub.domain.audit import event
from hub.domain.ballots import Cause, Decision, Override, OwnerVote
from hub.domain.comments import Audience, Place
from hub.domain.exceptions import ExceptionVote, GateException, Ground, Word
from hub.domain.exports import ExportFile, ExportRequest, Finding, Severity
from hub.domain.file_cards import FigureTable, FileCard, RemovedPart, Vocabulary
from hub.domain.notebooks import Notebook, NotebookState
from hub.domain.publications import FIELDS, PublicKind
from hub.domain.saved_views import SavedView
from hub.domain.validation import Validation, ValidationResult
from hub.services import comments, freezes, owner_votes, publications, run_budgets, saved_views
from hub.services.lab import Lab
from hub.settings import PublicRegister
from hub.web.languages import CODES, COOKIE
from hub.web.pages.table import PAGES
from integration.test_portal_accessible import who_sees
from integration.test_portal_roles import PAGE_MATRIX, everything, filled

SHOWN = (
    "Organisation.title", "Person.title", "Project.title", "Project.purpose", "Offer.files.name",
    "Dataset.title", "Dataset.privacy_unit", "Dataset.direct_identifiers", "Snapshot.files.path",
    "Snapshot.files.columns", "Notebook.name", "Notebook.purpose", "Notebook.reason", "Notebook.cells",
    "Notebook.validation.reason", "Run.outputs.path",
    "Schedule.reason", "Schedule.said", "Work.reason", "ExportRequest.context", "ExportRequest.reason",
    "ExportRequest.files.canonical_name", "ExportRequest.files.table.dimensions",
    "ExportRequest.files.table.measure", "ExportRequest.files.table.weight", "ExportRequest.files.table.filter",
    "ExportRequest.files.findings.check", "ExportRequest.files.findings.place",
    "ExportRequest.files.findings.sentence", "ExportRequest.files.findings.rule",
    "ExportRequest.files.findings.detail", "ExportRequest.votes.reason",
    "ExportRequest.votes.path", "Comment.text", "Comment.path", "Release.files.name", "Freeze.reason",
    "RunGrant.reason", "GateException.text", "GateException.path",
    "GateException.votes.reason", "SavedViews.views.name", "Notice.subject", "ExportRequest.overrides.reason",
    "ExportRequest.owner_votes.reason", "ExportRequest.files.card.vocabularies.dataset",
    "ExportRequest.files.card.vocabularies.column", "ExportRequest.files.card.removed.kind",
    "ExportRequest.files.card.table.path",
)  # fmt: skip
"""Where a record holds what somebody filled in, or what a program wrote: kind and field."""
CONTENTS = ("csv", "json", "text", "notebook")
"""Kinds of file whose content a page shows."""
LOUD = """"'><img data-mark src={at}/img onerror=window.__hit=1><svg data-mark onload=window.__hit=2></svg>\
<script data-mark>window.__hit=3</script></textarea></title></script><iframe data-mark src={at}/frame></iframe>\
<a data-mark href=javascript:window.__hit=4>x</a>" autofocus onfocus="window.__hit=5" data-mark="\
<style data-mark>@import '{at}/style'</style>%(x)s %s {{0}} {{{{7*7}}}}\u202e\u2066\x07\x1b\u200b"""
LONG = "m" * 1000
CAME_OF_IT = """() => [...document.querySelectorAll('*')].flatMap(it => [...it.attributes]
  .filter(a => a.name.startsWith('on') || a.name === 'data-mark' || /^\\s*javascript:/i.test(a.value)
    && ['href', 'src', 'action', 'formaction', 'srcdoc', 'data'].includes(a.name))
  .map(a => `${it.tagName} ${a.name}`))"""
"""Elements and attributes that a text made."""


@dataclass
class Seen:
    """What a browser made of a page."""

    status: int
    came: list[str]
    hit: object
    text: str


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """Something elsewhere on the machine, and what it was asked for."""
    heard: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def mark_of(place: str) -> str:
    return f"«{place}»"


def hostile(place: str, at: str) -> str:
    loud = LOUD.format(at=at)
    return f"{mark_of(place)}{loud}{LONG}{loud}"


def changed(value: Any, path: list[str], text: str) -> Any:
    """The value with a text in place of every one that the path leads to."""
    if isinstance(value, list):
        return [changed(item, path, text) for item in value]
    if isinstance(value, str) and not path:
        return text
    if isinstance(value, dict) and path and path[0] in value:
        return value | {path[0]: changed(value[path[0]], path[1:], text)}
    return value


def fill(lab: Lab, at: str) -> None:
    """Write the hostile text of each place over what is there, past all rules."""
    assert isinstance(lab.store, SqlStore)
    for kind, (_, key) in KEYS.items():
        places = [place for place in SHOWN if place.startswith(f"{kind.__name__}.")]
        with lab.store.read() as reading:
            found: list[Any] = reading.find(kind)
            records = [TypeAdapter(kind).dump_python(value, mode="json") for value in found]
        for record in records:
            new = record
            for place in places:
                new = changed(new, place.split(".")[1:], hostile(place, at))
            for name in ("parameters",) if kind.__name__ in ("Run", "Schedule") else ():
                new = new | {name: {hostile(f"{kind.__name__}.parameters", at): hostile("values", at)}}
            if kind is Notebook:
                name, chosen = hostile("Notebook.parameters", at), hostile("Notebook.choices", at)
                choice = {"name": name, "type": "choice", "default": chosen, "choices": [chosen]}
                text = {"name": f"{name}2", "type": "text", "default": chosen}
                new = new | {"parameters": [choice, text]}
            columns = {name: new[name] for name in new if new[name] != record[name]}
            if columns:
                table = TABLES[kind]
                with lab.store.engine.begin() as connection:
                    connection.execute(update(table).where(table.c[key] == record[key]).values(columns))


def content(kind: str, at: str) -> bytes:
    """A file of a kind in which everything is hostile."""
    text = hostile(kind, at)
    if kind == "csv":
        quoted = '"' + text.replace('"', '""') + '"'
        return f"{quoted},n\r\n{quoted},20\r\n".encode()
    if kind == "json":
        return json.dumps({text: [text]}, ensure_ascii=False).encode()
    if kind == "text":
        return text.encode()
    media = ("text/html", "text/markdown", "image/svg+xml", "text/latex", "application/javascript", text)
    outputs = [
        {"output_type": "display_data", "data": {"text/plain": text} | dict.fromkeys(media, text)},
        {"output_type": "stream", "name": text, "text": [text]},
        {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]},
    ]
    cells = [{"cell_type": c, "source": [text], "outputs": outputs, "metadata": {}} for c in ("code", "markdown", text)]
    return json.dumps({"cells": cells, "metadata": {"title": text}}).encode()


def add_what_is_missing(lab: Lab, made: dict[str, str], at: str) -> None:
    """Comments, exceptions, findings, files of all kinds, saved views, published entries and a failed validation."""
    request = made["request"]
    comments.add_comment(lab, "researcher", request, "Which year?", Audience.PROJECT, Place("table.csv", 1, 1))
    saved_views.save_view(lab, "jobs-steward", SavedView("mine"))
    run_budgets.grant_runs(lab, "jobs-steward", "wages", 5, "because it is so")
    freezes.freeze(lab, "jobs-steward", "wages", "because of a test")
    owner_votes.set_part(lab, "jobs-steward", "jobs", OwnersPart.VOTE)
    publications.publish(lab, "scientist", PublicKind.PROJECT, "wages", FIELDS[PublicKind.PROJECT])
    publications.publish(lab, "jobs-steward", PublicKind.DATASET, "jobs", FIELDS[PublicKind.DATASET])
    publications.publish(lab, "health-steward", PublicKind.RELEASE, made["released"], FIELDS[PublicKind.RELEASE])
    finding = Finding("dominance", Severity.BLOCK, "table.csv", "It.", "a rule", "Of 4.", (("minimum_units", "10"),))
    words, left_out, table = Vocabulary("jobs", "year", 3, 20), RemovedPart("tEXt", 1, 9), FigureTable("t.csv", 1, 1)
    card = FileCard(vocabularies=(words,), removed=(left_out,), table=table)
    override = Override("health-steward", "because", lab.now(), ())
    owner_vote = OwnerVote("jobs-steward", "jobs", Decision.CHANGES, "because", lab.now(), "0" * 64, Cause.OTHER)
    with lab.store.begin() as records:

        def save(value: object) -> None:
            records.save(value, event("test:record:write", "test", request))

        for kept in records.find(ExportRequest):
            files: list[ExportFile] = []
            for kind in CONTENTS:
                held = content(kind, at)
                stored = lab.vault.add(io.BytesIO(held), len(held))
                size = len(held)
                files.append(
                    replace(
                        kept.files[0], kind=kind, path=kind, canonical=stored.sha256, canonical_size=size,
                        findings=(finding,), card=card,
                    )
                )  # fmt: skip
            votes = {"overrides": (override,), "owner_votes": (owner_vote,)}
            save(replace(kept, files=tuple(files), reason="because", **votes))
        for notebook in records.find(Notebook):
            failed = notebook.id != made["notebook"]
            result = ValidationResult.FAILED if failed else ValidationResult.NOT_VALIDATED
            save(replace(notebook, validation=Validation(result, 1 if failed else 0, "ValueError", "why")))
        vote = ExceptionVote("health-steward", Word.GRANT, "because", lab.now())
        save(
            GateException(
                "exception-aaaaaaaaaaaa", request, "wages", "csv", finding.check, finding.place, "0" * 64,
                "0" * 64, "0" * 64, Ground.PUBLIC, "It was published before.", "researcher", lab.now(), (vote,),
            )
        )  # fmt: skip
        assert records.get(Notebook, made["notebook"]).state is NotebookState.APPROVED  # type: ignore[union-attr]


def looked_at(page: Page, status: int) -> Seen:
    page.wait_for_function("document.readyState === 'complete'")
    page.wait_for_timeout(50)
    return Seen(status, page.evaluate(CAME_OF_IT), page.evaluate("window.__hit ?? null"), page.content())


Looked = tuple[dict[tuple[str, str], Seen], list[str]]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Looked]:
    """Every page, as whoever sees most of it, and what the listener heard of all that."""
    lab = make_lab(tmp_path_factory.mktemp("markup"))
    lab = replace(
        lab, settings=lab.settings.model_copy(update={"public_register": PublicRegister(open=True)})
    )  # fmt: skip
    made = everything(lab)
    seen: dict[tuple[str, str], Seen] = {}
    with listening() as (at, heard):
        add_what_is_missing(lab, made, at)
        fill(lab, at)
        addresses = {path: (who_sees(path), filled(row[0], made)) for path, row in PAGE_MATRIX.items()}
        with lab.store.read() as reading:
            request = reading.get(ExportRequest, made["request"])
            assert request
        files = tuple(replace(f, path=f.kind) for f in request.files)
        request = replace(request, files=files)
        for kind in CONTENTS:
            addresses[f"file {kind}"] = ("jobs-steward", f"/exports/{made['request']}/file?path={kind}")
        with lab.store.begin() as records:
            records.save(request, event("test:record:write", "test", made["request"]))
        addresses.pop("/exports/{id}/file")
        addresses["register"] = ("jobs-steward", "/register")
        addresses["nowhere"] = ("jobs-steward", f"/{quote(hostile('address', at), safe='')}")
        addresses["queries"] = (
            "jobs-steward",
            f"/catalogue?text={quote(mark_of('query') + LOUD.format(at=at)[:60], safe='')}",
        )
        with served(lab) as base:
            for code in CODES:
                for name, (who, address) in addresses.items():
                    context = chromium.new_context(bypass_csp=True)
                    cookies = login_cookie(who) | {COOKIE: code}
                    context.add_cookies(
                        [{"name": n, "value": v, "domain": "127.0.0.1", "path": PREFIX} for n, v in cookies.items()]
                    )
                    page = context.new_page()
                    answer = page.goto(base + address)
                    assert answer
                    seen[name, code] = looked_at(page, answer.status)
                    context.close()
        yield seen, heard


NAMES = sorted(
    {*PAGE_MATRIX, "register", "nowhere", "queries", *(f"file {k}" for k in CONTENTS)} - {"/exports/{id}/file"}
)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", NAMES)
def test_no_page_makes_anything_of_what_people_wrote(looked: Looked, name: str, code: str) -> None:
    seen = looked[0][name, code]
    assert seen.status == (404 if name == "nowhere" else 200)
    assert (seen.came, seen.hit) == ([], None)


def test_nothing_was_fetched_for_what_people_wrote(looked: Looked) -> None:
    assert looked[1] == []


@pytest.mark.parametrize("place", [*SHOWN, *CONTENTS, "Notebook.parameters", "Run.parameters", "Schedule.parameters"])
def test_what_was_written_was_there_to_be_shown(looked: Looked, place: str) -> None:
    assert any(mark_of(place) in seen.text for seen in looked[0].values())


def test_every_page_is_looked_at() -> None:
    assert {page.path for page in PAGES} == set(PAGE_MATRIX)


def test_the_text_is_hostile_where_a_page_takes_it_for_markup(chromium: Browser) -> None:
    with listening() as (at, heard):
        page = chromium.new_page()
        page.set_content(f'<p title="{hostile("a", at)}">b</p>')
        page.wait_for_function("window.__hit")
        page.wait_for_timeout(300)
        assert {"IMG data-mark", "SVG data-mark", "svg data-mark", "SCRIPT data-mark"} & set(page.evaluate(CAME_OF_IT))
        assert "/img" in heard
        page.close()
