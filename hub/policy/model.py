"""The policy: the thresholds and limits that a check applies.

Invariants:

* every parameter has a direction, and several policies merge to the strictest value of each;
* the digest covers every parameter, so that a changed threshold is another policy;
* an unknown key or a value out of its range refuses the whole policy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.domain.errors import InvalidError

Percent = Annotated[int, Field(ge=1, le=100)]


class Dominance(BaseModel):
    """The (n, k) rule: the ``n`` largest contributors may not hold ``k`` percent or more of a cell's total."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    n: Annotated[int, Field(ge=1, le=5)]
    k: Percent


class Limits(BaseModel):
    """How much may be asked for at once; sizes are bytes, images are counted in pixels."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    files: Annotated[int, Field(ge=1, le=500)]
    file_bytes: Annotated[int, Field(ge=1, le=2**28)]
    request_bytes: Annotated[int, Field(ge=1, le=2**30)]
    table_rows: Annotated[int, Field(ge=1, le=1_000_000)]
    table_columns: Annotated[int, Field(ge=1, le=2_000)]
    text_characters: Annotated[int, Field(ge=1, le=10_000_000)]
    image_pixels: Annotated[int, Field(ge=1, le=40_000_000)]


class Policy(BaseModel):
    """Thresholds in force.

    ``profiles`` names where they come from. ``minimum_units`` counts distinct privacy units: a cell with fewer is
    disclosive. ``dominance`` holds at most one (n, k) for each n. ``p_percent`` is 0 where the rule does not apply.
    ``evidence_bits`` is how far beyond chance a match with the dataset must be before it blocks (10 bits: once in a
    thousand tables). ``free_text`` is the number of characters from which a steward reads a text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    profiles: tuple[Annotated[str, Field(min_length=1, max_length=60)], ...] = Field(min_length=1, max_length=20)
    minimum_units: Annotated[int, Field(ge=2, le=1_000)]
    dominance: tuple[Dominance, ...] = Field(max_length=5)
    p_percent: Annotated[int, Field(ge=0, le=100)]
    significant_digits: Annotated[int, Field(ge=2, le=15)]
    evidence_bits: Annotated[int, Field(ge=4, le=40)]
    free_text: Annotated[int, Field(ge=0, le=100_000)]
    limits: Limits

    @property
    def name(self) -> str:
        """The profiles' names, for a sentence."""
        return " + ".join(self.profiles)


def canonical_text(policy: Policy) -> str:
    """Return the policy as canonical JSON: sorted keys, no spaces."""
    return json.dumps(policy.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


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
        minimum_units=max(p.minimum_units for p in given),
        dominance=_merge_dominance(rule for p in given for rule in p.dominance),
        p_percent=max(p.p_percent for p in given),
        significant_digits=min(p.significant_digits for p in given),
        evidence_bits=min(p.evidence_bits for p in given),
        free_text=min(p.free_text for p in given),
        limits=Limits(**{key: min(getattr(p.limits, key) for p in given) for key in Limits.model_fields}),
    )


def _merge_dominance(rules: Iterable[Dominance]) -> tuple[Dominance, ...]:
    lowest: dict[int, int] = {}
    for rule in rules:
        lowest[rule.n] = min(rule.k, lowest.get(rule.n, 100))
    return tuple(Dominance(n=n, k=k) for n, k in sorted(lowest.items()))
