"""Promise 8: the lab's own rule is asked for more than is left of a privacy budget, and what was spent is added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

from datasets_mount.catalogue import Dataset
from datasets_mount.synthetic import PrivacyBudget, SyntheticTwin, budget_of, check_epsilon
from hub.doctor.refusals import control, refusal
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.services.lab import Lab

KNOWN = PrivacyBudget("doctor", Decimal(3), Decimal("2.5"))
"""Half is left."""
TOO_MUCH = {
    "more": ("Spend a little more than is left of a privacy budget.", Decimal("0.501")),
    "again": ("Spend all of a privacy budget once more.", Decimal(3)),
}
NO_PRICE = {
    "nothing": ("Spend nothing of a privacy budget.", Decimal(0)),
    "negative": ("Spend less than nothing, which would give a privacy budget back.", Decimal(-1)),
    "endless": ("Spend a privacy budget without end.", Decimal("Infinity")),
    "huge": ("Spend more of a privacy budget than can be counted.", Decimal("1E+40")),
    "no-number": ("Spend what is no number of a privacy budget.", Decimal("NaN")),
    "finer": ("Spend less than is counted of a privacy budget.", Decimal("0.0015")),
}


def overspending_tried(check: Callable[[Decimal, PrivacyBudget], None] = check_epsilon) -> Iterator[Attempt]:
    """Ask for what is left, as a control, then for more, and for what is no price at all."""
    tried = "Spend what is left of a privacy budget, as a control."
    yield (first := control(Promise.PRIVACY, "budget", tried, "It is allowed.", partial(check, KNOWN.left, KNOWN)))
    if first.verdict is not Verdict.HOLDS:
        return
    for wanted, prices in (("privacy-budget", TOO_MUCH), ("epsilon", NO_PRICE)):
        for name, (sentence, price) in prices.items():
            yield refusal(Promise.PRIVACY, name, wanted, sentence, partial(check, price, KNOWN))


def budgets_added_up(lab: Lab) -> Attempt:
    """Add up what every dataset's twins cost, refused ones too."""
    budget = lab.settings.twins.epsilon
    with lab.store.read() as reading:
        names = [dataset.name for dataset in reading.find(Dataset)]
        books = [budget_of(name, budget, reading.find(SyntheticTwin, dataset=name)) for name in names]
    over = [book.dataset for book in books if book.spent > book.budget]
    tried = "Add up what the twins of each of the lab's datasets cost."
    seen = f"More than lab.toml allows today: {', '.join(over[:5])}." if over else f"All {len(books)} are within it."
    return Attempt(Promise.PRIVACY, "spent", "host", tried, seen, Verdict.BROKEN if over else Verdict.HOLDS)
