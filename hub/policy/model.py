"""The policy: the thresholds and limits that a check applies.

Invariants:

* every parameter says which of two values is the stricter one, and several policies merge to the strictest of each;
* the digest covers every parameter, so that a changed threshold is another policy;
* an unknown key or a value out of its range refuses the whole policy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from hub.domain.errors import InvalidError


class Stricter(StrEnum):
    """Which of two values of a parameter is the stricter one."""

    HIGHER = "higher"
    LOWER = "lower"


HIGHER, LOWER = Stricter.HIGHER, Stricter.LOWER
Percent = Annotated[int, Field(ge=1, le=100)]


class Parameters(BaseModel):
    """A strict, frozen model that takes no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Dominance(Parameters):
    """The (n, k) rule: the ``n`` largest contributors may not hold ``k`` percent or more of a cell's total."""

    n: Annotated[int, Field(ge=1, le=5)]
    k: Percent


class Limits(Parameters):
    """How much may be asked for at once; sizes are bytes, images are counted in pixels."""

    files: Annotated[int, Field(ge=1, le=500), LOWER]
    file_bytes: Annotated[int, Field(ge=1, le=2**28), LOWER]
    request_bytes: Annotated[int, Field(ge=1, le=2**30), LOWER]
    month_bytes: Annotated[int, Field(ge=1, le=2**36), LOWER]
    """Canonical bytes that one project may release in a month before a steward has to look at the volume, too."""
    table_rows: Annotated[int, Field(ge=1, le=1_000_000), LOWER]
    table_columns: Annotated[int, Field(ge=1, le=2_000), LOWER]
    text_characters: Annotated[int, Field(ge=1, le=10_000_000), LOWER]
    image_pixels: Annotated[int, Field(ge=1, le=40_000_000), LOWER]


Votes = Annotated[int, Field(ge=1, le=5)]


class ClassVotes(Parameters):
    """How many different stewards approve every file of a request that holds such an output; 1 where nobody says more.

    Profiles say nothing of it; in a lab, the site says it of every class.
    """

    table: Annotated[Votes, HIGHER] = 1
    figure: Annotated[Votes, HIGHER] = 1
    code: Annotated[Votes, HIGHER] = 1
    model: Annotated[Votes, HIGHER] = 1
    text: Annotated[Votes, HIGHER] = 1


class Policy(Parameters):
    """Thresholds in force; ``profiles`` names the profiles and layers that they come from."""

    profiles: tuple[Annotated[str, Field(min_length=1, max_length=60)], ...] = Field(min_length=1, max_length=200)
    minimum_units: Annotated[int, Field(ge=2, le=1_000), HIGHER]
    """Distinct privacy units: a cell with fewer is disclosive."""
    dominance: tuple[Dominance, ...] = Field(max_length=5)
    """At most one (n, k) for each n."""
    p_percent: Annotated[int, Field(ge=0, le=100), HIGHER]
    """How near the largest contribution may be estimated, in percent of it; 0 where the rule does not apply."""
    prior_percent: Annotated[int, Field(ge=1, le=100), LOWER]
    """How well contributions were known before, in percent (prior-posterior rule); 100 makes it the p % rule."""
    minimum_holdings: Annotated[int, Field(ge=0, le=100), HIGHER]
    """Distinct groups (holdings) behind a cell, where the dataset declares a group column; 0: no such rule."""
    class_percent: Annotated[int, Field(ge=50, le=100), LOWER]
    """Share of a group in one category from which the line tells something of each of its members."""
    residual_degrees: Annotated[int, Field(ge=0, le=1_000), HIGHER]
    """Residual degrees of freedom that a model needs."""
    quantile_units: Annotated[int, Field(ge=1, le=1_000), HIGHER]
    """Units that must lie on the rarer side of a quantile: n · min(q, 1 - q)."""
    protection_percent: Annotated[int, Field(ge=0, le=100), HIGHER]
    """How wide the interval of a suppressed cell has to be to each side, in percent of its value."""
    differencing_units: Annotated[int, Field(ge=2, le=1_000), HIGHER]
    """Units by which a cell has to differ from cells that were released before."""
    rounding_base: Annotated[int, Field(ge=1, le=1_000), HIGHER]
    """Counts leave as multiples of it; 1: they leave as they are."""
    significant_digits: Annotated[int, Field(ge=2, le=15), LOWER]
    """Digits that a canonical file keeps of a number."""
    coordinate_decimals: Annotated[int, Field(ge=0, le=7), LOWER]
    """Decimals of a degree that a coordinate may have (2: about a kilometre)."""
    evidence_bits: Annotated[int, Field(ge=4, le=40), LOWER]
    """How far beyond chance a match with the dataset must be to block (10 bits: once in a thousand tables)."""
    membership_auc: Annotated[int, Field(ge=51, le=100), LOWER]
    """Area under the curve, in percent, from which an attack on membership blocks a model (50: chance)."""
    membership_hits: Annotated[int, Field(ge=2, le=1_000), LOWER]
    """How many times its errors an attack on membership may find, at one error in a thousand."""
    free_text: Annotated[int, Field(ge=0, le=100_000), LOWER]
    """Characters from which a steward reads a text."""
    limits: Limits
    votes: ClassVotes = ClassVotes()

    @property
    def name(self) -> str:
        """The profiles' names, for a sentence."""
        return " + ".join(self.profiles)


def canonical_text(policy: Policy) -> str:
    """Return the policy as canonical JSON: sorted keys, no spaces."""
    return json.dumps(policy.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=256)
def policy_digest(policy: Policy) -> str:
    """SHA-256 of the policy's canonical JSON."""
    return hashlib.sha256(canonical_text(policy).encode()).hexdigest()


def merge(policies: Iterable[Policy]) -> Policy:
    """Return the strictest of each parameter; for each number of contributors the lowest share counts."""
    given = list(policies)
    if not given:
        raise InvalidError("No policy was given, so nothing can be checked; name a profile.", reason="policy-missing")
    return Policy(
        profiles=tuple(sorted({name for p in given for name in p.profiles})),
        dominance=merge_dominance(rule for p in given for rule in p.dominance),
        limits=Limits(**strictest(Limits, [p.limits for p in given])),
        votes=ClassVotes(**strictest(ClassVotes, [p.votes for p in given])),
        **strictest(Policy, given),
    )


def directions(model: type[Parameters]) -> dict[str, Stricter]:
    """Return, for each parameter that is a number, which of two values is the stricter one."""
    said = {name: [m for m in field.metadata if isinstance(m, Stricter)] for name, field in model.model_fields.items()}
    return {name: marks[0] for name, marks in said.items() if marks}


def strictest(model: type[Parameters], given: list[Any]) -> dict[str, Any]:
    """Return the strictest value of each number among several sets of parameters."""
    choose = {HIGHER: max, LOWER: min}
    return {
        name: choose[direction](getattr(parameters, name) for parameters in given)
        for name, direction in directions(model).items()
    }


def merge_dominance(rules: Iterable[Dominance]) -> tuple[Dominance, ...]:
    """Return for each number of contributors the lowest share."""
    lowest: dict[int, int] = {}
    for rule in rules:
        lowest[rule.n] = min(rule.k, lowest.get(rule.n, 100))
    return tuple(Dominance(n=n, k=k) for n, k in sorted(lowest.items()))
