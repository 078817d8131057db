"""The doctor sees a privacy budget that is kept, and one that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from datasets_mount.catalogue import Tier
from datasets_mount.synthetic import PrivacyBudget, check_epsilon
from doubles.people import play, registered_dataset
from hub.doctor import budgets
from hub.domain.errors import RefusedError
from hub.domain.examinations import Verdict
from hub.services import synthetic_twins
from hub.services.lab import Lab

Rule = Callable[[Decimal, PrivacyBudget], None]


def anything(_epsilon: Decimal, _known: PrivacyBudget) -> None:
    """A rule that refuses nothing."""


def nothing(_epsilon: Decimal, _known: PrivacyBudget) -> None:
    """A rule that refuses all."""
    raise RefusedError("No.", reason="privacy-budget")


def up_to_the_whole(epsilon: Decimal, known: PrivacyBudget) -> None:
    """A rule that forgets what was spent."""
    check_epsilon(epsilon, replace(known, spent=Decimal(0)))


def test_the_labs_own_rule_holds() -> None:
    found = list(budgets.overspending_tried())
    assert {attempt.verdict for attempt in found} == {Verdict.HOLDS}
    assert len(found) == 1 + len(budgets.TOO_MUCH) + len(budgets.NO_PRICE)


@pytest.mark.parametrize("rule", [anything, nothing, up_to_the_whole])
def test_a_rule_that_does_not_hold_is_seen(rule: Rule) -> None:
    assert Verdict.BROKEN in {attempt.verdict for attempt in budgets.overspending_tried(rule)}


def test_what_was_spent_is_added_up(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab, Tier.SECRET)
    synthetic_twins.ask_twin(lab, "jobs-steward", "jobs", epsilon=Decimal(2), rows=20)
    assert budgets.budgets_added_up(lab).verdict is Verdict.HOLDS
    smaller = lab.settings.twins.model_copy(update={"epsilon": Decimal(1)})
    seen = budgets.budgets_added_up(replace(lab, settings=lab.settings.model_copy(update={"twins": smaller})))
    assert seen.verdict is Verdict.BROKEN
    assert "jobs" in seen.seen
