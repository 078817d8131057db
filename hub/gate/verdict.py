"""The verdict: the strictest of what was found."""

from __future__ import annotations

from collections.abc import Iterable

from hub.domain.exports import Finding, Severity
from hub.gate.exchange import Verdict

_VERDICTS = {
    Severity.BLOCK: Verdict.BLOCK,
    Severity.REVIEW: Verdict.REVIEW,
    Severity.FIXED: Verdict.FIXED,
    Severity.NOTE: Verdict.NONE,
}
_ORDER = list(Verdict)


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict on findings: block before review before fixed; a note asks for nothing."""
    return strictest(_VERDICTS[finding.severity] for finding in findings)


def verdict_of(severity: Severity) -> Verdict:
    """Return the verdict that one finding of a severity asks for."""
    return _VERDICTS[severity]


def strictest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the strictest of several verdicts; of none, none."""
    return min(verdicts, key=_ORDER.index, default=Verdict.NONE)
