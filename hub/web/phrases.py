"""Phrases that the gate puts into its sentences, rules and places, so that these can be said in another language."""

from __future__ import annotations

import re

from hub.web.marks import N_

BEFORE_PART = re.compile(r", (?=(?:rows?|columns?|line) |in its |read from |the )")
"""Where a place goes from the file to a part of it; a file's own name may hold a comma."""

PHRASES: tuple[str, ...] = (
    N_("row {rows}"),
    N_("rows {rows}"),
    N_("rows {rows} and {count} more"),
    N_("line {line}"),
    N_("column {name}"),
    N_("columns {names}"),
    N_("the whole table"),
    N_("the declaration of the table"),
    N_("in its lines"),
    N_("read from top to bottom"),
    N_("the largest unit holds {share} % of the total of {measure} or more"),
    N_("the {count} largest units together hold {share} % of the total of {measure} or more"),
    N_("the second largest unit could estimate the largest one's {measure} to within {share} %"),
    N_("at least {count} privacy units in each cell ({policy})"),
    N_("({count}, {share} %) dominance ({policy})"),
    N_("p % rule, p = {share} ({policy})"),
    N_("values that differ within each cell ({policy})"),
    N_("an extreme value is shared by at least {count} units ({policy})"),
    N_("at least {count} units on the rarer side of a quantile ({policy})"),
    N_("at least {count} groups in each cell ({policy})"),
    N_("no category with {share} % of a group ({policy})"),
    N_("no category with nobody of a group ({policy})"),
    N_("counts are multiples of {count} ({policy})"),
    N_("at most {count} decimals of a degree ({policy})"),
    N_("at least {count} residual degrees of freedom ({policy})"),
    N_("at least {count} privacy units behind each term ({policy})"),
    N_("at least {count} privacy units behind each pair ({policy})"),
    N_("at least {count} units in each step of a survival table ({policy})"),
    N_("prior-posterior rule, p = {share}, q = {prior} ({policy})"),
    N_("a table is what its author declares"),
    N_("bounds of a suppressed cell {share} % away to each side ({policy})"),
    N_("a bounded problem"),
    N_("row leakage from {bits} bits beyond chance ({policy})"),
    N_("free text from {count} characters ({policy})"),
    N_("sizes of the policy ({policy})"),
    N_("reader: {reason}"),
    N_("no dataset was given to compare it with"),
    N_("its columns are no group columns of a dataset"),
    N_("its rows are no groups of a dataset"),
    N_("a private key"),
    N_("a signed web token"),
    N_("an access key"),
    N_("an access token"),
    N_("a token or password"),
    N_("widget state"),
    N_("notebook metadata"),
    N_("cell metadata"),
    N_("output metadata"),
    N_("attachment"),
    N_("true | false"),
)
