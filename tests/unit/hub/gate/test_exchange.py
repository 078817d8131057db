"""Facts about what crosses the containers' borders: strict, bounded, and the same on both sides."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from pydantic import ValidationError

from hub.domain.exports import Finding, Severity
from hub.domain.file_cards import FileCard
from hub.domain.table_context import TableContext
from hub.gate.card_form import CardPart
from hub.gate.earlier import MOST_EARLIER, EarlierTable, EarlierTables, with_tables
from hub.gate.exchange import (
    LARGEST_RESULT,
    MOST_CHECKED,
    MOST_FILES,
    MOST_FINDINGS,
    ApprovedNotebook,
    CheckFile,
    CheckRequest,
    CheckResult,
    DatasetDescription,
    FoundPart,
    ReadRequest,
    ReadResult,
    TableDeclaration,
    TablePart,
)
from hub.gate.fragments import FileFragments, RefusalFragment, refused
from hub.gate.refusals import RefusalReason
from hub.policy.load import load_profile

FRAGMENTS: dict[str, Any] = {
    "index": 1,
    "path": "t.csv",
    "kind": "csv",
    "size": 5,
    "fragments": [{"type": "table", "columns": ["a"], "data": [["1"]]}],
}
RESULT: dict[str, Any] = {
    "engine": "e",
    "policy_digest": "0" * 64,
    "verdict": "block",
    "files": [
        {
            "index": 1,
            "path": "t.csv",
            "kind": "csv",
            "verdict": "block",
            "canonical_name": "t.csv",
            "sha256": "0" * 64,
            "size": 1,
            "findings": [{"check": "c", "severity": "block", "place": "p", "sentence": "s", "rule": ""}],
        }
    ],
}


def test_the_seams_read_what_they_write() -> None:
    request = {"files": [{"index": 1, "path": "a.csv"}], "policy": load_profile("uk-sacro").model_dump(mode="json")}
    asked = CheckRequest.model_validate_json(json.dumps(request))
    assert CheckRequest.model_validate_json(asked.model_dump_json()) == asked
    result = CheckResult.model_validate_json(json.dumps(RESULT))
    assert CheckResult.model_validate_json(result.model_dump_json()) == result


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "BLOCK"},
        {"verdict": "fine"},
        {"policy_digest": "0"},
        {"engine": "e" * 41},
        {"extra": 1},
        {"files": [RESULT["files"][0]] * (MOST_CHECKED + 1)},
        {"files": [RESULT["files"][0] | {"sha256": "xyz"}]},
        {"files": [RESULT["files"][0] | {"index": 0}]},
        {"files": [RESULT["files"][0] | {"index": "1"}]},
        {"files": [RESULT["files"][0] | {"size": -1}]},
        {"files": [RESULT["files"][0] | {"card": {"removed": [{"kind": "x", "count": -1, "size": 1}]}}]},
        {"files": [RESULT["files"][0] | {"card": {"table": {"path": "p" * 321, "rows": 1, "marks": 1}}}]},
        {"files": [RESULT["files"][0] | {"findings": RESULT["files"][0]["findings"] * 201}]},
        {"files": [RESULT["files"][0] | {"findings": [RESULT["files"][0]["findings"][0] | {"sentence": "x" * 801}]}]},
        {"files": [RESULT["files"][0] | {"findings": [RESULT["files"][0]["findings"][0] | {"severity": "mild"}]}]},
    ],
)
def test_a_result_that_is_not_of_its_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CheckResult.model_validate_json(json.dumps(RESULT | change))


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "exe"},
        {"size": -1},
        {"path": ""},
        {"fragments": [{"type": "table", "columns": ["a"], "data": [["1"], ["2"]]}]},
        {"fragments": [{"type": "table", "columns": ["a", "b"], "data": [["1"], ["2", "3"]]}]},
        {"fragments": [{"type": "table", "columns": ["a"], "data": [[1]]}]},
        {"fragments": [{"type": "image", "width": 0, "height": 1, "pixels": ""}]},
        {"fragments": [{"type": "blob", "media": "A <script>"}]},
        {"fragments": [{"type": "refusal", "reason": "because"}]},
        {"fragments": [{"type": "text", "text": "x", "slot": {"cell": 0, "cell_kind": "code", "mime": "text/html"}}]},
        {"fragments": [{"type": "pickle", "data": ""}]},
        {"fragments": [{"type": "text", "text": "x", "place": "p" * 201}]},
    ],
)
def test_fragments_that_are_not_of_their_form_are_refused(change: dict[str, Any]) -> None:
    FileFragments.model_validate_json(json.dumps(FRAGMENTS))
    with pytest.raises(ValidationError):
        FileFragments.model_validate_json(json.dumps(FRAGMENTS | change))


@pytest.mark.parametrize("model", [ReadRequest, ReadResult])
def test_an_empty_object_is_no_message(model: Any) -> None:
    with pytest.raises(ValidationError):
        model.model_validate_json("{}")


TABLE: dict[str, Any] = {"path": "t.csv", "dataset": "d", "file": "d.parquet", "exact": True}


def test_so_many_earlier_tables_are_told_and_no_more() -> None:
    table = EarlierTable(release="", own=True, current=True, table=TablePart.model_validate_json(json.dumps(TABLE)))
    assert len(EarlierTables(tables=(table,) * MOST_EARLIER).tables) == MOST_EARLIER
    with pytest.raises(ValidationError):
        EarlierTables(tables=(table,) * (MOST_EARLIER + 1))


@pytest.mark.parametrize("complete", [True, False])
def test_where_tables_are_left_out_of_those_that_are_told_the_check_knows(*, complete: bool) -> None:
    table = TablePart.model_validate_json(json.dumps(TABLE))
    told = with_tables(EarlierTables(complete=complete), [table] * MOST_EARLIER)
    assert (len(told.tables), told.complete) == (MOST_EARLIER, complete)
    more = with_tables(told, [table])
    assert (len(more.tables), more.complete) == (MOST_EARLIER, False)
    assert {(one.own, one.current, one.label) for one in more.tables} == {(True, True, "t.csv")}


def test_an_approved_notebook_has_so_many_cells_and_no_more() -> None:
    for count, fits in ((500, True), (501, False)):
        told = json.dumps({"digest": "0" * 64, "cells": ["0" * 64] * count, "parameters": {}})
        with contextlib.nullcontext() if fits else pytest.raises(ValidationError):
            ApprovedNotebook.model_validate_json(told)


@pytest.mark.parametrize("row", [None, 7])
def test_a_refusal_says_the_row_where_it_knows_one(row: int | None) -> None:
    (part,) = refused(1, "t.csv", 5, RefusalReason.LONG_CELL, row).fragments
    assert isinstance(part, RefusalFragment)
    assert part.row == row


def test_a_card_of_nothing_tells_nothing() -> None:
    assert CardPart.of(FileCard()).value() == FileCard()


def test_a_file_of_which_nothing_is_said_is_one_to_be_judged_without_a_declaration() -> None:
    file = CheckFile.model_validate_json('{"index": 1, "path": "t.csv"}')
    assert (file.earlier, file.other, file.left, file.run, file.current) == (False, False, False, False, True)
    assert file.table.value() == TableContext()


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({"dimensions": ["c"] * 20}, True),
        ({"dimensions": ["c"] * 21}, False),
        ({"rounding": 0}, True),
        ({"rounding": -1}, False),
        ({"quantile": -0.1}, False),
        ({"quantile": 1.1}, False),
    ],
)
def test_a_declaration_is_bounded(change: dict[str, Any], *, fits: bool) -> None:
    with contextlib.nullcontext() if fits else pytest.raises(ValidationError):
        TableDeclaration.model_validate_json(json.dumps(change))


@pytest.mark.parametrize(
    ("name", "one"),
    [("direct_identifiers", "c"), ("structural_zeros", {"c": "x", "d": "y"}), ("canaries", "planted")],
)
def test_a_dataset_is_described_within_bounds(name: str, one: object) -> None:
    for count, fits in ((200, True), (201, False)):
        told = json.dumps({"name": "d", "folder": "/data/d", name: [one] * count})
        with contextlib.nullcontext() if fits else pytest.raises(ValidationError):
            DatasetDescription.model_validate_json(told)


@pytest.mark.parametrize("name", ["files", "supporting"])
def test_so_many_files_are_checked_or_shown_and_no_more(name: str) -> None:
    policy = load_profile("uk-sacro").model_dump(mode="json")
    for count, fits in ((MOST_FILES, True), (MOST_FILES + 1, False)):
        told = {"files": [], "policy": policy} | {name: [{"index": 1, "path": "a.csv"}] * count}
        with contextlib.nullcontext() if fits else pytest.raises(ValidationError):
            CheckRequest.model_validate_json(json.dumps(told))


def test_a_finding_says_on_the_other_side_what_it_said() -> None:
    found = Finding("c", Severity.BLOCK, "p", "the sentence", "the rule", "the detail", (("minimum_units", "10"),))
    part = FoundPart(
        check="c",
        severity=Severity.BLOCK,
        place="p",
        sentence="the sentence",
        rule="the rule",
        detail="the detail",
        parameters=(("minimum_units", "10"),),
    )
    assert part.value() == found


def test_a_file_with_as_many_findings_as_it_may_have_is_within_what_the_lab_reads() -> None:
    longest = {"check": "c" * 60, "severity": "block", "place": "p" * 600, "sentence": "s" * 800, "rule": "r" * 800}
    file = RESULT["files"][0] | {"findings": [longest] * MOST_FINDINGS}
    result = CheckResult.model_validate_json(json.dumps(RESULT | {"files": [file]}))
    assert len(result.model_dump_json().encode()) < LARGEST_RESULT


def test_an_earlier_table_of_which_nothing_is_said_is_of_others_and_on_the_same_snapshot() -> None:
    """Rows are named only beside the author's own tables."""
    told = EarlierTable.model_validate_json(json.dumps({"release": "r", "table": TABLE}))
    assert (told.own, told.current) == (False, True)


def test_the_reader_and_the_check_have_two_minutes_where_nobody_says_how_long() -> None:
    policy = load_profile("uk-sacro")
    assert ReadRequest(files=()).seconds == CheckRequest(files=(), policy=policy).seconds == 120
