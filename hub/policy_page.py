"""The shipped profiles side by side: ``python -m hub.policy_page > docs/reference/policies.md``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from hub.policy.layers import LIMITS, direction, flat
from hub.policy.load import describe_profile, load_profile, profile_names, profile_text

HEAD = """\
# Policy profiles

This page is made from `hub/policy/profiles/` by `python -m hub.policy_page`; a test fails when the two differ.

A profile is a named set of thresholds to start from; how a dataset and a project make it stricter stands in
[how to set policies](../how-to/set-policies.md). Of several datasets, the strictest value of each parameter applies.
Where a source says nothing of a parameter, the profile's file says so in a comment beside the number.
"""
MEANINGS = {
    "minimum_units": "distinct privacy units that a cell needs",
    "dominance.1": "percent that the largest contributor has to stay below",
    "dominance.2": "percent that the two largest together have to stay below",
    "p_percent": "how near the largest contribution may be estimated, percent of it; 0: no such rule",
    "prior_percent": "how well contributions were known before, percent; 100: the p % rule",
    "minimum_holdings": "distinct groups behind a cell; 0: no such rule",
    "class_percent": "share of a group in one category from which it tells of each member",
    "residual_degrees": "residual degrees of freedom that a model needs",
    "quantile_units": "units on the rarer side of a quantile",
    "protection_percent": "width of a suppressed cell's interval to each side, percent of its value",
    "differencing_units": "units by which cells of two releases have to differ",
    "rounding_base": "counts leave as multiples of it; 1: as they are",
    "significant_digits": "digits that a canonical file keeps of a number",
    "coordinate_decimals": "decimals of a degree that a coordinate may have",
    "evidence_bits": "how far beyond chance a match with the dataset must be to block",
    "membership_auc": "area under the curve from which an attack on membership blocks, percent",
    "membership_hits": "times its errors that an attack on membership may find, at one in a thousand",
    "free_text": "characters from which a steward reads a text",
}
MARKS = {"higher": "↑", "lower": "↓"}


def page() -> str:
    """Return the whole page as markdown; KeyError where a parameter has no meaning."""
    return "\n".join([HEAD, *_table(), *_limits(), *_sources()]) + "\n"


def _values() -> dict[str, dict[str, int]]:
    return {name: flat(load_profile(name)) for name in profile_names()}


def _table() -> Iterator[str]:
    values = _values()
    yield "↑: of two values the higher is the stricter one; ↓: the lower.\n"
    yield from _head(values)
    parameters = sorted({key for said in values.values() for key in said if not key.startswith(LIMITS)}, key=_place)
    for key in parameters:
        cells = " | ".join(str(said.get(key, "–")) for said in values.values())
        yield f"| `{key}` {MARKS[direction(key)]} {MEANINGS[key]} | {cells} |"


def _place(key: str) -> int:
    return list(MEANINGS).index(key)


def _head(values: dict[str, dict[str, int]]) -> Iterator[str]:
    yield "| parameter | " + " | ".join(f"`{name}`" for name in values) + " |"
    yield "| --- |" + " ---: |" * len(values)


def _limits() -> Iterator[str]:
    values = _values()
    yield "\n## Sizes\n\nThe project's own numbers, which no source speaks of; bytes, and pixels of an image.\n"
    yield from _head(values)
    for key in [key for key in next(iter(values.values())) if key.startswith(LIMITS)]:
        yield f"| `{key}` | " + " | ".join(f"{said[key]:,}" for said in values.values()) + " |"


def _sources() -> Iterator[str]:
    yield "\n## Sources\n"
    for name in profile_names():
        profile = describe_profile(name)
        yield f"### `{name}`\n\n{profile.title}\n"
        yield from (f"* {source}" for source in profile.sources)
        yield from _remarks(name)
        yield ""


def _remarks(name: str) -> Iterator[str]:
    """What the file says beside its numbers."""
    found = re.findall(r"^(\w+) = [^#\n]*# (.+)$", profile_text(name), re.MULTILINE)
    if found:
        yield "\n| parameter | remark |\n| --- | --- |"
        yield from (f"| `{key}` | {said} |" for key, said in found)


if __name__ == "__main__":
    sys.stdout.write(page())
