"""Facts about the verdict: the strictest of what was found, whatever its order."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from hub.domain.exports import Finding, Severity
from hub.gate.exchange import Verdict
from hub.gate.verdict import strictest, verdict, verdict_of

FROM_STRICT = (Verdict.BLOCK, Verdict.REVIEW, Verdict.FIXED, Verdict.NONE)
ASKED = {
    Severity.BLOCK: Verdict.BLOCK,
    Severity.REVIEW: Verdict.REVIEW,
    Severity.FIXED: Verdict.FIXED,
    Severity.NOTE: Verdict.NONE,
}


def finding(severity: Severity) -> Finding:
    return Finding("a-check", severity, "t.csv", "A sentence.")


def test_every_severity_asks_for_a_verdict() -> None:
    assert set(ASKED) == set(Severity)
    assert {severity: verdict_of(severity) for severity in Severity} == ASKED


@pytest.mark.parametrize("first", Severity)
@pytest.mark.parametrize("second", Severity)
def test_of_two_findings_the_stricter_one_decides_in_either_order(first: Severity, second: Severity) -> None:
    expected = min(ASKED[first], ASKED[second], key=FROM_STRICT.index)
    assert verdict([finding(first), finding(second)]) is expected


def test_of_many_verdicts_the_strictest_counts() -> None:
    for order in permutations(FROM_STRICT):
        assert strictest(order) is Verdict.BLOCK
    for pair in product(FROM_STRICT[1:], repeat=2):
        assert strictest(pair) is min(pair, key=FROM_STRICT.index)


def test_of_nothing_there_is_nothing_to_say() -> None:
    assert verdict([]) is Verdict.NONE
    assert strictest([]) is Verdict.NONE
