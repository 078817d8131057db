"""Facts about checks: the rule in words is what the function that applies it says of itself."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.exports import Finding
from hub.gate.checks.check import Check, RequestCheck
from hub.gate.context import Context
from hub.gate.fragments import Fragment


def _told(fragment: Fragment, context: Context) -> None:
    """One line.

    Another line.
    """


def _silent(fragment: Fragment, context: Context) -> None:
    return None


def _silent_together(files: Sequence[Context]) -> list[list[Finding]]:
    return [[] for _ in files]


def test_a_rule_is_what_its_function_says_of_itself() -> None:
    assert Check("a", _told).rule == "One line.\n\nAnother line."


def test_a_function_that_says_nothing_has_no_words() -> None:
    assert Check("a", _silent).rule == ""
    assert RequestCheck("a", _silent_together).rule == ""
