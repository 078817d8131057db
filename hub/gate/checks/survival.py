"""Survival tables: how many units each step is made from."""

from __future__ import annotations

import re

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import number
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place, rows_of
from hub.gate.column_names import plain_name
from hub.gate.context import Context
from hub.gate.fragments import Fragment
from hub.gate.views import TableView

IDENTIFIER = "survival-steps"
_AT_RISK = re.compile(r"(?:n_?)?(?:at_)?risk(?:_set)?|num_at_risk|number_at_risk|a_risque|effectif_a_risque")
_EVENTS = re.compile(r"(?:n_?)?(?:num_)?(?:events?|observed|deaths?|censor(?:ed|ing)?|removed|entrance|evenements?)")
_CURVE = re.compile(
    r"(?:km_?)?(?:estimate|surv(?:ival)?(?:_(?:prob(?:ability)?|function))?|surv_prob|kaplan_meier.*)|survie"
)


def survival_steps(fragment: Fragment, context: Context) -> list[Finding] | None:
    """In a survival table each step is made from ``minimum_units`` units at least.

    Steps are events, censored units, and what the number at risk falls by from one row to the next; where only the
    curve is shown, a steward reads it.
    """
    findings = []
    for view in context.tables(fragment):
        names = dict(zip(view.keys, map(plain_name, view.columns), strict=True))
        risks = [key for key, name in names.items() if _AT_RISK.fullmatch(name)]
        events = [key for key, name in names.items() if _EVENTS.fullmatch(name)]
        curves = [key for key, name in names.items() if _CURVE.fullmatch(name)]
        if risks and (events or curves):
            findings += _steps(view, risks, events, context)
        elif curves and not risks and _falls(view, curves[0]):
            sentence = (
                "This looks like a survival curve, and how many units each step is made from is not known, so a "
                "steward reads it. Put the number at risk beside it, or show fewer steps."
            )
            findings.append(context.finding(IDENTIFIER, Severity.REVIEW, column_place(view, curves[0]), sentence))
    return findings or None


def _steps(view: TableView, risks: list[str], events: list[str], context: Context) -> list[Finding]:
    minimum = context.policy.minimum_units
    row = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row")
    found = {key: view.frame.select(row, number(pl.col(key)).alias("step")) for key in events}
    for key in risks:
        ordered = view.frame.select(row, number(pl.col(key)).alias("left")).drop_nulls().sort("left")
        found[key] = ordered.with_columns((pl.col("left") - pl.col("left").shift(1)).alias("step"))
    findings = []
    for key, steps in found.items():
        small = steps.filter((pl.col("step") > 0) & (pl.col("step") < minimum))
        if small.height:
            sentence = (
                f"Steps of this survival table are made from fewer than {minimum} units. Show it over longer periods, "
                "so that more units leave in each."
            )
            rule = f"at least {minimum} units in each step of a survival table ({context.policy.name})"
            place = column_place(view, key, rows_of(small))
            applied = ("minimum_units",)
            findings.append(context.finding(IDENTIFIER, Severity.BLOCK, place, sentence, rule, applied=applied))
    return findings


def _falls(view: TableView, key: str) -> bool:
    """Whether a column's numbers are parts of one that never rise."""
    values = view.frame.select(number(pl.col(key)).alias("v")).to_series().drop_nulls()
    inside = bool(((values >= 0) & (values <= 1)).all())
    return values.len() > 2 and inside and values.n_unique() > 1


SURVIVAL_STEPS = Check(
    IDENTIFIER,
    survival_steps,
    claims=False,
    statbarn="survival analysis",
    parameters=("minimum_units",),
    source="ACRO, survival tables and plots: survival_safe_threshold",
)
