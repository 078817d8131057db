"""The public register: who makes what public, and what anybody may then read.

Invariants:

* a project's lead says what is public of it, a steward of its owner of a dataset, a reviewing steward of a release;
* what names something else names it only where that is public, too, by its public title;
* while a project is frozen, or the lab, nothing of its releases stands in the register.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from datasets_mount.catalogue import Dataset, Grant, Snapshot, is_in_force
from hub.domain.audit import event
from hub.domain.errors import LabError, NotFoundError
from hub.domain.exports import ExportRequest
from hub.domain.people import Organisation, Person, Role
from hub.domain.projects import Project, check_leads
from hub.domain.publications import (
    Publication,
    PublicEntry,
    PublicField,
    PublicFile,
    PublicKind,
    check_fields,
    publication_id,
)
from hub.domain.releases import Release
from hub.domain.votes import check_can_review
from hub.services.datasets import check_owns
from hub.services.exports import load_visible
from hub.services.freezes import freezes_in_force
from hub.services.lab import Lab, known_projects, load_person, new_id
from hub.services.ports import Reading
from hub.services.projects import load_project
from hub.services.releases import load_release

_F, _K = PublicField, PublicKind


def publish(lab: Lab, actor: str, kind: PublicKind, subject: str, fields: Iterable[PublicField]) -> Publication:
    """Say which fields are public from now on; none takes the entry out of the register."""
    with lab.store.begin() as records:
        _check_may_publish(records, actor, kind, subject)
        chosen = check_fields(kind, fields)
        identifier = publication_id(kind, subject)
        present = records.get(Publication, identifier)
        key = present.key if present else new_id("public")
        kept = Publication(identifier, kind, subject, key, chosen, actor, lab.now())
        project = subject if kind is _K.PROJECT else ""
        details = {"kind": kind, "fields": " ".join(chosen)}
        records.save(kept, event("lab:register:publish", actor, subject, project, **details))
        return kept


def publication(lab: Lab, actor: str, kind: PublicKind, subject: str) -> Publication | None:
    """Return what is public of something, to who may say so; none where nothing ever was."""
    with lab.store.read() as reading:
        _check_may_publish(reading, actor, kind, subject)
        return reading.get(Publication, publication_id(kind, subject))


def may_publish(lab: Lab, actor: str, kind: PublicKind, subject: str) -> bool:
    """Say whether the person decides on what is public of something, for a page that offers to."""
    with lab.store.read() as reading:
        try:
            _check_may_publish(reading, actor, kind, subject)
        except LabError:
            return False
        return True


def _check_may_publish(reading: Reading, actor: str, kind: PublicKind, subject: str) -> None:
    match kind:
        case PublicKind.PROJECT:
            person = load_person(reading, actor)
            check_leads(person, load_project(reading, person, subject))
        case PublicKind.DATASET:
            check_owns(reading, actor, subject)
        case PublicKind.RELEASE:
            load_release(reading, actor, subject)
            request, person, project = load_visible(reading, actor, subject)
            check_can_review(person, request, project)


def publications(lab: Lab, actor: str) -> list[Publication]:
    """Return all that is public by the lab's own names, to stewards and auditors; to others what they decided."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        reads_all = bool({Role.STEWARD, Role.AUDITOR} & set(person.roles))
        return [p for p in reading.find(Publication) if p.fields and (reads_all or p.changed_by == actor)]


@dataclass(frozen=True, slots=True)
class _Records:
    """What the entries are made of, read at once, so that a long register asks as often as a short one."""

    public: Mapping[tuple[PublicKind, str], Publication]
    projects: Mapping[str, Project]
    datasets: Mapping[str, Dataset]
    organisations: Mapping[str, Organisation]
    people: Mapping[str, Person]
    grants: tuple[Grant, ...]
    snapshots: tuple[Snapshot, ...]
    releases: Mapping[str, Release]
    requests: Mapping[str, ExportRequest]
    frozen: frozenset[str]
    today: date

    def title(self, kind: PublicKind, subject: str) -> str:
        """The public title of something, or nothing."""
        kept = self.public.get((kind, subject))
        if kept is None or _F.TITLE not in kept.fields:
            return ""
        known = self.projects.get(subject) if kind is _K.PROJECT else self.datasets.get(subject)
        return known.title if known else ""

    def titles(self, datasets: Iterable[str]) -> tuple[str, ...]:
        """The public titles of datasets."""
        return tuple(sorted(title for name in datasets if (title := self.title(_K.DATASET, name))))

    def organisation(self, name: str) -> str:
        """The title of an organisation, or nothing."""
        known = self.organisations.get(name)
        return known.title if known else ""


