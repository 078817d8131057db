"""A report in the shape of ``results.json`` as ACRO 1.0.2 writes it, so that its viewer's users can read it.

Each file is one output of ACRO's type “custom”: its table is not repeated here, since the viewer opens the file itself.
"""

from __future__ import annotations

from typing import Any

from hub.gate.exchange import Verdict
from hub.gate.report_form import ReportBody, ReportFile

SHAPE = "1.0.2"
"""The version of ACRO whose results.json this is like."""
_STATUS = {Verdict.NONE: "pass", Verdict.FIXED: "pass", Verdict.REVIEW: "review", Verdict.BLOCK: "fail"}


def acro_results(report: ReportBody, timestamp: str) -> dict[str, Any]:
    """Return the results; the engine stands where ACRO names itself as the tool."""
    name, _, version = report.engine.partition("/")
    tool = {"@type": "SoftwareApplication", "name": name, "url": "", "version": version}
    outputs = {f"output_{n}": _output(n, file, report, timestamp) for n, file in enumerate(report.files)}
    return {"version": SHAPE, "tool": tool, "results": outputs}


def _output(number: int, file: ReportFile, report: ReportBody, timestamp: str) -> dict[str, Any]:
    said = [f"{found.check} ({found.severity}), {found.place}: {found.text}" for found in file.findings]
    counts = {found.check: 0 for found in file.findings}
    for found in file.findings:
        counts[found.check] += 1
    summary = "; ".join([_STATUS[file.verdict], *(f"{check}: {count} finding(s)" for check, count in counts.items())])
    return {
        "uid": f"output_{number}",
        "status": _STATUS[file.verdict],
        "type": "custom",
        "properties": {"policy": report.policy_digest, "verdict": file.verdict},
        "files": [{"name": file.canonical_name or file.path, "sdc": {}}],
        "outcome": {},
        "command": "datalab gate check",
        "summary": summary,
        "timestamp": timestamp,
        "comments": said,
        "exception": "",
        "fair": {},
    }
