"""The public register: nothing by default, field by field, by who may say so, and never more than that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import cast

import pytest

from datasets_mount.catalogue import Dataset
from doubles.lab import SteppingClock
from doubles.people import CONTEXT, approved_request, play, registered_dataset
from hub.domain.audit import event
from hub.domain.errors import InvalidError, LabError, NotFoundError
from hub.domain.publications import FIELDS, PublicEntry, PublicField, PublicKind
from hub.services import freezes, publications, releases
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.settings import PublicRegister
from hub.web.public import catalogue

F, K = PublicField, PublicKind


@pytest.fixture
def open_lab(lab: Lab) -> Lab:
    play(lab)
    registered_dataset(lab)
    return replace(lab, settings=lab.settings.model_copy(update={"public_register": PublicRegister(open=True)}))


def released(lab: Lab) -> str:
    return releases.release(lab, "health-steward", approved_request(lab).id).id


def entries(lab: Lab) -> dict[K, PublicEntry]:
    return {entry.kind: entry for entry in publications.public_register(lab)}


def publish_all(lab: Lab) -> str:
    identifier = released(lab)
    publications.publish(lab, "scientist", K.PROJECT, "wages", FIELDS[K.PROJECT])
    publications.publish(lab, "jobs-steward", K.DATASET, "jobs", FIELDS[K.DATASET])
    publications.publish(lab, "health-steward", K.RELEASE, identifier, FIELDS[K.RELEASE])
    return identifier


def test_nothing_is_public_by_default_and_there_is_no_register(lab: Lab, open_lab: Lab) -> None:
    assert publications.public_register(open_lab) == []
    with pytest.raises(NotFoundError):
        publications.public_register(lab)


def test_every_field_has_its_text_and_nothing_names_a_person(open_lab: Lab) -> None:
    publish_all(open_lab)
    found = entries(open_lab)
    assert found[K.PROJECT].texts == {
        F.TITLE: "wages", F.PURPOSE: "a purpose", F.ORGANISATION: "Health-Observatory",
        F.PERIOD: "2026-01-01/2026-12-31",
    }  # fmt: skip
    assert found[K.PROJECT].datasets == ("Wage panel",)
    assert (found[K.DATASET].texts[F.OWNER], found[K.DATASET].texts[F.TIER]) == ("Jobs-Institute", "sensitive")
    release = found[K.RELEASE]
    assert (release.texts[F.CONTEXT], release.texts[F.PROJECT], release.datasets) == (CONTEXT, "wages", ("Wage panel",))
    assert [f.name for f in release.files] == ["table.csv"]
    said = str(list(found.values()))
    for name in ("scientist", "researcher", "steward", "auditor", "administrator"):
        assert name not in said


@pytest.mark.parametrize("kind", list(K))
def test_each_field_is_its_own_choice(open_lab: Lab, kind: K) -> None:
    identifier = publish_all(open_lab)
    subject, who = {
        K.PROJECT: ("wages", "scientist"), K.DATASET: ("jobs", "jobs-steward"),
        K.RELEASE: (identifier, "health-steward"),
    }[kind]  # fmt: skip
    for field in FIELDS[kind]:
        publications.publish(open_lab, who, kind, subject, [field])
        entry = entries(open_lab)[kind]
        assert set(entry.texts) <= {field}
        assert bool(entry.datasets) == (field is F.DATASETS)
        assert bool(entry.files) == (field is F.FILES)
        assert entry.texts or entry.datasets or entry.files
    publications.publish(open_lab, who, kind, subject, [])
    assert kind not in entries(open_lab)


def test_what_names_something_else_names_it_only_where_that_is_public(open_lab: Lab) -> None:
    publish_all(open_lab)
    publications.publish(open_lab, "jobs-steward", K.DATASET, "jobs", [F.TIER])
    publications.publish(open_lab, "scientist", K.PROJECT, "wages", [F.DATASETS])
    found = entries(open_lab)
    assert (found[K.RELEASE].datasets, found[K.PROJECT].datasets) == ((), ())
    assert F.PROJECT not in found[K.RELEASE].texts


def test_who_decides_on_what_is_public(open_lab: Lab) -> None:
    identifier = released(open_lab)
    everybody = ("administrator", "scientist", "researcher", "outsider", "jobs-steward", "health-steward", "auditor")
    may = {
        (K.PROJECT, "wages"): {"scientist"},
        (K.DATASET, "jobs"): {"jobs-steward"},
        (K.RELEASE, identifier): {"jobs-steward", "health-steward"},
    }
    for (kind, subject), entitled in may.items():
        for who in everybody:
            assert publications.may_publish(open_lab, who, kind, subject) == (who in entitled), (kind, who)
            if who not in entitled:
                with pytest.raises(LabError):
                    publications.publish(open_lab, who, kind, subject, [])
                with pytest.raises(LabError):
                    publications.publication(open_lab, who, kind, subject)
    for kind in K:
        assert not publications.may_publish(open_lab, "health-steward", kind, "nothing")


def test_a_field_of_another_kind_is_refused(open_lab: Lab) -> None:
    with pytest.raises(InvalidError):
        publications.publish(open_lab, "scientist", K.PROJECT, "wages", [F.FILES])


def test_a_revoked_release_says_so_and_a_frozen_one_is_not_there(open_lab: Lab) -> None:
    identifier = publish_all(open_lab)
    freeze = freezes.freeze(open_lab, "jobs-steward", "wages", "under suspicion")
    assert K.RELEASE not in entries(open_lab)
    freezes.lift_freeze(open_lab, "jobs-steward", freeze.id, "it holds")
    releases.revoke(open_lab, "health-steward", identifier, "a mistake")
    assert entries(open_lab)[K.RELEASE].revoked is not None
    assert "a mistake" not in str(entries(open_lab))


def clock(lab: Lab) -> SteppingClock:
    return cast(SteppingClock, lab.clock)


def test_a_project_that_is_over_stays_with_its_end_and_without_what_is_of_its_present(open_lab: Lab) -> None:
    publish_all(open_lab)
    clock(open_lab).moment = datetime(2026, 12, 31, 23, tzinfo=UTC)
    running = entries(open_lab)[K.PROJECT]
    assert (running.ended, F.ORGANISATION in running.texts, running.datasets) == (None, True, ("Wage panel",))
    clock(open_lab).moment = datetime(2027, 1, 1, tzinfo=UTC)
    over = entries(open_lab)[K.PROJECT]
    assert over.ended == date(2026, 12, 31)
    assert (set(over.texts), over.datasets) == ({F.TITLE, F.PURPOSE, F.PERIOD}, ())
    node = catalogue("The lab", publications.public_register(open_lab))["foaf:project"][0]
    assert (node["lab:ended"]["@value"], "dct:creator" in node, "dct:source" in node) == ("2026-12-31", False, False)
    release = entries(open_lab)[K.RELEASE]
    assert (release.texts[F.PROJECT], release.datasets) == ("wages", ("Wage panel",))  # what was released stays so


def test_of_a_project_that_is_over_each_field_is_still_a_choice(open_lab: Lab) -> None:
    publish_all(open_lab)
    clock(open_lab).moment = datetime(2027, 1, 1, tzinfo=UTC)
    publications.publish(open_lab, "scientist", K.PROJECT, "wages", [F.PURPOSE])
    assert set(entries(open_lab)[K.PROJECT].texts) == {F.PURPOSE}
    publications.publish(open_lab, "scientist", K.PROJECT, "wages", [F.ORGANISATION, F.DATASETS])
    assert K.PROJECT not in entries(open_lab)
    publications.publish(open_lab, "scientist", K.PROJECT, "wages", [])
    assert K.PROJECT not in entries(open_lab)


def test_what_is_public_and_who_said_so_stands_in_the_log(open_lab: Lab) -> None:
    publish_all(open_lab)
    with open_lab.store.read() as reading:
        said = [
            (e.event.actor, dict(e.event.details)) for e in pages(reading) if e.event.name == "lab:register:publish"
        ]
    assert [(actor, d["kind"]) for actor, d in said] == [
        ("scientist", "project"), ("jobs-steward", "dataset"), ("health-steward", "release"),
    ]  # fmt: skip
    assert [p.subject for p in publications.publications(open_lab, "scientist")] == ["wages"]
    assert len(publications.publications(open_lab, "auditor")) == 3
    assert publications.publications(open_lab, "outsider") == []


def test_the_document_is_a_catalogue_of_what_is_public_alone(open_lab: Lab) -> None:
    identifier = publish_all(open_lab)
    said = catalogue("The lab", publications.public_register(open_lab))
    kinds = [node["@type"] for node in (*said["dcat:dataset"], *said["foaf:project"])]
    assert sorted(kinds) == ["dcat:Dataset", "dcat:Dataset", "foaf:Project"]
    dataset, release = said["dcat:dataset"]
    assert (dataset["dct:title"], dataset["dct:publisher"], dataset["dct:accessRights"]) == (
        "Wage panel", "Jobs-Institute", "sensitive",
    )  # fmt: skip
    assert release["dcat:distribution"][0]["dcat:byteSize"] > 0
    assert len(release["dcat:distribution"][0]["spdx:checksum"]["spdx:checksumValue"]) == 64
    assert said["foaf:project"][0]["dct:temporal"]["dcat:endDate"]["@value"] == "2026-12-31"
    assert identifier not in str(said)
    publications.publish(open_lab, "jobs-steward", K.DATASET, "jobs", [F.TIER])
    bare = catalogue("The lab", publications.public_register(open_lab))["dcat:dataset"][0]
    assert set(bare) == {"@id", "@type", "dct:identifier", "dct:accessRights"}


def test_a_record_that_is_gone_leaves_the_others(open_lab: Lab) -> None:
    publish_all(open_lab)
    with open_lab.store.begin() as records:
        dataset = records.get(Dataset, "jobs")
        assert dataset is not None
        records.save(replace(dataset, owner="gone"), event("test:dataset:put", "test", "jobs"))
    assert F.OWNER not in entries(open_lab)[K.DATASET].texts
