"""The report of a check: for people as text, for programs as JSON."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass

from hub.gate.exchange import CheckedFile, CheckResult, Verdict
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
    """What the gate says of some files, and under which policy."""

    result: CheckResult
    policy: Policy

    @property
    def exit_code(self) -> int:
        """0: nothing found or only put right; 1: a steward must look; 2: blocked."""
        return _EXIT_CODES[self.result.verdict]

    def to_json(self) -> str:
        """The whole result with the policy, as JSON."""
        body = self.result.model_dump(mode="json", exclude={"files": {"__all__": {"tables"}}}) | {
            "policy": self.policy.model_dump(mode="json")
        }
        return json.dumps(body, indent=2, ensure_ascii=False, sort_keys=True)

    def to_text(self) -> str:
        """One paragraph for each file, one entry for each finding, and what it all rests on."""
        parts = [_file_text(file) for file in self.result.files]
        parts.append(
            f"Verdict: {_WORDS[self.result.verdict]}.\n"
            f"Policy {self.policy.name} ({self.result.policy_digest[:12]}), engine {self.result.engine}."
        )
        return "\n\n".join(parts)


def _file_text(file: CheckedFile) -> str:
    lines = [f"{file.path}: {_WORDS[file.verdict]}"]
    for found in file.findings:
        lines.append(f"  {found.severity.upper():<6} {found.check}  {found.place}")
        lines += textwrap.wrap(found.sentence, 100, initial_indent="         ", subsequent_indent="         ")
        if found.rule:
            lines.append(f"         Rule: {found.rule}.")
    return "\n".join(lines)
