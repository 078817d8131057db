"""Facts about reports: what stands in them for whom, and that other programs can read them."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from hub.domain.exports import FixKind, Severity
from hub.domain.policy_layers import LayerKind
from hub.gate.exchange import CheckedFile, CheckResult, FixPart, FoundPart, Verdict
from hub.gate.kinds import Kind
from hub.gate.report import Report
from hub.gate.report_form import Audience, ReportBody, schema
from hub.policy.layers import MergedPolicy, merge_layers
from hub.policy.load import layer_of
from hub.policy.model import policy_digest

SECRET = "The smallest of these cells covers this many units: 3."
ACRO_OUTPUT = {
    "uid", "status", "type", "properties", "files", "outcome", "command", "summary", "timestamp", "comments",
    "exception", "fair",
}  # fmt: skip
"""The keys of one output as acro 1.0.2 writes them (``Records.finalise_json``)."""


def merged() -> MergedPolicy:
    project = layer_of(LayerKind.PROJECT, "care", parameters={"minimum_units": 15}, sources=("Decision 12",))
    return merge_layers([layer_of(LayerKind.DATASET, "jobs", "uk-sacro"), project])


def report(audience: Audience = Audience.STEWARD) -> Report:
    policy = merged()
    found = FoundPart(
        check="minimum-frequency",
        severity=Severity.BLOCK,
        place="a file.csv, row 2",
        sentence="These cells cover too few units.",
        rule="at least 15 units",
        detail=SECRET,
        parameters=(("minimum_units", "15"), ("dominance", "none")),
        fix=FixPart(kind=FixKind.SUPPRESS, place="", rows=(2,), columns=(2,)),
    )
    note = FoundPart(check="digits", severity=Severity.FIXED, place="b.csv", sentence="“Numbers” were rounded.")
    files = (
        CheckedFile(index=1, path="a file.csv", kind=Kind.CSV, verdict=Verdict.BLOCK, findings=(found,)),
        CheckedFile(
            index=2, path="b.csv", kind=Kind.CSV, verdict=Verdict.FIXED, canonical_name="b.csv", sha256="a" * 64,
            size=3, findings=(note,),
        ),
        CheckedFile(index=3, path="c.txt", kind=Kind.TEXT, verdict=Verdict.REVIEW),
    )  # fmt: skip
    result = CheckResult(
        engine="datalab-gate/1", policy_digest=policy_digest(policy.policy), verdict=Verdict.BLOCK, files=files
    )
    return Report(result, policy, audience)


def test_a_report_follows_its_published_schema_and_reads_back() -> None:
    body = json.loads(report().to_json())
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(body, schema())
    assert ReportBody.model_validate_json(report().to_json()) == report().body
    assert (body["form"], body["engine"], body["policy_digest"]) == (
        "datalab-gate-report/1", "datalab-gate/1", policy_digest(merged().policy),
    )  # fmt: skip
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body | {"verdict": "fine"}, schema())


def test_a_parameter_says_where_it_comes_from() -> None:
    found = report().body.files[0].findings[0]
    assert [(p.name, p.value, p.source) for p in found.parameters] == [
        ("minimum_units", "15", "project:care"),
        ("dominance", "none", "dataset:jobs (profile uk-sacro)"),
    ]
    assert found.parameters[0].documents == ("Decision 12",)
    assert "ACRO" in found.parameters[1].documents[0]


@pytest.mark.parametrize("form", ["to_json", "to_text", "to_sarif"])
def test_details_are_for_stewards_alone(form: str) -> None:
    assert SECRET in " ".join(getattr(report(), form)().split())
    assert SECRET not in " ".join(getattr(report(Audience.RESEARCHER), form)().split())


def test_acro_s_shape_never_has_details() -> None:
    assert SECRET not in report().to_acro("2026-01-01T00:00:00")


def test_sarif_has_what_version_2_1_0_requires() -> None:
    log = json.loads(report().to_sarif())
    assert (log["version"], log["$schema"].endswith("sarif-schema-2.1.0.json"), len(log["runs"])) == ("2.1.0", True, 1)
    run = log["runs"][0]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("datalab-gate", "1")
    rules = [rule["id"] for rule in driver["rules"]]
    assert len(set(rules)) == len(rules)
    assert len(run["results"]) == 2
    for result in run["results"]:
        _check_result(result, rules, run["artifacts"])
    assert [result["level"] for result in run["results"]] == ["error", "note"]
    assert run["artifacts"][1]["hashes"] == {"sha-256": "a" * 64}


def _check_result(result: dict[str, Any], rules: list[str], artifacts: list[dict[str, Any]]) -> None:
    """SARIF 2.1.0: 3.27.5 ruleId, 3.27.6 ruleIndex, 3.27.10 level, 3.27.11 message, 3.4.3 uri, 3.4.5 index."""
    assert rules[result["ruleIndex"]] == result["ruleId"]
    assert result["level"] in {"none", "note", "warning", "error"}
    assert result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifacts[place["index"]]["location"]["uri"] == place["uri"]
    assert " " not in place["uri"]


@pytest.mark.parametrize("audience", Audience)
def test_sarif_follows_the_whole_official_schema(audience: Audience) -> None:
    """The model is made from OASIS's sarif-schema-2.1.0.json, and takes no property that this does not name."""
    log = json.loads(report(audience).to_sarif())
    SarifLog.model_validate(log)
    del log["runs"][0]["results"][0]["message"]
    with pytest.raises(ValidationError):
        SarifLog.model_validate(log)


