"""The whole way of an output through the use cases, with the programs in containers played."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from doubles.people import (
    CONTEXT,
    approved_notebook,
    approved_request,
    cast_vote,
    checked_request,
    fetched,
    finished_run,
    play,
    registered_dataset,
    send,
    submit,
    submitted_notebook,
    work_off,
)
from hub.adapters.signer import is_signature, public_pem
from hub.domain.ballots import Decision
from hub.domain.errors import ConflictError, InvalidError, LabError, NotFoundError, RefusedError
from hub.domain.exports import WORKSPACE_SOURCE, ExportState
from hub.domain.notebooks import NotebookState
from hub.domain.releases import verify_receipt
from hub.domain.table_context import TableContext
from hub.domain.work import WorkState
from hub.gate.exchange import ApprovedNotebook, CheckRequest
from hub.gate.notebook_source import cell_digest
from hub.services import audit, datasets, exports, notebooks, projects, releases, runs
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.workspaces import open_workspace


@pytest.fixture(autouse=True)
def _dataset(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)


def names(lab: Lab) -> list[str]:
    with lab.store.read() as reading:
        return [entry.event.name for entry in pages(reading)]


def test_an_approved_request_is_released_with_a_receipt_that_verifies_offline(lab: Lab) -> None:
    request = approved_request(lab)
    assert request.state is ExportState.APPROVED
    release = releases.release(lab, "health-steward", request.id)
    pem = public_pem(lab.signer.public_key()).encode()
    files = verify_receipt(release.receipt, lambda signature, message: is_signature(pem, signature, message))
    assert [(f.name, f.sha256) for f in files] == [("table.csv", request.files[0].canonical)]
    assert fetched(lab, "researcher", release.id, "table.csv") == b"year,persons\r\n1980,545\r\n"
    assert exports.request(lab, "researcher", request.id).state is ExportState.RELEASED
    assert audit.verify_audit(lab) is not None


def test_every_step_of_the_way_stands_in_the_audit_log(lab: Lab) -> None:
    releases.release(lab, "health-steward", approved_request(lab).id)
    expected = [
        "lab:dataset:register", "lab:snapshot:register", "lab:dataset:grant", "lab:notebook:submit",
        "lab:notebook:approve", "lab:run:start", "work:run:succeed", "lab:run:end", "export:request:create",
        "export:request:submit", "export:request:pass", "export:request:vote", "export:request:release",
        "export:release:make",
    ]  # fmt: skip
    assert [n for n in dict.fromkeys(names(lab)) if n in expected] == expected


def test_making_the_release_again_changes_nothing(lab: Lab) -> None:
    request = approved_request(lab)
    first = releases.release(lab, "health-steward", request.id)
    before = names(lab)
    assert releases.release(lab, "transport-steward", request.id) == first
    assert names(lab) == before


def test_one_changed_byte_of_a_receipt_is_refused(lab: Lab) -> None:
    receipt = releases.release(lab, "health-steward", approved_request(lab).id).receipt
    pem = public_pem(lab.signer.public_key()).encode()
    with pytest.raises(InvalidError, match="changed"):
        verify_receipt(receipt.replace('"size": 2', '"size": 3', 1), lambda s, m: is_signature(pem, s, m))


def test_a_changed_canonical_file_is_not_released(lab: Lab) -> None:
    request = approved_request(lab)
    path = lab.vault.path(request.files[0].canonical)
    path.chmod(0o644)
    path.write_bytes(b"year,persons\r\n1980,546\r\n")
    with pytest.raises(ConflictError, match="changed"):
        releases.release(lab, "health-steward", request.id)
    assert exports.request(lab, "researcher", request.id).state is ExportState.APPROVED


def test_the_author_and_members_do_not_vote(lab: Lab) -> None:
    request = checked_request(lab)
    for person in ("researcher", "scientist"):
        with pytest.raises(RefusedError):
            cast_vote(lab, person, request)
    assert exports.request(lab, "health-steward", request.id).votes == ()


def test_a_request_with_one_vote_is_not_released(lab: Lab) -> None:
    request = cast_vote(lab, "health-steward", checked_request(lab))
    assert request.state is ExportState.IN_REVIEW
    with pytest.raises(RefusedError, match="approvals"):
        releases.release(lab, "health-steward", request.id)


def test_a_vote_for_changes_returns_the_request_with_its_reason(lab: Lab) -> None:
    returned = cast_vote(lab, "health-steward", checked_request(lab), Decision.CHANGES)
    assert (returned.state, returned.reason) == (ExportState.RETURNED, "looked at it")
    again = submit(lab, "researcher", returned.id)
    assert (again.votes, again.turn) == ((), 2)


def test_a_block_of_the_gate_is_never_voted_on(lab: Lab) -> None:
    programs = play(lab)
    programs.findings = [
        {
            "check": "minimum-frequency",
            "severity": "block",
            "place": "table.csv row 1",
            "sentence": "below",
            "rule": "10",
        }
    ]
    request = checked_request(lab)
    assert request.state is ExportState.BLOCKED
    with pytest.raises(ConflictError, match="not in review"):
        cast_vote(lab, "health-steward", request)


@pytest.mark.parametrize("code", [1, 18, 137])
def test_a_reader_that_fails_fails_the_request(lab: Lab, code: int) -> None:
    source = finished_run(lab).id
    play(lab).exit_code = code
    request = exports.create_request(
        lab, "researcher", "wages", source=source, files={"table.csv": TableContext()}, context=CONTEXT
    )
    submit(lab, "researcher", request.id)
    work_off(lab)
    failed = exports.request(lab, "researcher", request.id)
    assert failed.state is ExportState.FAILED
    assert failed.reason


def test_links_among_a_runs_outputs_are_left_out_and_said(lab: Lab) -> None:
    run = finished_run(lab)
    assert [f.path for f in run.outputs] == ["table.csv"]
    assert "1" in runs.run(lab, "researcher", run.id)[1].reason


@pytest.mark.parametrize("path", ["link.csv", "../table.csv", "/etc/passwd", "missing.csv", "", "a//b", "."])
def test_only_a_plain_file_of_the_outputs_can_be_offered(lab: Lab, path: str) -> None:
    source = finished_run(lab).id
    request = exports.create_request(
        lab, "researcher", "wages", source=source, files={path: TableContext()}, context=CONTEXT
    )
    with pytest.raises(LabError):
        submit(lab, "researcher", request.id)


def test_an_output_that_was_changed_after_the_run_is_refused(lab: Lab) -> None:
    run = finished_run(lab)
    folder = lab.storage.project("wages", 200000).runs / run.id
    (folder / "table.csv").write_bytes(b"other")
    request = exports.create_request(
        lab, "researcher", "wages", source=run.id, files={"table.csv": TableContext()}, context=CONTEXT
    )
    with pytest.raises(ConflictError, match="not what the run wrote"):
        submit(lab, "researcher", request.id)


def test_a_person_outside_the_project_sees_nothing_of_it(lab: Lab) -> None:
    request = checked_request(lab)
    looks = [
        lambda: exports.request(lab, "outsider", request.id),
        lambda: exports.request(lab, "administrator", request.id),
        lambda: runs.run(lab, "outsider", request.source),
        lambda: projects.project(lab, "outsider", "wages"),
        lambda: notebooks.notebook(lab, "outsider", notebooks.notebooks(lab, "scientist")[0].id),
    ]
    for look in looks:
        with pytest.raises(NotFoundError):
            look()
    assert exports.requests(lab, "outsider") == []
    assert runs.runs(lab, "outsider") == []
    assert datasets.datasets(lab, "outsider") == []


def test_hidden_and_missing_requests_look_the_same(lab: Lab) -> None:
    request = checked_request(lab)
    sentences = []
    for identifier in (request.id, "export-none"):
        with pytest.raises(NotFoundError) as refused:
            exports.request(lab, "outsider", identifier)
        sentences.append(str(refused.value).replace(identifier, "…"))
    assert sentences[0] == sentences[1]


def test_an_upload_is_nobody_elses(lab: Lab) -> None:
    upload = send(lab, "scientist", "wages.ipynb")
    with pytest.raises(NotFoundError, match="no upload"):
        notebooks.submit_notebook(lab, "researcher", "wages", upload, name="wages", purpose="Wages by year")


def test_a_notebook_is_decided_by_somebody_else_who_may(lab: Lab) -> None:
    notebook = submitted_notebook(lab)
    for person in ("scientist", "researcher", "auditor"):
        with pytest.raises(RefusedError):
            notebooks.decide(lab, person, notebook.id, approve=True, reason="", parameters=None)
    decided = notebooks.decide(lab, "health-steward", notebook.id, approve=True, reason="", parameters=None)
    assert decided.state is NotebookState.APPROVED


def test_a_new_approval_takes_the_place_of_the_old(lab: Lab) -> None:
    old, new = approved_notebook(lab), approved_notebook(lab)
    assert notebooks.notebook(lab, "scientist", old.id).state is NotebookState.SUPERSEDED
    with pytest.raises(RefusedError, match="superseded"):
        runs.start_run(lab, "researcher", old.id, {})
    assert new.state is NotebookState.APPROVED


def test_a_notebook_withdrawn_while_its_run_waits_never_starts(lab: Lab) -> None:
    notebook = approved_notebook(lab)
    run, _ = runs.start_run(lab, "researcher", notebook.id, {})
    notebooks.withdraw_notebook(lab, "jobs-steward", notebook.id, "a fault")
    work_off(lab)
    _, work, _ = runs.run(lab, "researcher", run.id)
    assert work.state is WorkState.CANCELLED
    assert "withdrawn" in work.reason
    assert not [n for n in lab.engine.started if run.id in n]  # type: ignore[attr-defined]


def test_parameters_outside_the_schema_start_nothing(lab: Lab) -> None:
    notebook = approved_notebook(lab)
    with pytest.raises(InvalidError):
        runs.start_run(lab, "researcher", notebook.id, {"minimum": "__import__('os')"})
    assert runs.runs(lab, "researcher") == []


def test_a_workspace_mounts_the_projects_data_read_only_and_nothing_of_others(lab: Lab) -> None:
    plan = open_workspace(lab, "scientist", "wages")
    writable = {m.target for m in plan.mounts if m.writable}
    assert writable == {"/home/scientist", "/project", "/outputs"}
    assert {m.target for m in plan.mounts} - writable == {"/data/jobs", "/project/runs"}
    with pytest.raises(NotFoundError):
        open_workspace(lab, "scientist", "other")
    assert names(lab)[-1] == "lab:workspace:refuse"


def test_a_dataset_changed_after_registration_is_not_mounted(lab: Lab) -> None:
    digest = datasets.datasets(lab, "jobs-steward")[0][1][0].files[0].sha256
    path = lab.vault.path(digest)
    open_workspace(lab, "scientist", "wages")
    path.chmod(0o644)
    path.write_bytes(b"PAR1 c0ntent PAR1")
    with pytest.raises(ConflictError, match="changed after it was registered"):
        open_workspace(lab, "scientist", "wages")


def test_a_removed_member_opens_no_workspace(lab: Lab) -> None:
    projects.remove_member(lab, "scientist", "wages", "researcher")
    with pytest.raises(NotFoundError):
        open_workspace(lab, "researcher", "wages")


def test_the_gate_is_told_which_notebook_a_run_was_made_from(lab: Lab) -> None:
    programs = play(lab)
    request = checked_request(lab)
    run, _, _ = runs.run(lab, "researcher", request.source)
    told = CheckRequest.model_validate_json(json.dumps(programs.asked)).approved
    notebook = notebooks.notebook(lab, "scientist", run.notebook)
    digest, cells = notebook.digest, (cell_digest("code", "print(1)"),)
    assert told == ApprovedNotebook(digest=digest, cells=cells, parameters={"minimum": 11})


def test_the_gate_is_told_how_long_its_container_lives(lab: Lab) -> None:
    limits = lab.settings.reader.model_copy(update={"seconds": 77})
    slow = replace(lab, settings=lab.settings.model_copy(update={"reader": limits}))
    programs = play(slow)
    checked_request(slow)
    assert CheckRequest.model_validate_json(json.dumps(programs.asked)).seconds == 77


def test_outputs_of_a_workspace_have_no_notebook_to_be_compared_with(lab: Lab) -> None:
    programs = play(lab)
    project = lab.storage.project("wages", 0)
    folder = lab.storage.member(project.outputs, "scientist", 0)
    (folder / "table.csv").write_text("year,n\n1980,545\n")
    request = exports.create_request(
        lab, "scientist", "wages", source=WORKSPACE_SOURCE, files={"table.csv": TableContext()}, context=CONTEXT
    )
    submit(lab, "scientist", request.id)
    work_off(lab)
    assert programs.asked["approved"] is None
