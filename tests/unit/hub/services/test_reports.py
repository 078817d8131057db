"""Stewards and auditors report on what went through the real steps."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from doubles.people import cast_vote, checked_request, lab_with_data, submit, work_off
from hub.domain.ballots import Decision
from hub.domain.errors import RefusedError
from hub.domain.exports import ExportState
from hub.services import exports, queue, releases, reports
from hub.services.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_with_data(tmp_path)


def test_a_request_that_was_returned_sent_again_and_released_is_two_rows(lab: Lab) -> None:
    request = checked_request(lab)
    queue.claim_request(lab, "health-steward", request.id)
    cast_vote(lab, "health-steward", request, Decision.CHANGES)
    submit(lab, "researcher", request.id)
    work_off(lab)
    again = exports.request(lab, "researcher", request.id)
    for steward in ("health-steward", "transport-steward"):
        cast_vote(lab, steward, again)
    releases.release(lab, "jobs-steward", request.id)
    first, second = reports.submissions(lab, "auditor")
    assert (first.state, first.reviewers) == (ExportState.RETURNED, ("health-steward",))
    assert first.claimed is not None
    assert first.submitted <= first.claimed
    assert (second.state, second.reviewers) == (ExportState.RELEASED, ("health-steward", "transport-steward"))
    assert (second.turn, second.files, second.claimed) == (2, 1, None)
    assert (first.needed, second.needed) == (2, 2)
    told = reports.figures(lab, "jobs-steward")
    assert (told.submissions, told.states[ExportState.RELEASED]) == (2, 1)
    assert reports.submissions(lab, "auditor", "other") == []


@pytest.mark.parametrize("who", ["scientist", "researcher", "administrator"])
def test_only_stewards_and_auditors_report(lab: Lab, who: str) -> None:
    for look in (reports.submissions, reports.figures, reports.submissions_csv):
        with pytest.raises(RefusedError):
            look(lab, who)


def test_the_csv_has_a_row_for_each_submission_and_its_download_is_recorded(lab: Lab) -> None:
    request = checked_request(lab)
    [row] = csv.DictReader(io.StringIO(reports.submissions_csv(lab, "auditor").decode()))
    assert (row["request"], row["project"], row["author"], row["state"]) == (
        request.id,
        "wages",
        "researcher",
        "submitted",
    )
    assert (row["files"], row["claimed_utc"], row["seconds_to_first_decision"]) == ("1", "", "")
    assert row["submitted_utc"].endswith("+00:00")
    with lab.store.read() as reading:
        [told] = reading.audit_named(("lab:report:download",))
    assert told.event.actor == "auditor"
