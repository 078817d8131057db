"""The story's first steps: the lab, its people and projects, and the datasets that their owners put in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hub.adapters.engine import DockerEngine
from hub.adapters.identity import prepare_identity
from hub.adapters.processes import prepare, start
from hub.cli import dataset as datasets
from hub.cli import project as projects
from hub.cli.admin import person_body
from hub.cli.client import Json, place
from hub.demo.data import DEMO_DATASETS, DemoDataset, write_demo_data
from hub.demo.people import ADMINISTRATOR, HEALTH, ORGANISATIONS, PEOPLE, PROJECTS, STEWARDS, DemoProject
from hub.demo.story_stage import Seen, Stage
from hub.domain.errors import InvalidError
from hub.domain.people import Organisation, Person
from hub.services.people import make_first_administrator
from hub.settings import Settings, load_settings
from hub.wiring import lab_from

LAB_TOML = """\
# Written by “datalab demo”. docs/lab.example.toml explains every key.
title = "Data lab, demonstration"
state = "var"

[login]
# A provider on this machine's loopback, with made-up people. Never for real data.
demo = true

[storage]
# Each project and the gate's scratch space have an image of this size on the disk.
project = "512M"
scratch = "1G"
"""


def load_demo_settings(config: Path) -> Settings:
    """Read lab.toml, written first where there is none; a lab that is not for demonstration is refused."""
    if not config.exists():
        config.write_text(LAB_TOML, encoding="utf-8")
        config.chmod(0o644)  # The lab's accounts read it, and nothing in it is secret.
    settings = load_settings(config)
    if not settings.login.demo:
        raise InvalidError(
            "{config} describes a lab that is not for demonstration ([login] demo is false); name another file.",
            reason="not-a-demonstration",
            config=config,
        )
    return settings


def start_lab(stage: Stage) -> Seen:
    """Give the people their accounts, make the first administrator, and start what does not run."""
    prepare(stage.settings)
    stage.tell("accounts")
    stage.new_passwords = prepare_identity(stage.settings, [(p.name, p.title) for p in PEOPLE])
    own = next(o for o in ORGANISATIONS if o.name == HEALTH)
    make_first_administrator(lab_from(stage.settings), ADMINISTRATOR, own.name, own.title)
    start(stage.settings, stage.config, DockerEngine(stage.settings.name), progress=stage.tell)
    return Seen("answers", stage.settings.public_url)


def bring_people(stage: Stage) -> Seen:
    """The administrator adds organisations and people, unless they are there as they should be."""
    lab = stage.portal(ADMINISTRATOR)
    there = {o["name"]: o["title"] for o in lab.get("/organisations")}
    for organisation in ORGANISATIONS:
        if there.get(organisation.name) != organisation.title:
            _add_organisation(stage, organisation)
    known = {p["name"]: p for p in lab.get("/people")}
    for person in PEOPLE:
        body = person_body(person.title, person.organisation, list(person.roles))
        if {**known.get(person.name, {}), **body} != known.get(person.name):
            _add_person(stage, person, body)
    return Seen("known", f"{len(ORGANISATIONS)} organisations, {len(PEOPLE)} people, each with one role")


def _add_organisation(stage: Stage, organisation: Organisation) -> None:
    stage.tell(organisation.title)
    stage.portal(ADMINISTRATOR).put(place("organisations", organisation.name), {"title": organisation.title})


def _add_person(stage: Stage, person: Person, body: Json) -> None:
    stage.tell(person.title)
    stage.portal(ADMINISTRATOR).put(place("people", person.name), body)


def make_projects(stage: Stage) -> Seen:
    """The administrator makes the projects; each lead adds the members."""
    there = {p["name"] for p in stage.portal(ADMINISTRATOR).get("/projects")}
    for project in PROJECTS:
        if project.name not in there:
            _make_project(stage, project)
        lead = stage.portal(project.lead)
        members = lead.get(place("projects", project.name))["project"]["members"]
        for member in set(project.members) - set(members):
            lead.put(place("projects", project.name, "members", member))
    said = [f"{p.name} ({', '.join((p.lead, *p.members))})" for p in PROJECTS]
    return Seen("made", "; ".join(said))


def _make_project(stage: Stage, project: DemoProject) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)  # begun everywhere, whatever its time zone and its clock
    ends = date(yesterday.year + 1, 12, 31)
    body = projects.project_body(project.name, project.title, project.purpose, project.lead, yesterday, ends)
    stage.portal(ADMINISTRATOR).post("/projects", body)


def register_datasets(stage: Stage) -> Seen:
    """Each dataset is registered by its owner's steward and becomes an immutable snapshot."""
    with tempfile.TemporaryDirectory(prefix="datalab-demo-") as folder:
        missing = [demo for demo in DEMO_DATASETS if not _is_there(stage, demo)]
        if missing:
            stage.tell("unpacking the data")
            write_demo_data(Path(folder))
        offers = [(demo, _offer(stage, demo, Path(folder))) for demo in missing]
        for demo, offer in offers:
            datasets.wait_for_offer(stage.portal(STEWARDS[demo.dataset.owner]), offer["id"], stage.tell)
    return Seen("snapshots", "; ".join(_said(stage)))


def _is_there(stage: Stage, demo: DemoDataset) -> bool:
    there = stage.portal(STEWARDS[demo.dataset.owner]).get("/datasets")
    return any(entry["dataset"]["name"] == demo.dataset.name and entry["snapshots"] for entry in there)


def _offer(stage: Stage, demo: DemoDataset, folder: Path) -> Json:
    """Describe a dataset and send its files."""
    described = demo.dataset
    lab = stage.portal(STEWARDS[described.owner])
    identifiers, unit = described.direct_identifiers, described.privacy_unit
    body = datasets.dataset_body(described.title, described.owner, described.tier, described.profile, unit, identifiers)
    lab.put(place("datasets", described.name), body)
    files = [folder / described.name / name for name in demo.files]
    return datasets.offer_files(lab, described.name, files, stage.tell)


def _said(stage: Stage) -> Iterator[str]:
    for demo in DEMO_DATASETS:
        found = datasets.flat(datasets.find(stage.portal(STEWARDS[demo.dataset.owner]), demo.dataset.name))
        yield f"{found['name']} {found['snapshot'][:12]}… ({found['rows']:,} rows, {found['tier']})"


def grant_datasets(stage: Stage) -> Seen:
    """Each project's use of a dataset is granted by a steward of its owner."""
    owners = {demo.dataset.name: demo.dataset.owner for demo in DEMO_DATASETS}
    for project in PROJECTS:
        there = {g["dataset"] for g in stage.portal(project.lead).get(place("projects", project.name))["grants"]}
        for name in project.datasets:
            if name not in there:
                steward = stage.portal(STEWARDS[owners[name]])
                steward.put(place("projects", project.name, "datasets", name))
    return Seen("granted", "; ".join(f"{p.name}: {', '.join(p.datasets)}" for p in PROJECTS))
