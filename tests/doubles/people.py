"""A small consortium, made through the use cases as an administrator and stewards would."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

from datasets_mount.catalogue import Dataset, Tier
from doubles.engine import MemoryEngine
from doubles.lab import make_lab
from doubles.sandbox import GoodPrograms
from hub.domain.audit import event
from hub.domain.ballots import Decision
from hub.domain.exports import ExportRequest
from hub.domain.notebooks import Notebook
from hub.domain.people import Role
from hub.domain.runs import Run
from hub.domain.statements import statements_asked
from hub.domain.supporting import SupportingFile
from hub.domain.table_context import TableContext
from hub.domain.work import ENDED, Work, WorkState
from hub.services import datasets, downloads, exports, grants, notebooks, people, projects, runs, votes
from hub.services.lab import Lab
from hub.services.work import do_round

CONTEXT = "Number of persons by year, all persons of the panel, cells below the threshold left out."
JOBS = Dataset("jobs", "Wage panel", "jobs-institute", Tier.SENSITIVE, "nr", ("nr",), "fr-fiscal-personnes")


def found_consortium(lab: Lab) -> None:
    """One administrator, two projects, three partners with a steward each, and the people who work."""
    people.make_first_administrator(lab, "administrator", "lab-office", "Lab office")
    for organisation in ("health-observatory", "transport-agency", "jobs-institute"):
        people.add_organisation(lab, "administrator", organisation, organisation.title())
    roles = {
        "scientist": ("health-observatory", Role.RESEARCHER),
        "researcher": ("transport-agency", Role.RESEARCHER),
        "outsider": ("transport-agency", Role.RESEARCHER),
        "health-steward": ("health-observatory", Role.STEWARD),
        "transport-steward": ("transport-agency", Role.STEWARD),
        "jobs-steward": ("jobs-institute", Role.STEWARD),
        "auditor": ("lab-office", Role.AUDITOR),
    }
    for name, (organisation, role) in roles.items():
        people.add_person(lab, "administrator", name, name.title(), organisation, (role,))
    for project, lead in (("wages", "scientist"), ("other", "outsider")):
        projects.create_project(
            lab, "administrator", project, title=project, purpose="a purpose", lead=lead,
            starts=date(2026, 1, 1), ends=date(2026, 12, 31),
        )  # fmt: skip
    projects.add_member(lab, "scientist", "wages", "researcher")


def play(lab: Lab) -> GoodPrograms:
    return GoodPrograms(cast(MemoryEngine, lab.engine))


def submit(lab: Lab, actor: str, identifier: str) -> ExportRequest:
    """Send a request with the statement that the lab asks for."""
    return exports.submit_request(lab, actor, identifier, statement_of(lab))


def statement_of(lab: Lab) -> str:
    """The digest of the lab's statement, in English."""
    return statements_asked({"en": lab.settings.statement.en})[0].digest


def work_off(lab: Lab, rounds: int = 20) -> None:
    """Let the worker go round until nothing is queued or under way."""
    for _ in range(rounds):
        do_round(lab)
        with lab.store.read() as reading:
            if all(w.state in ENDED for w in reading.find(Work)):
                return
    raise AssertionError("the worker does not come to an end")


def send(lab: Lab, actor: str, name: str, content: bytes = b"content") -> str:
    return datasets.upload(lab, actor, name, io.BytesIO(content)).id


def registered_dataset(lab: Lab, tier: Tier = JOBS.tier) -> str:
    """Return the digest of the snapshot of a dataset that the project may use."""
    datasets.register_dataset(lab, "jobs-steward", replace(JOBS, tier=tier))
    offer = datasets.offer_snapshot(lab, "jobs-steward", "jobs", (send(lab, "jobs-steward", "persons.csv"),))
    work_off(lab)
    grants.grant_dataset(lab, "jobs-steward", "wages", "jobs")
    return datasets.offer(lab, "jobs-steward", offer.id)[0].snapshot


def lab_with_data(folder: Path) -> Lab:
    """Return a lab whose programs do what is asked of them, with a dataset that a project may use."""
    made = make_lab(folder)
    found_consortium(made)
    play(made)
    registered_dataset(made)
    return made


def submitted_notebook(lab: Lab, lead: str = "scientist", project: str = "wages") -> Notebook:
    upload = send(lab, lead, "wages.ipynb", b'{"cells": []}')
    notebook = notebooks.submit_notebook(lab, lead, project, upload, name="wages", purpose="Wages by year")
    work_off(lab)
    return notebooks.notebook(lab, lead, notebook.id)


def approved_notebook(lab: Lab, lead: str = "scientist", project: str = "wages") -> Notebook:
    submitted = submitted_notebook(lab, lead, project)
    return notebooks.decide(lab, "jobs-steward", submitted.id, approve=True, reason="", parameters=None)


def finished_run(lab: Lab) -> Run:
    run, _ = runs.start_run(lab, "researcher", approved_notebook(lab).id, {"minimum": 11})
    work_off(lab)
    run, work, _ = runs.run(lab, "researcher", run.id)
    assert work.state is WorkState.SUCCEEDED, work
    return run


def checked_request(lab: Lab) -> ExportRequest:
    files = {"table.csv": TableContext("jobs", ("year",), "", "count")}
    source = finished_run(lab).id
    request = exports.create_request(lab, "researcher", "wages", source=source, files=files, context=CONTEXT)
    submit(lab, "researcher", request.id)
    work_off(lab)
    return exports.request(lab, "researcher", request.id)


def supported(lab: Lab, request: ExportRequest) -> ExportRequest:
    """The request with a supporting file, as if the gate had shown it."""
    path, content = "codebook.csv", b"column,meaning\r\n"
    stored = lab.vault.add(io.BytesIO(content), len(content))
    about = ("csv", stored.sha256, path, stored.size)
    changed = replace(request, supporting=(SupportingFile(path, stored.sha256, stored.size, *about),))
    with lab.store.begin() as records:
        records.save(changed, event("test:request:write", "test", request.id))
    return changed


def cast_vote(lab: Lab, steward: str, request: ExportRequest, decision: Decision = Decision.APPROVE) -> ExportRequest:
    canonical = {f.path: f.canonical for f in request.files}
    return votes.vote(
        lab, steward, request.id, decision=decision, canonical=canonical, policy=request.policy, reason="looked at it"
    )


def approved_request(lab: Lab) -> ExportRequest:
    request = checked_request(lab)
    cast_vote(lab, "health-steward", request)
    return cast_vote(lab, "transport-steward", request)


def fetched(lab: Lab, actor: str, release: str, name: str = "table.csv") -> bytes:
    """Return a released file as somebody gets it: through a download that they make for themselves."""
    own = downloads.make_download(lab, actor, release)
    return downloads.released_file(lab, actor, release, own.id, name)[1]
