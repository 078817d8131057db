"""A merged policy in words: each value with the layer, the profile and the source that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hub.policy.layers import LIMITS, MergedPolicy, direction
from hub.policy.model import Stricter, policy_digest


@dataclass(frozen=True, slots=True)
class ExplainedValue:
    """One parameter: the value in force, which way is stricter, whence it comes, and what weaker layers said."""

    parameter: str
    value: int
    stricter: Stricter
    layer: str
    profile: str
    sources: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExplainedPolicy:
    """The policy in force, with the digest that votes bind to."""

    digest: str
    profiles: tuple[str, ...]
    values: tuple[ExplainedValue, ...]


def explain(merged: MergedPolicy) -> ExplainedPolicy:
    """Return the policy with where each value comes from; sizes stand at the end."""
    names = sorted(merged.origins, key=lambda name: (name.startswith(LIMITS), name))
    values = tuple(_value(name, merged) for name in names)
    return ExplainedPolicy(policy_digest(merged.policy), merged.policy.profiles, values)


def _value(name: str, merged: MergedPolicy) -> ExplainedValue:
    force, *others = merged.origins[name]
    beside = tuple(f"{origin.value} of {origin.words}" for origin in others)
    return ExplainedValue(name, force.value, direction(name), force.layer, force.profile, force.sources, beside)


def explained_text(policy: ExplainedPolicy) -> Iterator[str]:
    """Yield lines for a terminal."""
    yield f"Policy {' + '.join(policy.profiles)}"
    yield f"Digest {policy.digest}"
    yield ""
    for value in policy.values:
        origin = f"{value.layer}, profile {value.profile}" if value.profile else value.layer
        beside = f"; also {', '.join(value.others)}" if value.others else ""
        yield f"{value.parameter} = {value.value} ({value.stricter} is stricter): {origin}{beside}"
    yield ""
    yield "Sources"
    seen: dict[str, None] = {}
    for value in policy.values:
        for source in value.sources:
            seen.setdefault(f"  {value.profile or value.layer}: {source}")
    yield from seen