def test_acro_s_viewer_finds_every_key_of_an_output() -> None:
    results = json.loads(report().to_acro("2026-01-01T00:00:00"))
    assert set(results) == {"version", "tool", "results"}
    assert set(results["tool"]) == {"@type", "name", "url", "version"}
    outputs = results["results"]
    assert {uid: o["status"] for uid, o in outputs.items()} == {
        "output_0": "fail", "output_1": "pass", "output_2": "review",
    }  # fmt: skip
    for uid, output in outputs.items():
        assert set(output) == ACRO_OUTPUT
        assert (output["uid"], output["type"]) == (uid, "custom")
        assert [set(file) for file in output["files"]] == [{"name", "sdc"}]
    assert outputs["output_0"]["summary"] == "fail; minimum-frequency: 1 finding(s)"


def test_the_text_names_rule_source_and_fix() -> None:
    text = report().to_text()
    assert "minimum_units = 15: project:care" in text
    assert "Fix: suppress (applied with --fix)." in text


def test_the_text_is_laid_out_by_file_and_finding() -> None:
    said = "These cells cover too few units. Categories were looked at one by one, "
    said += "and just these places are the ones to merge."
    found = FoundPart(check="digits", severity=Severity.NOTE, place="long.csv", sentence=said)
    long = CheckedFile(index=4, path="long.csv", kind=Kind.CSV, verdict=Verdict.NONE, findings=(found,))
    shown = report()
    files = (*shown.result.files, long)
    result = shown.result.model_copy(update={"files": files})
    assert Report(result, shown.merged).to_text().split("\n") == [
        "a file.csv: blocked",
        "  BLOCK  minimum-frequency  a file.csv, row 2",
        "         These cells cover too few units. The smallest of these cells covers this many units: 3.",
        "         Rule: at least 15 units.",
        "         minimum_units = 15: project:care",
        "         dominance = none: dataset:jobs (profile uk-sacro)",
        "         Fix: suppress (applied with --fix).",
        "",
        "b.csv: put right",
        "  FIXED  digits  b.csv",
        "         “Numbers” were rounded.",
        "",
        "c.txt: a steward must look",
        "",
        "long.csv: nothing found",
        "  NOTE   digits  long.csv",
        "         These cells cover too few units. Categories were looked at one by one, and just these",
        "         places are the ones to merge.",
        "",
        "Verdict: blocked.",
        f"Policy project:care + uk-sacro ({policy_digest(merged().policy)[:12]}), engine datalab-gate/1.",
    ]


def test_programs_read_sorted_keys_and_people_read_their_letters() -> None:
    shown = report()
    for text in (shown.to_json(), shown.to_sarif(), shown.to_acro("2026-01-01T00:00:00")):
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True)
    assert "“Numbers” were rounded." in shown.to_json()


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.NONE, 0), (Verdict.FIXED, 0), (Verdict.REVIEW, 1), (Verdict.BLOCK, 2)]
)
def test_programs_read_the_verdict_from_the_exit_code(verdict: Verdict, code: int) -> None:
    shown = report()
    assert Report(shown.result.model_copy(update={"verdict": verdict}), shown.merged).exit_code == code


def test_a_parameter_without_a_source_is_not_named() -> None:
    shown = report()
    first = shown.result.files[0]
    (found,) = first.findings
    asked = found.model_copy(update={"parameters": (("no_such_parameter", "3"),)})
    result = shown.result.model_copy(update={"files": (first.model_copy(update={"findings": (asked,)}),)})
    assert "no_such_parameter" not in Report(result, shown.merged).to_text()
