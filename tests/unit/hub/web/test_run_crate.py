"""Facts about the record of a run: read again with the library, and held against what the profiles ask for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from doubles.people import approved_notebook, finished_run, play, registered_dataset, work_off
from hub.domain.errors import ConflictError, NotFoundError
from hub.domain.reproductions import Repetition
from hub.domain.runs import OutputFile, Resources
from hub.domain.work import WorkState
from hub.services import runs
from hub.services.lab import Lab
from hub.services.run_record import RunRecord, run_record
from hub.web.run_crate import FILE_NAME, named, run_crate


@pytest.fixture
def record(lab: Lab) -> RunRecord:
    play(lab)
    registered_dataset(lab)
    return run_record(lab, "researcher", finished_run(lab).id)


def entities(record: RunRecord) -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in json.loads(run_crate(record))["@graph"]}


def of_type(record: RunRecord, kind: str) -> list[dict[str, Any]]:
    return [e for e in entities(record).values() if kind in (e["@type"], *list(e["@type"]))]


def ids(value: Any) -> list[str]:
    return [entry["@id"] for entry in (value if isinstance(value, list) else [value])]


def test_it_is_a_crate_that_the_library_reads(record: RunRecord, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(run_crate(record))
    crate = ROCrate(tmp_path)
    assert crate.mainEntity["sha256"] == record.notebook.digest
    assert {e.id for e in crate.root_dataset["conformsTo"]} >= {
        "https://w3id.org/ro/wfrun/process/0.5",
        "https://w3id.org/ro/wfrun/workflow/0.5",
    }


def test_everything_that_is_pointed_to_is_there(record: RunRecord) -> None:
    found = entities(record)

    def pointed(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [value["@id"]] if set(value) == {"@id"} else [i for v in value.values() for i in pointed(v)]
        return [i for v in value for i in pointed(v)] if isinstance(value, list) else []

    named_only = ("http://schema.org/", "https://w3id.org/ro/crate/", "https://w3id.org/ro/terms/")
    missing = [i for e in found.values() for i in pointed(e) if i not in found and not i.startswith(named_only)]
    assert missing == []


def test_packages_resources_seed_and_repetitions_are_in_it(record: RunRecord) -> None:
    used = Resources(2**30, 90, None, 0.5)
    run = replace(record.run, resources=used, parameters={"minimum": 11, "seed": 7})
    repetition = Repetition("run-2", WorkState.SUCCEEDED, False, ("table.csv",))
    found = replace(record, run=run, packages=("polars==1.2.3",), repetitions=(repetition,))
    (package,) = of_type(found, "SoftwareApplication")
    assert (package["name"], package["softwareVersion"]) == ("polars", "1.2.3")
    values = {e["name"]: e for e in of_type(found, "PropertyValue")}
    assert {name: values[name]["value"] for name in values if name.startswith(("memory", "cpu"))} == {
        "memory_allowed": str(2**30),
        "memory_peak": "90",
        "cpu_seconds": "0.5",
    }
    assert values["seed"]["description"] == "Seed of random numbers"
    assert "description" not in values["minimum"]
    assert entities(found)["#run-2"]["description"] == "Other outputs: table.csv"
    equal = replace(record, repetitions=(replace(repetition, equal=True, differing=()),))
    assert entities(equal)["#run-2"]["description"] == "Equal outputs"


def test_the_profile_of_a_workflow_run_is_kept(record: RunRecord) -> None:
    """Process and Workflow Run Crate 0.5: the musts, and the shoulds that the lab can say."""
    found = entities(record)
    root = found["./"]
    (action,) = of_type(record, "CreateAction")
    (workflow,) = of_type(record, "ComputationalWorkflow")
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} == set(workflow["@type"])
    assert ids(root["mainEntity"]) == [workflow["@id"]] == ids(action["instrument"])
    assert workflow["@id"] in ids(root["hasPart"])
    assert action["@id"] in ids(root["mentions"])
    assert (action["startTime"] <= action["endTime"], ids(action["actionStatus"])) == (
        True,
        ["http://schema.org/CompletedActionStatus"],
    )
    assert "error" not in action
    inputs = {found[i]["name"]: found[i] for i in ids(workflow["input"])}
    assert (inputs["minimum"]["additionalType"], inputs["minimum"]["defaultValue"]) == ("Integer", "10")
    values = {found[i]["name"]: found[i] for i in ids(action["object"])}
    assert (values["minimum"]["value"], ids(values["minimum"]["exampleOfWork"])) == ("11", ["#parameter-minimum"])
    assert values["jobs"]["identifier"] == "sha256:" + record.run.snapshots["jobs"]
    results = {found[i]["name"]: (found[i]["sha256"], found[i]["contentSize"]) for i in ids(action["result"])}
    assert results == {o.path: (o.sha256, str(o.size)) for o in record.run.outputs} != {}
    assert set(ids(action["result"])) <= set(ids(root["hasPart"]))
    image = found[ids(action["containerImage"])[0]]
    assert "sha256:" + image["sha256"] == record.notebook.image
    (approval,) = of_type(record, "AuthorizeAction")
    assert found[ids(approval["agent"])[0]]["name"] == "jobs-steward"


def test_it_holds_no_contents_and_is_the_same_each_time(record: RunRecord) -> None:
    text = run_crate(record)
    assert text == run_crate(record)
    assert b"print(1)" not in text
    assert b"1980,545" not in text


def test_outputs_with_equal_bytes_and_hostile_names_stay_apart(record: RunRecord) -> None:
    outputs = (OutputFile("a/b?c#d.csv", "a" * 64, 1), OutputFile("é \u202e.csv", "a" * 64, 1))
    twice = replace(record, run=replace(record.run, outputs=outputs))
    names = [e["name"] for e in of_type(twice, "File") if e["@id"].startswith(named("a" * 64))]
    assert names == [o.path for o in outputs]


def test_a_run_that_failed_says_so_with_its_reason(lab: Lab) -> None:
    programs = play(lab)
    registered_dataset(lab)
    notebook = approved_notebook(lab)
    programs.exit_code = 15
    run, _ = runs.start_run(lab, "researcher", notebook.id, {})
    with pytest.raises(ConflictError, match="has not ended yet"):
        run_record(lab, "researcher", run.id)
    work_off(lab)
    (action,) = of_type(run_record(lab, "researcher", run.id), "CreateAction")
    assert ids(action["actionStatus"]) == ["http://schema.org/FailedActionStatus"]
    assert action["error"].startswith("failed: A cell of the notebook ended with an error")
    with pytest.raises(NotFoundError):
        run_record(lab, "outsider", run.id)
