"""The report of a check: for people as text, for programs as JSON, SARIF, or in the shape of ACRO's results."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass, field

from hub.gate.acro_results import acro_results
from hub.gate.exchange import CheckResult, TableDeclaration, Verdict
from hub.gate.report_form import Audience, ReportBody, ReportFile, report_body
from hub.gate.sarif import sarif_log
from hub.policy.layers import MergedPolicy
from hub.policy.model import Policy

_EXIT_CODES = {Verdict.NONE: 0, Verdict.FIXED: 0, Verdict.REVIEW: 1, Verdict.BLOCK: 2}
_WORDS = {
    Verdict.NONE: "nothing found",
    Verdict.FIXED: "put right",
    Verdict.REVIEW: "a steward must look",
    Verdict.BLOCK: "blocked",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What the gate says of some files, under which policy, and for whom."""

    result: CheckResult
    merged: MergedPolicy
    audience: Audience = Audience.STEWARD
    tables: dict[str, TableDeclaration] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        """The policy that was applied."""
        return self.merged.policy

    @property
    def exit_code(self) -> int:
        """0: nothing found or only put right; 1: a steward must look; 2: blocked."""
        return _EXIT_CODES[self.result.verdict]

    @property
    def body(self) -> ReportBody:
        """The report as programs read it."""
        return report_body(self.result, self.merged, self.audience, self.tables)

    def to_json(self) -> str:
        """The whole report as JSON; its schema is published."""
        return _json(self.body.model_dump(mode="json"))

    def to_sarif(self) -> str:
        """The findings as SARIF 2.1.0, which editors and code hosts show."""
        return _json(sarif_log(self.body))

    def to_acro(self, timestamp: str) -> str:
        """The report in the shape of ACRO's results.json, which SACRO-Viewer reads."""
        return _json(acro_results(self.body, timestamp))

    def to_text(self) -> str:
        """One paragraph for each file, one entry for each finding, and what it all rests on."""
        parts = [_file_text(file) for file in self.body.files]
        parts.append(
            f"Verdict: {_WORDS[self.result.verdict]}.\n"
            f"Policy {self.policy.name} ({self.result.policy_digest[:12]}), engine {self.result.engine}."
        )
        return "\n\n".join(parts)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _file_text(file: ReportFile) -> str:
    lines = [f"{file.path}: {_WORDS[file.verdict]}"]
    for found in file.findings:
        lines.append(f"  {found.severity.upper():<6} {found.check}  {found.place}")
        said = found.steward_text or found.text
        lines += textwrap.wrap(said, 100, initial_indent="         ", subsequent_indent="         ")
        if found.rule:
            lines.append(f"         Rule: {found.rule}.")
        lines += [f"         {p.name} = {p.value}: {p.source}" for p in found.parameters if p.source]
        if found.fix:
            lines.append(f"         Fix: {found.fix.kind} (applied with --fix).")
    return "\n".join(lines)
