"""Layers of the policy: site, then datasets, then project, each of which may only make a parameter stricter.

Invariants:

* the strictest value of each parameter is in force, whichever layer it comes from; several datasets stand side by side;
* a layer's own parameter is refused where it is weaker than what lies beneath, with both values and both layers; a
  profile is a starting set, so a layer may name one that is milder in places: the stricter value stays in force;
* the merged policy knows of each value which layer, profile and source it comes from;
* how many votes an output needs is said by layers alone, since no profile's source speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from hub.domain.errors import InvalidError, RefusedError
from hub.domain.policy_layers import LayerKind
from hub.policy.model import HIGHER, LOWER, ClassVotes, Dominance, Limits, Policy, Stricter, directions

LIMITS = "limits."
DOMINANCE = "dominance."
VOTES = "votes."
ORDER = list(LayerKind)
MOST_KEPT = 256
"""How many policies are remembered, by the layers that they were merged from."""


@dataclass(frozen=True, slots=True)
class Start:
    """A whole set of thresholds that a layer starts from: a shipped profile, or a file that says everything."""

    name: str
    policy: Policy
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer says: where it starts from, and the parameters that it sets itself, by flat name.

    ``blind_votes`` asks for sealed first votes, ``other_organisation`` for reviewers of another organisation than the
    author's; a layer that does not say so takes no other layer's word away.
    """

    kind: LayerKind
    subject: str = ""
    start: Start | None = None
    parameters: Mapping[str, int] = field(default_factory=dict, hash=False)
    sources: tuple[str, ...] = ()
    blind_votes: bool = False
    other_organisation: bool = False

    @property
    def name(self) -> str:
        """How sentences and reports call it."""
        return f"{self.kind}:{self.subject}" if self.subject else str(self.kind)


@dataclass(frozen=True, slots=True)
class Origin:
    """One layer's word on one parameter; ``profile`` is empty where the layer says it itself."""

    value: int
    layer: str
    profile: str
    sources: tuple[str, ...]

    @property
    def words(self) -> str:
        """Where it comes from, for a sentence."""
        return f"{self.layer} (profile {self.profile})" if self.profile else self.layer


@dataclass(frozen=True, slots=True)
class MergedPolicy:
    """The policy in force, and what each layer said of each parameter, the word in force first."""

    policy: Policy
    origins: Mapping[str, tuple[Origin, ...]]

    def origin(self, parameter: str) -> Origin | None:
        """Where a parameter's value comes from; of the rules of dominance, the first one's."""
        exact = self.origins.get(parameter)
        begins = (words for name, words in self.origins.items() if name.startswith(f"{parameter}."))
        words = exact or next(begins, ())
        return words[0] if words else None


def merge_layers(layers: Iterable[Layer]) -> MergedPolicy:
    """Lay the layers over each other; at least one of them has to start from a whole set of thresholds."""
    return _merged(tuple(sorted(layers, key=lambda layer: (ORDER.index(layer.kind), layer.subject))))


@lru_cache(maxsize=MOST_KEPT)
def _merged(ordered: tuple[Layer, ...]) -> MergedPolicy:
    """The same layers give the same policy, so it is worked out once; every page of a request asks for it."""
    starts = {layer.start.name for layer in ordered if layer.start}
    if not starts:
        raise InvalidError("No policy was given, so nothing can be checked; name a profile.", reason="policy-missing")
    said: dict[str, list[Origin]] = {}
    for name, origin in (pair for layer in ordered for pair in _origins(layer)):
        said.setdefault(name, []).append(origin)
    origins = {name: tuple(sorted(said[name], key=lambda o: _rank(name, o.value))) for name in sorted(said)}
    own = {layer.name for layer in ordered if any(not name.startswith(VOTES) for name in layer.parameters)}
    return MergedPolicy(unflat({n: w[0].value for n, w in origins.items()}, tuple(sorted(starts | own))), origins)


def check_only_stricter(layer: Layer, beneath: MergedPolicy) -> None:
    """A layer may make a parameter stricter, never weaker than the layers beneath it have it."""
    for name, value in layer.parameters.items():
        present = beneath.origins.get(name)
        if present and _rank(name, value) > _rank(name, present[0].value):
            raise RefusedError(
                "The layer {layer} sets {parameter} to {value}, which is weaker than {present}, set by {beneath}. "
                "A layer may only make a parameter stricter: take it out, or name a stricter value.",
                reason="policy-weaker",
                layer=layer.name,
                parameter=name,
                value=value,
                present=present[0].value,
                beneath=present[0].words,
            )


def direction(name: str) -> Stricter:
    """Which of two values of a parameter is the stricter one, by its flat name."""
    return LOWER if name.startswith(DOMINANCE) else _DIRECTIONS[name]


_DIRECTIONS = {
    **directions(Policy),
    **{LIMITS + name: found for name, found in directions(Limits).items()},
    **{VOTES + name: found for name, found in directions(ClassVotes).items()},
}


def flat(policy: Policy) -> dict[str, int]:
    """Return a policy's thresholds by flat names: ``limits.files``, and ``dominance.2`` for the share of two."""
    plain = {name: int(getattr(policy, name)) for name in directions(Policy)}
    limits = {LIMITS + name: int(getattr(policy.limits, name)) for name in directions(Limits)}
    return plain | limits | {f"{DOMINANCE}{rule.n}": rule.k for rule in policy.dominance}


def unflat(values: Mapping[str, int], profiles: tuple[str, ...]) -> Policy:
    """Return the policy of flat names, validated as any other."""
    limits = {name.removeprefix(LIMITS): value for name, value in values.items() if name.startswith(LIMITS)}
    votes = {name.removeprefix(VOTES): value for name, value in values.items() if name.startswith(VOTES)}
    rules = {int(name.removeprefix(DOMINANCE)): k for name, k in values.items() if name.startswith(DOMINANCE)}
    plain = {name: values[name] for name in directions(Policy)}
    dominance = tuple(Dominance(n=n, k=k) for n, k in sorted(rules.items()))
    return Policy(profiles=profiles, dominance=dominance, limits=Limits(**limits), votes=ClassVotes(**votes), **plain)


def _rank(name: str, value: int) -> int:
    """The smaller, the stricter."""
    return -value if direction(name) is HIGHER else value


def _origins(layer: Layer) -> Iterator[tuple[str, Origin]]:
    if layer.start:
        for name, value in flat(layer.start.policy).items():
            yield name, Origin(value, layer.name, layer.start.name, layer.start.sources)
    for name, value in layer.parameters.items():
        yield name, Origin(value, layer.name, "", layer.sources)
