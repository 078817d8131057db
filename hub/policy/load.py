"""Reading policies: the profiles that are shipped, and the layers that a site, an owner or a steward writes in TOML."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.domain.errors import InvalidError, NotFoundError
from hub.domain.policy_layers import LayerKind
from hub.policy.layers import MOST_KEPT, VOTES, Layer, Start, check_only_stricter, flat, merge_layers
from hub.policy.model import ClassVotes, Policy, merge

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
Source = tuple[str, ...]


class Profile(BaseModel):
    """A named starting set of thresholds, with the sources that it is taken from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=200)
    sources: Source = Field(min_length=1, max_length=20)
    parameters: dict[str, object]


class LayerBody(BaseModel):
    """A layer's TOML: a profile to start from, and only what it changes; ``votes`` are numbers by class of output."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(default="", max_length=200)
    sources: Source = Field(default=(), max_length=20)
    profile: str = Field(default="", max_length=60)
    parameters: dict[str, object] = Field(default_factory=dict)
    votes: ClassVotes = ClassVotes()
    blind_votes: bool = Field(default=False, strict=True)
    other_organisation: bool = Field(default=False, strict=True)


def profile_names() -> tuple[str, ...]:
    """Names of the shipped profiles."""
    folder = files("hub.policy").joinpath("profiles")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def load_profile(name: str) -> Policy:
    """Return the policy of a shipped profile; an unknown name is refused with the names that there are."""
    return start(name).policy


def describe_profile(name: str) -> Profile:
    """Return a shipped profile with its title and sources."""
    return _profile(name, _body(name, profile_text(name)))


@lru_cache
def start(name: str) -> Start:
    """Return a shipped profile as a place to start from; it is read once, since it is a file of the program."""
    profile = describe_profile(name)
    return Start(name, _policy(name, profile.parameters), profile.sources)


def profile_text(name: str) -> str:
    """Return the TOML of a shipped profile."""
    if not NAME.fullmatch(name) or name not in profile_names():
        raise NotFoundError(
            "There is no policy profile “{name}”; there are: {names}.",
            reason="unknown-profile",
            name=name,
            names=", ".join(profile_names()),
        )
    return files("hub.policy").joinpath("profiles", f"{name}.toml").read_text(encoding="utf-8")


def parse_policy(name: str, text: str) -> Policy:
    """Read a site's own policy; the name stands in every report."""
    return merge_layers([parse_file(name, text)]).policy


def merged_profiles(names: tuple[str, ...]) -> Policy:
    """Return the strictest policy of several shipped profiles."""
    return merge(load_profile(name) for name in names)


def parse_file(name: str, text: str, kind: LayerKind = LayerKind.SITE, subject: str = "") -> Layer:
    """Read a file that is a whole policy, or a layer over a shipped profile that it names."""
    body = _body(name, text)
    if isinstance(body.get("profile"), str):
        return parse_layer(text, kind, subject or name)
    profile = _profile(name, body)
    return Layer(kind, subject, Start(name, _policy(name, profile.parameters), profile.sources))


@lru_cache(maxsize=MOST_KEPT)
def parse_layer(text: str, kind: LayerKind, subject: str) -> Layer:
    """Read a layer that holds only what it changes; over its own profile it may only be stricter."""
    name = f"{kind}:{subject}" if subject else str(kind)
    try:
        body = LayerBody.model_validate(_body(name, text))
    except ValidationError as error:
        raise _fault(name, error) from None
    layer = layer_of(kind, subject, body.profile, body.parameters, body.sources)
    voted = with_votes(layer, body.votes)
    return replace(voted, blind_votes=body.blind_votes, other_organisation=body.other_organisation)


def with_votes(layer: Layer, votes: ClassVotes) -> Layer:
    """Return the layer with the numbers of votes that it sets itself."""
    own = {VOTES + name: int(value) for name, value in votes.model_dump(exclude_unset=True).items()}
    return replace(layer, parameters={**layer.parameters, **own})


def layer_of(
    kind: LayerKind,
    subject: str,
    profile: str = "",
    parameters: Mapping[str, object] | None = None,
    sources: Source = (),
) -> Layer:
    """Make a layer from a profile's name and the parameters that it sets itself."""
    begin = start(profile) if profile else None
    bare = Layer(kind, subject, begin)
    layer = Layer(kind, subject, begin, _own(bare.name, parameters or {}), sources)
    if begin:
        check_only_stricter(layer, merge_layers([bare]))
    return layer


def _own(name: str, parameters: Mapping[str, object]) -> dict[str, int]:
    """Return the parameters of a layer by their flat names; they are judged within a whole policy, as any others."""
    if not parameters:
        return {}
    whole = load_profile("uk-sacro").model_dump(exclude={"profiles", "votes"})
    limits: Any = parameters.get("limits", {})
    merged = whole["limits"] | limits if isinstance(limits, dict) else limits
    policy = _policy(name, whole | dict(parameters) | {"limits": merged})
    said = flat(policy)
    wanted = {key for key in parameters if key != "limits"} | {f"limits.{key}" for key in limits}
    return {key: value for key, value in said.items() if key in wanted or key.split(".")[0] in wanted}


def _body(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(
            "The policy “{name}” is not TOML: {why}.", reason="policy-toml", name=name, why=error
        ) from None


def _profile(name: str, body: dict[str, Any]) -> Profile:
    try:
        return Profile.model_validate(body)
    except ValidationError as error:
        raise _fault(name, error) from None


def _policy(name: str, parameters: Mapping[str, object]) -> Policy:
    if "profiles" in parameters:
        raise InvalidError("The policy “{name}” cannot name itself.", reason="policy-invalid", name=name)
    if "votes" in parameters:
        raise InvalidError(
            "In the policy “{name}”, numbers of votes are no thresholds: they stand below [votes], in a layer.",
            reason="policy-invalid",
            name=name,
        )
    # Through JSON, since strict validation takes a list for a tuple only there.
    body = json.dumps(dict(parameters) | {"profiles": [name]}, default=str)
    try:
        return Policy.model_validate_json(body)
    except ValidationError as error:
        raise _fault(name, error) from None


def _fault(name: str, error: ValidationError) -> InvalidError:
    return InvalidError(
        "The policy “{name}” has {count} fault(s): {faults}.",
        reason="policy-invalid",
        name=name,
        count=error.error_count(),
        faults="; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()),
    )