def public_register(lab: Lab) -> list[PublicEntry]:
    """Return the register for anybody: every field was made public, and nothing else is read out."""
    if not lab.settings.public_register.open:
        raise NotFoundError("There is nothing at this address.", reason="unknown-address")
    with lab.store.read() as reading:
        kept = [p for p in reading.find(Publication) if p.fields]
        records = _read(reading, kept) if kept else None
    made = [entry for p in kept if records and (entry := _ENTRIES[p.kind](records, p)) is not None]
    return sorted(made, key=lambda e: (list(PublicKind).index(e.kind), e.texts.get(_F.TITLE, ""), e.key))


def _read(reading: Reading, kept: list[Publication]) -> _Records:
    def subjects(kind: PublicKind) -> tuple[str, ...]:
        return tuple(p.subject for p in kept if p.kind is kind)

    today, released = reading.moment.date(), subjects(_K.RELEASE)
    return _Records(
        {(p.kind, p.subject): p for p in kept},
        {p.name: p for p in known_projects(reading)},
        {d.name: d for d in reading.find(Dataset)},
        {o.name: o for o in reading.find(Organisation)},
        {p.name: p for p in reading.find(Person)},
        tuple(g for g in reading.find(Grant, project=subjects(_K.PROJECT)) if is_in_force(g, today)),
        tuple(reading.find(Snapshot, dataset=subjects(_K.DATASET))),
        {r.id: r for r in reading.find(Release, id=released)},
        {r.id: r for r in reading.find(ExportRequest, id=released)},
        frozenset(f.project for f in freezes_in_force(reading)),
        today,
    )


def _project_entry(records: _Records, kept: Publication) -> PublicEntry | None:
    """A project that is over stays, with the day of its end; what would be of its present is left out.

    Its lead's organisation is the one of today, and its datasets are those that are granted today.
    """
    project = records.projects.get(kept.subject)
    if project is None:
        return None
    ended = project.ends if project.ends < records.today else None
    lead = None if ended else records.people.get(project.lead)
    texts = {
        _F.TITLE: project.title,
        _F.PURPOSE: project.purpose,
        _F.ORGANISATION: records.organisation(lead.organisation) if lead else "",
        _F.PERIOD: f"{project.starts.isoformat()}/{project.ends.isoformat()}",
    }
    names_data = _F.DATASETS in kept.fields and not ended
    granted = [g.dataset for g in records.grants if g.project == project.name] if names_data else []
    chosen = _chosen(kept, texts)
    if ended and not chosen:
        return None
    return PublicEntry(kept.kind, kept.key, chosen, records.titles(granted), ended=ended)


def _dataset_entry(records: _Records, kept: Publication) -> PublicEntry | None:
    dataset = records.datasets.get(kept.subject)
    if dataset is None:
        return None
    texts = {
        _F.TITLE: dataset.title,
        _F.OWNER: records.organisation(dataset.owner),
        _F.TIER: dataset.tier.value,
        _F.UNIT: dataset.privacy_unit,
        _F.VERSIONS: ", ".join(s.created.date().isoformat() for s in records.snapshots if s.dataset == dataset.name),
    }
    return PublicEntry(kept.kind, kept.key, _chosen(kept, texts))


def _release_entry(records: _Records, kept: Publication) -> PublicEntry | None:
    release, request = records.releases.get(kept.subject), records.requests.get(kept.subject)
    if release is None or request is None or {"", release.project} & records.frozen:
        return None
    texts = {
        _F.CONTEXT: request.context,
        _F.PROJECT: records.title(_K.PROJECT, release.project),
        _F.RELEASED: release.created.date().isoformat(),
        _F.POLICY: request.policy,
    }
    files = tuple(PublicFile(f.name, f.sha256, f.size) for f in release.files) if _F.FILES in kept.fields else ()
    named = request.snapshots if _F.DATASETS in kept.fields else {}
    return PublicEntry(kept.kind, kept.key, _chosen(kept, texts), records.titles(named), files, release.revoked)


_ENTRIES = {_K.PROJECT: _project_entry, _K.DATASET: _dataset_entry, _K.RELEASE: _release_entry}


def _chosen(kept: Publication, texts: Mapping[PublicField, str]) -> dict[PublicField, str]:
    """The texts of the fields that are public, in order; what is empty is left out."""
    return {field: texts[field] for field in kept.fields if texts.get(field)}
