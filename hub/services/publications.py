"""The public register: who makes what public, and what anybody may then read.

Invariants:

* a project's lead says what is public of it, a steward of its owner of a dataset, a reviewing steward of a release;
* what names something else names it only where that is public, too, by its public title;
* while a project is frozen, or the lab, nothing of its releases stands in the register.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from datasets_mount.catalogue import Dataset, Snapshot
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
from hub.services.grants import grants_of
from hub.services.lab import Lab, known_project, load_person, new_id
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
class _Public:
    """What the entries are made of: public fields by kind and subject."""

    reading: Reading
    known: Mapping[tuple[PublicKind, str], Publication]

    def title(self, kind: PublicKind, subject: str) -> str:
        """The public title of something, or nothing."""
        kept = self.known.get((kind, subject))
        if kept is None or _F.TITLE not in kept.fields:
            return ""
        if kind is _K.PROJECT:
            project = self.reading.get(Project, subject)
            return project.title if project else ""
        dataset = self.reading.get(Dataset, subject)
        return dataset.title if dataset else ""

    def titles(self, datasets: Iterable[str]) -> tuple[str, ...]:
        """The public titles of datasets."""
        return tuple(sorted(title for name in datasets if (title := self.title(_K.DATASET, name))))


def public_register(lab: Lab) -> list[PublicEntry]:
    """Return the register for anybody: every field was made public, and nothing else is read out."""
    if not lab.settings.public_register.open:
        raise NotFoundError("There is nothing at this address.", reason="unknown-address")
    with lab.store.read() as reading:
        kept = [p for p in reading.find(Publication) if p.fields]
        public = _Public(reading, {(p.kind, p.subject): p for p in kept})
        entries = [entry for p in kept if (entry := _ENTRIES[p.kind](public, p)) is not None]
    return sorted(entries, key=lambda e: (list(PublicKind).index(e.kind), e.texts.get(_F.TITLE, ""), e.key))


def _project_entry(public: _Public, kept: Publication) -> PublicEntry | None:
    project = known_project(public.reading, kept.subject)
    if project is None:
        return None
    texts = {
        _F.TITLE: project.title,
        _F.PURPOSE: project.purpose,
        _F.ORGANISATION: _organisation_of(public.reading, project.lead),
        _F.PERIOD: f"{project.starts.isoformat()}/{project.ends.isoformat()}",
    }
    named = [g.dataset for g in grants_of(public.reading, project.name)] if _F.DATASETS in kept.fields else []
    return PublicEntry(kept.kind, kept.key, _chosen(kept, texts), public.titles(named))


def _dataset_entry(public: _Public, kept: Publication) -> PublicEntry | None:
    dataset = public.reading.get(Dataset, kept.subject)
    if dataset is None:
        return None
    versions = public.reading.find(Snapshot, dataset=dataset.name) if _F.VERSIONS in kept.fields else []
    texts = {
        _F.TITLE: dataset.title,
        _F.OWNER: _title_of(public.reading, dataset.owner),
        _F.TIER: dataset.tier.value,
        _F.UNIT: dataset.privacy_unit,
        _F.VERSIONS: ", ".join(s.created.date().isoformat() for s in versions),
    }
    return PublicEntry(kept.kind, kept.key, _chosen(kept, texts))


def _release_entry(public: _Public, kept: Publication) -> PublicEntry | None:
    release = public.reading.get(Release, kept.subject)
    request = public.reading.get(ExportRequest, kept.subject)
    if release is None or request is None:
        return None
    if any(f.project in ("", release.project) for f in freezes_in_force(public.reading)):
        return None
    texts = {
        _F.CONTEXT: request.context,
        _F.PROJECT: public.title(_K.PROJECT, release.project),
        _F.RELEASED: release.created.date().isoformat(),
        _F.POLICY: request.policy,
    }
    files = tuple(PublicFile(f.name, f.sha256, f.size) for f in release.files) if _F.FILES in kept.fields else ()
    named = request.snapshots if _F.DATASETS in kept.fields else {}
    return PublicEntry(kept.kind, kept.key, _chosen(kept, texts), public.titles(named), files, release.revoked)


_ENTRIES = {_K.PROJECT: _project_entry, _K.DATASET: _dataset_entry, _K.RELEASE: _release_entry}


def _chosen(kept: Publication, texts: Mapping[PublicField, str]) -> dict[PublicField, str]:
    """The texts of the fields that are public, in order; what is empty is left out."""
    return {field: texts[field] for field in kept.fields if texts.get(field)}


def _organisation_of(reading: Reading, person: str) -> str:
    lead = reading.get(Person, person)
    return _title_of(reading, lead.organisation) if lead else ""


def _title_of(reading: Reading, organisation: str) -> str:
    known = reading.get(Organisation, organisation)
    return known.title if known else ""
