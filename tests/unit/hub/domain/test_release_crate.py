"""The crate of a release: what its profile asks, what an independent reader reads, and whom it does not name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rocrate.rocrate import ROCrate

from hub.domain.ballots import Decision, Vote
from hub.domain.exceptions import GateException, Ground
from hub.domain.exports import WORKSPACE_SOURCE, ExportFile, ExportRequest, ExportState
from hub.domain.file_groups import UNNAMED, context_digests
from hub.domain.five_safes import faults
from hub.domain.release_crate import (
    CRATE_NAME,
    PHASES,
    PROFILE,
    RECEIPT_NAME,
    RESERVED,
    Entity,
    Origin,
    crate_graph,
    crate_text,
    place_of,
    release_urn,
)
from hub.gate.kinds import media_type

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PEOPLE = ("anna-author", "bert-steward", "cleo-steward")
ORIGIN = Origin("Data lab of the region", "ef" * 32, NOW)


def request_of(*names: str, source: str = "run-abc") -> ExportRequest:
    files = tuple(
        ExportFile(name, sha256="0" * 64, size=9, canonical=f"{n:064x}", canonical_name=name, canonical_size=n)
        for n, name in enumerate(names)
    )
    context = context_digests("A context that stays inside", ())[UNNAMED]
    votes = tuple(
        Vote(steward, file.path, file.canonical, "9" * 64, Decision.APPROVE, "A reason of Bert", NOW, context=context)
        for file in files
        for steward in PEOPLE[1:]
    )
    made = ExportRequest(
        "export-a", "care", PEOPLE[0], source, "A context that stays inside", NOW, {"jobs": "d" * 64}, files
    )
    return replace(
        made,
        state=ExportState.RELEASING,
        policy="9" * 64,
        engine="11",
        votes=votes,
        submitted=NOW,
        claimed_by=PEOPLE[1],
    )


def graph_of(*names: str, source: str = "run-abc", origin: Origin = ORIGIN) -> list[Entity]:
    return crate_graph(request_of(*names, source=source), origin, NOW, media_type)


@pytest.fixture
def graph() -> list[Entity]:
    return graph_of("table.csv", "folder/a figure.png", "règles.txt")


def entity(graph: list[Entity], identifier: str) -> Entity:
    return next(e for e in graph if e["@id"] == identifier)


def test_the_crate_of_a_run_has_all_that_its_profile_asks(graph: list[Entity]) -> None:
    assert faults(graph) == []


LACKING: list[tuple[str, Callable[[list[Entity]], object]]] = [
    ("does not conform to RO-Crate 1.2", lambda g: entity(g, CRATE_NAME).update(conformsTo={"@id": "x"})),
    ("the root does not conform", lambda g: entity(g, "./").pop("conformsTo")),
    ("the root has no license", lambda g: entity(g, "./").pop("license")),
    ("the root has no publisher", lambda g: entity(g, "./").pop("publisher")),
    ("sourceOrganization is no Project", lambda g: entity(g, "#project").update({"@type": "Organization"})),
    ("mainEntity is no Workflow", lambda g: entity(g, "./").pop("mainEntity")),
    ("not one CreateAction", lambda g: entity(g, "#run-abc").update({"@type": "Action"})),
    ("instrument is not the workflow", lambda g: entity(g, "#run-abc").pop("instrument")),
    ("agent is no Person", lambda g: entity(g, "#run-abc").update(agent={"@id": "#lab"})),
    ("not completed", lambda g: entity(g, "#run-abc").update(actionStatus="http://schema.org/FailedActionStatus")),
    ("1 results of the run are no parts", lambda g: entity(g, "./")["hasPart"].pop(0)),
    ("assessments are not mentioned", lambda g: entity(g, "./")["mentions"].pop()),
    ("there is no SignOff", lambda g: g.remove(entity(g, "#signoff-lab"))),
    ("there is no CheckValue", lambda g: g.remove(entity(g, "#checkvalue-gate"))),
    ("lacks name, object or time", lambda g: entity(g, "#checkvalue-gate").pop("endTime")),
    ("lacks name, object or time", lambda g: entity(g, "#checkvalue-gate").update(object=[])),
    ("has no provider", lambda g: entity(g, "#gate").pop("provider")),
    ("has no named agent", lambda g: entity(g, "#stewards").pop("name")),
    ("is pointed to and not described", lambda g: g.remove(entity(g, "#terms"))),
    ("two entities have one identifier", lambda g: g.append(entity(g, "#lab"))),
]


@pytest.mark.parametrize(("lacks", "take"), LACKING, ids=[f"{n}-{row[0]}" for n, row in enumerate(LACKING)])
def test_what_a_crate_lacks_of_its_profile_is_said(
    graph: list[Entity], lacks: str, take: Callable[[list[Entity]], object]
) -> None:
    take(graph)
    assert any(lacks in fault for fault in faults(graph)), faults(graph)


def test_an_independent_reader_reads_it(graph: list[Entity], tmp_path: Path) -> None:
    (tmp_path / CRATE_NAME).write_text(crate_text(graph))
    for place in ("table.csv", "folder/a figure.png", "règles.txt", "receipt.json"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(b"x")
    crate = ROCrate(str(tmp_path))
    assert crate.root_dataset["conformsTo"].id == PROFILE
    assert (crate.root_dataset["license"].id, crate.root_dataset["sourceOrganization"]["name"]) == ("#terms", "care")
    run = crate.mainEntity
    assert [action.id for action in crate.root_dataset["mentions"] if action.get("instrument") is run] == ["#run-abc"]
    files = {e.id: (e["name"], e["sha256"], e["contentSize"]) for e in crate.data_entities if "sha256" in e}
    assert files == {
        "table.csv": ("table.csv", f"{0:064x}", "0"),
        "folder/a%20figure.png": ("folder/a figure.png", f"{1:064x}", "1"),
        "r%C3%A8gles.txt": ("règles.txt", f"{2:064x}", "2"),
    }


@pytest.mark.parametrize("source", ["run-abc", WORKSPACE_SOURCE])
def test_it_names_no_person_and_no_word_of_theirs(source: str) -> None:
    text = crate_text(graph_of("table.csv", source=source))
    for word in (*PEOPLE, "A reason of Bert", "A context that stays inside"):
        assert word not in text


def test_outputs_of_a_workspace_claim_no_workflow_and_no_profile() -> None:
    graph = graph_of("table.csv", source=WORKSPACE_SOURCE, origin=replace(ORIGIN, run_asked=None))
    root = entity(graph, "./")
    assert not {"conformsTo", "mainEntity"} & set(root)
    assert PROFILE not in crate_text(graph)
    assert "does not attest" in entity(graph, "#work")["name"]
    kinds = {e["additionalType"]["@id"].removeprefix(PHASES) for e in graph if e["@type"] == "AssessAction"}
    assert kinds == {"DisclosureCheck", "CheckValue"}
    assert [f for f in faults(graph) if "pointed" in f or "identifier" in f] == []


def test_the_same_release_gives_the_same_bytes_and_another_another_name(graph: list[Entity]) -> None:
    assert crate_text(graph) == crate_text(graph_of("table.csv", "folder/a figure.png", "règles.txt"))
    urns = {release_urn(key, request) for key in ("ab" * 32, "cd" * 32) for request in ("export-a", "export-b")}
    assert len(urns) == 4


def test_exceptions_and_the_number_of_stewards_stand_in_the_disclosure_checks() -> None:
    which = ("care", "table.csv", "dominance", "row 1", "It.", "0" * 64, "9" * 64)
    held = GateException("exception-a", "export-a", *which, Ground.LAW, "a word that stays inside", PEOPLE[0], NOW)
    graph = crate_graph(request_of("table.csv"), ORIGIN, NOW, media_type, [held])
    assert entity(graph, "#disclosurecheck-gate")["name"].endswith("granted an exception from: dominance")
    assert "by 2 people or more" in entity(graph, "#disclosurecheck-stewards")["name"]
    assert "a word that stays inside" not in crate_text(graph)


@pytest.mark.parametrize(
    "name",
    [
        *sorted(RESERVED),
        "RO-Crate-Metadata.JSON",
        "Receipt.json",
        "receipt.json/x",
        "outputs/receipt.json",
        "Outputs/x",
    ],
)
def test_a_released_file_never_takes_the_place_of_crate_or_receipt(name: str) -> None:
    assert place_of(name) == f"outputs/{name}"
    graph = graph_of(name, "table.csv")
    assert faults(graph) == []
    assert entity(graph, f"outputs/{name}")["name"] == name


PARTS = sorted({*RESERVED, "Receipt.json", "OUTPUTS", "outputſ", "table.csv", "a"})
NAMES = st.lists(st.sampled_from(PARTS) | st.text(min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


@given(st.sets(NAMES, max_size=12))
def test_no_two_names_have_one_place_and_none_is_at_the_crate_or_the_receipt(names: set[str]) -> None:
    assert len({place_of(name) for name in names}) == len(names)
    assert len({place_of(name).casefold() for name in names}) == len({name.casefold() for name in names})
    first = {place_of(name).partition("/")[0].casefold() for name in names}
    assert not first & {CRATE_NAME, RECEIPT_NAME}


def hostile() -> list[Any]:
    return ["#lab", "../x", "https://w3id.org/5s-crate/0.4", 'a"b\n.csv', "a?b#c%20.csv", "receipt.json/x"]


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_file_name_is_the_name_of_a_file_and_of_nothing_else(name: str) -> None:
    graph = graph_of(name)
    assert faults(graph) == []
    files = [e for e in graph if "sha256" in e]
    assert [f["name"] for f in files] == [name]
    assert entity(graph, "#lab")["@type"] == "Organization"
    assert json.loads(crate_text(graph))["@graph"] == graph
