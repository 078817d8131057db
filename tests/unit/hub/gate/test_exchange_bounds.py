"""Facts about how much a message may say: up to its bounds it is read, and beyond any of them it is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from hub.domain.exports import Finding, Fix, FixKind, Severity
from hub.gate.exchange import (
    MOST_CELLS,
    MOST_CHECKED,
    MOST_FILES,
    MOST_FINDINGS,
    MOST_FIXED,
    MOST_TABLES,
    ApprovedNotebook,
    CheckedFile,
    CheckFile,
    CheckRequest,
    CheckResult,
    DatasetDescription,
    FixPart,
    FoundPart,
    OfferedFile,
    ReadRequest,
    ReadResult,
    ShownFile,
    TableDeclaration,
    TablePart,
)
from hub.gate.filter_language import LONGEST
from hub.gate.fragments import Part
from hub.policy.load import load_profile

FILE: dict[str, Any] = {"index": 1, "path": "t.csv"}
KNOWN = FILE | {"kind": "csv"}
FOUND: dict[str, Any] = {"check": "c", "severity": "block", "place": "p", "sentence": "s"}
TABLE: dict[str, Any] = {"path": "t.csv", "dataset": "d", "file": "d.parquet", "exact": True}
RESULT: dict[str, Any] = {"engine": "e", "policy_digest": "0" * 64, "verdict": "none", "files": []}
LEAST: dict[type[Part], dict[str, Any]] = {
    OfferedFile: FILE,
    CheckFile: FILE,
    ReadRequest: {"files": []},
    ReadResult: {"engine": "e", "files": []},
    TableDeclaration: {},
    DatasetDescription: {"name": "d", "folder": "/data/d"},
    ApprovedNotebook: {"digest": "0" * 64},
    CheckRequest: {"files": [], "policy": load_profile("uk-sacro").model_dump(mode="json")},
    FixPart: {"kind": "suppress", "place": "p"},
    FoundPart: FOUND,
    TablePart: TABLE,
    CheckedFile: KNOWN | {"verdict": "none"},
    ShownFile: KNOWN,
    CheckResult: RESULT,
}


def is_read(of: type[Part], name: str, value: object) -> bool:
    """Whether a message that says the least otherwise is read."""
    of.model_validate_json(json.dumps(LEAST[of]))
    try:
        of.model_validate_json(json.dumps(LEAST[of] | {name: value}))
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("of", "name", "most"),
    [
        (OfferedFile, "path", 300),
        (ReadResult, "engine", 40),
        (TableDeclaration, "dataset", 200),
        (TableDeclaration, "aggregate", 40),
        (TableDeclaration, "filter", LONGEST),
        (DatasetDescription, "name", 100),
        (DatasetDescription, "folder", 4_096),
        (DatasetDescription, "profile", 60),
        (FixPart, "place", 600),
        (FoundPart, "check", 60),
        (FoundPart, "place", 600),
        (FoundPart, "detail", 800),
        (TablePart, "path", 320),
        (TablePart, "file", 1_000),
        (TablePart, "filter", 800),
        (CheckedFile, "canonical_name", 320),
        (ShownFile, "name", 320),
        (CheckResult, "engine", 40),
    ],
)
def test_a_text_has_so_many_characters_and_no_more(of: type[Part], name: str, most: int) -> None:
    assert is_read(of, name, "x" * most)
    assert not is_read(of, name, "x" * (most + 1))


@pytest.mark.parametrize(
    ("of", "name", "one", "most"),
    [
        (ReadRequest, "files", FILE, MOST_FILES),
        (ReadRequest, "supporting", 1, MOST_FILES),
        (ReadResult, "files", KNOWN, MOST_FILES),
        (DatasetDescription, "group_columns", "c", 20),
        (DatasetDescription, "canary_rows", {"c": "x"}, 20),
        (CheckRequest, "datasets", LEAST[DatasetDescription], 100),
        (FixPart, "rows", 1, MOST_FIXED),
        (FixPart, "columns", 1, 2_000),
        (FoundPart, "parameters", ["minimum_units", "10"], 20),
        (TablePart, "dimensions", "c", 20),
        (TablePart, "decimals", 0, 20),
        (TablePart, "figures", "count", 200),
        (TablePart, "cells", [], MOST_CELLS),
        (TablePart, "counts", 1, MOST_CELLS),
        (CheckedFile, "findings", FOUND, MOST_FINDINGS),
        (CheckedFile, "tables", TABLE, MOST_TABLES),
        (CheckResult, "files", LEAST[CheckedFile], MOST_CHECKED),
        (CheckResult, "shown", KNOWN, MOST_CHECKED),
    ],
)
def test_a_list_has_so_many_parts_and_no_more(of: type[Part], name: str, one: object, most: int) -> None:
    assert is_read(of, name, [one] * most)
    assert not is_read(of, name, [one] * (most + 1))


@pytest.mark.parametrize(
    ("of", "name", "within", "beyond"),
    [
        (OfferedFile, "index", [1, 9_999], [0, 10_000]),
        (ReadRequest, "seconds", [1], [0]),
        (CheckRequest, "seconds", [1], [0]),
        (CheckRequest, "month_bytes", [0], [-1]),
        (TableDeclaration, "quantile", [0, 1], [-0.001, 1.001]),
        (TableDeclaration, "rounding", [0, 1e12], [-1, 1e12 + 1]),
        (FixPart, "base", [0], [-1]),
        (FixPart, "rows", [[1]], [[0]]),
        (FixPart, "columns", [[1]], [[0]]),
        (TablePart, "decimals", [[0, 9]], [[-1], [10]]),
        (TablePart, "units", [[-1]], [[-2]]),
        (CheckedFile, "part", [0, 999], [-1, 1_000]),
        (CheckedFile, "size", [0], [-1]),
        (ShownFile, "part", [0, 999], [-1, 1_000]),
        (ShownFile, "size", [0], [-1]),
    ],
)
def test_a_number_lies_between_its_bounds(
    of: type[Part], name: str, within: list[object], beyond: list[object]
) -> None:
    assert all(is_read(of, name, value) for value in within)
    assert not any(is_read(of, name, value) for value in beyond)


@pytest.mark.parametrize(
    ("of", "name", "within", "beyond"),
    [
        (OfferedFile, "path", ["x"], [""]),
        (DatasetDescription, "name", ["x"], [""]),
        (DatasetDescription, "folder", ["x"], [""]),
        (DatasetDescription, "canaries", [["x" * 6], ["x" * 200]], [["x" * 5], ["x" * 201]]),
        (TablePart, "path", ["x"], [""]),
        (TablePart, "cells", [[["x"]], [["x" * 2_000]]], [[[""]], [["x" * 2_001]]]),
        (FoundPart, "parameters", [[["a" * 60, "1" * 60]]], [[["a" * 61, "1"]], [["a", "1" * 61]], [["A", "1"]]]),
        (CheckedFile, "sha256", ["", "0" * 64], ["0", "0" * 63, "0" * 65, "G" * 64, "0" * 64 + "\n"]),
        (ShownFile, "sha256", ["", "0" * 64], ["0", "0" * 65]),
        (ApprovedNotebook, "digest", ["0" * 64], ["", "0" * 65]),
    ],
)
def test_a_word_is_of_its_form(of: type[Part], name: str, within: list[object], beyond: list[object]) -> None:
    assert all(is_read(of, name, value) for value in within)
    assert not any(is_read(of, name, value) for value in beyond)


@pytest.mark.parametrize(
    ("of", "name", "most"),
    [(CheckFile, "sheets", 50), (ApprovedNotebook, "parameters", 50)],
)
def test_so_many_names_have_a_value_and_no_more(of: type[Part], name: str, most: int) -> None:
    one: object = {} if of is CheckFile else 1
    assert is_read(of, name, {f"n{number}": one for number in range(most)})
    assert not is_read(of, name, {f"n{number}": one for number in range(most + 1)})


def test_values_that_never_stand_together_are_of_one_column_to_twenty() -> None:
    for count, fits in ((0, False), (1, True), (20, True), (21, False)):
        zeros = [{f"c{number}": "x" for number in range(count)}]
        assert is_read(DatasetDescription, "structural_zeros", zeros) is fits


def least(of: type[Part]) -> Any:
    """What a message says that says the least."""
    return of.model_validate_json(json.dumps(LEAST[of]))


def test_what_a_request_leaves_out_asks_for_nothing() -> None:
    asked = least(CheckRequest)
    assert (asked.month_bytes, asked.fix, asked.others_all_count, asked.approved) == (0, False, True, None)
    assert least(ReadRequest).others_all_count is True
    described = least(DatasetDescription)
    assert (described.privacy_unit, described.profile) == ("", "")


def test_what_an_answer_leaves_out_says_nothing() -> None:
    assert least(FixPart).value() == Fix(FixKind.SUPPRESS, "p")
    assert least(FoundPart).value() == Finding("c", Severity.BLOCK, "p", "s")
    assert (least(TablePart).filter, least(TablePart).cells) == ("", ())
    checked, shown = least(CheckedFile), least(ShownFile)
    assert (checked.part, checked.canonical_name, checked.sha256, checked.size) == (0, "", "", 0)
    assert (shown.part, shown.name, shown.sha256, shown.size) == (0, "", "", 0)
