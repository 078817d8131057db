"""Nothing goes through the gate without the statement of whoever sends it, made for this submission."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from doubles.people import CONTEXT, cast_vote, checked_request, finished_run, lab_with_data, statement_of, submit
from hub.domain.ballots import Decision
from hub.domain.errors import InvalidError, NotFoundError, RefusedError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.splits import split_request
from hub.domain.table_context import TableContext
from hub.services import exports, statements
from hub.services.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_with_data(tmp_path)


def drafted(lab: Lab) -> ExportRequest:
    files = {"table.csv": TableContext()}
    source = finished_run(lab).id
    return exports.create_request(lab, "researcher", "wages", source=source, files=files, context=CONTEXT)


@pytest.mark.parametrize("made", ["", "0" * 64, hashlib.sha256(b"I state nothing").hexdigest()])
def test_without_it_a_request_stays_a_draft_and_the_refusal_says_what_there_is_to_state(lab: Lab, made: str) -> None:
    draft = drafted(lab)
    with pytest.raises(InvalidError) as refused:
        exports.submit_request(lab, "researcher", draft.id, made)
    assert refused.value.reason == "statement-missing"
    assert lab.settings.statement.en in str(refused.value)
    with lab.store.read() as reading:
        assert reading.get(ExportRequest, draft.id) == draft


@pytest.mark.parametrize("code", ["en", "fr"])
def test_who_made_it_when_and_its_text_are_kept_shown_to_reviewers_and_in_the_log(lab: Lab, code: str) -> None:
    [asked] = [one for one in statements.statements(lab, "researcher") if one.language == code]
    draft = drafted(lab)
    sent = exports.submit_request(lab, "researcher", draft.id, asked.digest).statement
    assert sent is not None
    assert (sent.person, sent.text) == ("researcher", lab.settings.statement.texts[code])
    assert sent.digest == hashlib.sha256(sent.text.encode()).hexdigest()
    assert exports.request(lab, "health-steward", draft.id).statement == sent
    with lab.store.read() as reading:
        [entry] = reading.audit_named(("export:request:submit",))
    assert dict(entry.event.details)["statement"] == sent.digest


def test_it_is_made_anew_with_each_submission(lab: Lab) -> None:
    request = checked_request(lab)
    assert request.statement is not None
    cast_vote(lab, "health-steward", request, Decision.CHANGES)
    with pytest.raises(InvalidError):
        exports.submit_request(lab, "researcher", request.id, "")
    again = submit(lab, "researcher", request.id).statement
    assert again is not None
    assert again.at > request.statement.at


def test_a_text_that_the_lab_no_longer_asks_for_is_no_statement_and_what_was_made_stays_as_it_was(lab: Lab) -> None:
    request, before = checked_request(lab), statement_of(lab)
    texts = lab.settings.statement.model_copy(update={"en": "Another statement than it was before."})
    changed = replace(lab, settings=lab.settings.model_copy(update={"statement": texts}))
    draft = drafted(changed)
    with pytest.raises(InvalidError, match="Another statement"):
        exports.submit_request(changed, "researcher", draft.id, before)
    kept = exports.request(changed, "health-steward", request.id).statement
    assert kept is not None
    assert kept.digest == before


def test_nobody_makes_it_for_the_author(lab: Lab) -> None:
    draft = drafted(lab)
    for other in ("scientist", "administrator", "outsider"):
        with pytest.raises((RefusedError, NotFoundError)):
            exports.submit_request(lab, other, draft.id, statement_of(lab))
    with pytest.raises(RefusedError):
        statements.statements(lab, "nobody")


def test_both_halves_of_a_split_show_it(lab: Lab) -> None:
    request = checked_request(lab)
    whole = replace(request, state=ExportState.RETURNED, files=(request.files[0], replace(request.files[0], path="b")))
    rest, part = split_request(whole, ["b"], "export-2", lab.now())
    assert rest.statement == part.statement == request.statement
