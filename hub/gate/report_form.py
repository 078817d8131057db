"""The form of a report: what programs may rely on; the published JSON schema is made from it.

Invariants:

* a researcher's report holds no count below a threshold, no share and no detail: nothing computed from others' data;
* the policy's digest, the policy itself and the engine's version stand in every report.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from hub.domain.exports import Severity
from hub.gate.exchange import (
    MOST_CHECKED,
    MOST_FINDINGS,
    CheckedFile,
    CheckResult,
    Digest,
    FilePath,
    FixPart,
    FoundPart,
    Line,
    TableDeclaration,
    Verdict,
)
from hub.gate.fragments import Part
from hub.gate.kinds import Kind
from hub.policy.layers import MergedPolicy
from hub.policy.model import Policy

FORM = "datalab-gate-report/1"


class Audience(StrEnum):
    """Who reads a report: a steward sees the details, a researcher does not."""

    STEWARD = "steward"
    RESEARCHER = "researcher"


class ReportParameter(Part):
    """A threshold that a rule applied, and the layer, profile and documents that it comes from."""

    name: str
    value: str
    source: str = ""
    documents: tuple[str, ...] = ()


class ReportFinding(Part):
    """What a check found: rule, place, text for the researcher, and for a steward's eyes the text with the details."""

    check: str
    severity: Severity
    place: str
    rule: Line = ""
    parameters: tuple[ReportParameter, ...] = ()
    text: Line
    steward_text: Annotated[str, Field(max_length=1700)] = ""
    fix: FixPart | None = None


class ReportFile(Part):
    """One file: its verdict and findings, its declaration, and the canonical file that may leave."""

    path: FilePath
    kind: Kind
    verdict: Verdict
    table: TableDeclaration = TableDeclaration()
    canonical_name: str = ""
    sha256: Digest | Annotated[str, Field(max_length=0)] = ""
    size: Annotated[int, Field(ge=0)] = 0
    findings: tuple[ReportFinding, ...] = Field(default=(), max_length=MOST_FINDINGS)


class ReportBody(Part):
    """A report of the gate on some files."""

    form: Literal["datalab-gate-report/1"] = "datalab-gate-report/1"
    audience: Audience
    engine: str
    policy_digest: Digest
    policy: Policy
    verdict: Verdict
    files: tuple[ReportFile, ...] = Field(max_length=MOST_CHECKED)


def report_body(
    result: CheckResult, merged: MergedPolicy, audience: Audience, tables: dict[str, TableDeclaration]
) -> ReportBody:
    """Make the report of a result for its reader; ``tables`` are the declarations by path."""
    files = tuple(_file(file, merged, audience, tables) for file in result.files)
    return ReportBody(
        audience=audience,
        engine=result.engine,
        policy_digest=result.policy_digest,
        policy=merged.policy,
        verdict=result.verdict,
        files=files,
    )


def _file(
    file: CheckedFile, merged: MergedPolicy, audience: Audience, tables: dict[str, TableDeclaration]
) -> ReportFile:
    return ReportFile(
        path=file.path,
        kind=file.kind,
        verdict=file.verdict,
        table=tables.get(file.path, TableDeclaration()),
        canonical_name=file.canonical_name,
        sha256=file.sha256,
        size=file.size,
        findings=tuple(_finding(found, merged, audience) for found in file.findings),
    )


def _finding(found: FoundPart, merged: MergedPolicy, audience: Audience) -> ReportFinding:
    steward = f"{found.sentence} {found.detail}".strip() if audience is Audience.STEWARD else ""
    return ReportFinding(
        check=found.check,
        severity=found.severity,
        place=found.place,
        rule=found.rule,
        parameters=tuple(_parameter(name, value, merged) for name, value in found.parameters),
        text=found.sentence,
        steward_text=steward,
        fix=found.fix,
    )


def _parameter(name: str, value: str, merged: MergedPolicy) -> ReportParameter:
    origin = merged.origin(name)
    if origin is None:
        return ReportParameter(name=name, value=value)
    return ReportParameter(name=name, value=value, source=origin.words, documents=origin.sources)


def schema() -> dict[str, Any]:
    """Return the JSON schema of a report."""
    made = ReportBody.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": FORM, **made}


def schema_text() -> str:
    """Return the schema as it is published: ``python -m hub.gate.report_form > docs/reference/gate-report.json``."""
    return json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
