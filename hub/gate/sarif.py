"""A report as SARIF 2.1.0: OASIS, Static Analysis Results Interchange Format, 27 March 2020."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hub.domain.exports import Severity
from hub.gate.report_form import ReportBody, ReportFile, ReportFinding

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.BLOCK: "error", Severity.REVIEW: "warning", Severity.FIXED: "note", Severity.NOTE: "note"}


def sarif_log(report: ReportBody) -> dict[str, Any]:
    """Return the log: one run, a rule for each check that found something, a result for each finding."""
    checks = sorted({found.check for file in report.files for found in file.findings})
    name, _, version = report.engine.partition("/")
    driver = {
        "name": name,
        "version": version or "0",
        "rules": [{"id": check, "shortDescription": {"text": check.replace("-", " ")}} for check in checks],
    }
    results = [
        _result(found, file, index, checks) for index, file in enumerate(report.files) for found in file.findings
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [_artifact(file) for file in report.files],
        "results": results,
        "properties": {"verdict": report.verdict, "policyDigest": report.policy_digest, "audience": report.audience},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _artifact(file: ReportFile) -> dict[str, Any]:
    made: dict[str, Any] = {"location": {"uri": quote(file.path)}, "properties": {"verdict": file.verdict}}
    return made | {"hashes": {"sha-256": file.sha256}} if file.sha256 else made


def _result(found: ReportFinding, file: ReportFile, index: int, checks: list[str]) -> dict[str, Any]:
    place = {
        "physicalLocation": {"artifactLocation": {"uri": quote(file.path), "index": index}},
        "logicalLocations": [{"fullyQualifiedName": found.place}],
    }
    properties = {
        "severity": found.severity,
        "rule": found.rule,
        "parameters": {p.name: p.value for p in found.parameters},
    }
    return {
        "ruleId": found.check,
        "ruleIndex": checks.index(found.check),
        "level": _LEVELS[found.severity],
        "message": {"text": found.steward_text or found.text},
        "locations": [place],
        "properties": properties,
    }
