"""The page of the docs that lists every check; ``python -m hub.gate.checks.page`` prints it."""

from __future__ import annotations

import re
import sys

from hub.gate.checks.catalogue import CHECKS, REQUEST_CHECKS
from hub.gate.checks.check import Check, RequestCheck

HEAD = """# The gate's checks

This page is made from the checks themselves by `python -m hub.gate.checks.page`; a test fails when the two differ.

Each check is a rule with an identifier, by which findings, reports and the API name it. Where the ontology of
statistical barns has a name for the kind of statistic, it stands here too. The parameters are the policy's, by their
names in it; `datalab gate check` prints their values with each finding. A check without a parameter has none to set.
A check that fails, or does not end in time, blocks.

"""


def page() -> str:
    """Return the page: one part for each check, in the order in which findings are shown."""
    return HEAD + "\n".join([*map(_part, CHECKS), *map(_part, REQUEST_CHECKS)])


def _part(check: Check | RequestCheck) -> str:
    facts = [
        f"* Statistical barn: {check.statbarn}" if check.statbarn else "",
        "* Parameters: " + ", ".join(f"`{name}`" for name in check.parameters) if check.parameters else "",
        f"* Source: {check.source}" if check.source else "",
    ]
    said = re.sub(r"``([^`]+)``", r"`\1`", check.rule)
    listed = "\n".join(fact for fact in facts if fact)
    return f"## `{check.identifier}`\n\n{said}\n" + (f"\n{listed}\n" if listed else "")


if __name__ == "__main__":
    sys.stdout.write(page())
