"""Membership: whether a model tells whom it was fitted on, tried on the rows that it saw and on others."""

from __future__ import annotations

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.fragments import Fragment
from hub.gate.membership import FALSE_RATE, Membership, attacked
from hub.gate.training import losses, model_in, training

IDENTIFIER = "membership"
FEWEST = 50


def membership(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A model's errors do not tell the records that it was fitted on from others.

    Where the declared filter leaves rows that the model never saw, it is run on both. Blocked is an area under the
    curve of ``membership_auc`` percent or more that is no chance, and an attack that finds ``membership_hits`` times
    as many of its records as it errs, at one error in a thousand. The figures are for stewards alone. Models that
    cannot be run here (arrays, forests, networks) are not tried.
    """
    model = model_in(fragment, context)
    known = training(model, context) if model is not None else None
    if model is None or known is None or known.records is None or not known.declared:
        return None
    seen, others = known.records.part(seen=True), known.records.part(seen=False)
    if min(len(seen.outcome), len(others.outcome)) < FEWEST:
        sentence = (
            f"The declared filter leaves fewer than {FEWEST} records on one side, so whether the model tells whom it "
            "was fitted on could not be tried. Fit it on a part of the rows, and declare which."
        )
        return [context.finding(IDENTIFIER, Severity.REVIEW, fragment.place, sentence)]
    found = attacked(losses(model, seen), losses(model, others))
    policy = context.policy
    is_large = found.is_sure and found.area * 100 >= policy.membership_auc
    is_found = found.hits is not None and found.hits >= policy.membership_hits * FALSE_RATE
    severity = Severity.BLOCK if is_large or is_found else Severity.NOTE
    sentence = (
        "The model's errors tell records that it was fitted on from others. Fit a simpler model, or one with more "
        "units behind each of its numbers."
        if severity is Severity.BLOCK
        else "An attack on whom the model was fitted on was tried, and did not reach the policy's thresholds."
    )
    rule = (
        f"an attack on membership stays below {policy.membership_auc} % of area and "
        f"{policy.membership_hits} times its errors ({policy.name})"
    )
    said = (IDENTIFIER, severity, fragment.place, sentence, rule)
    return [context.finding(*said, detail=_figures(found), applied=("membership_auc", "membership_hits"))]


def _figures(found: Membership) -> str:
    area, spread = f"{found.area:.3f}", f"{found.spread:.3f}"
    if found.hits is None:
        return (
            f"Area under the curve {area} (by chance 0.5 ± {spread}); too few other records to say how many are found "
            "at 0.1 % false positives."
        )
    hits = f"{found.hits * 100:.2f}"
    return f"Area under the curve {area} (by chance 0.5 ± {spread}); true positives at 0.1 % false positives: {hits} %."


MEMBERSHIP = Check(
    IDENTIFIER,
    membership,
    claims=False,
    parameters=("membership_auc", "membership_hits"),
    source="Yeom and others, 2018 (attack by the loss); Carlini and others, Membership Inference Attacks From First "
    "Principles, 2022 (true positives at 0.1 % false positives)",
)
