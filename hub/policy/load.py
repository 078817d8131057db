"""Reading policies: the profiles that are shipped, and a site's own TOML."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.domain.errors import InvalidError, NotFoundError
from hub.policy.model import Policy, merge

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


class Profile(BaseModel):
    """A named starting set of thresholds, with the sources that it is taken from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=200)
    sources: tuple[str, ...] = Field(min_length=1, max_length=20)
    parameters: dict[str, object]


def profile_names() -> tuple[str, ...]:
    """Names of the shipped profiles."""
    folder = files("hub.policy").joinpath("profiles")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def load_profile(name: str) -> Policy:
    """Return the policy of a shipped profile; an unknown name is refused with the names that there are."""
    return _parse(name, profile_text(name))[1]


def describe_profile(name: str) -> Profile:
    """Return a shipped profile with its title and sources."""
    return _parse(name, profile_text(name))[0]


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
    """Read a site's own profile; the name stands in every report."""
    return _parse(name, text)[1]


def merged_profiles(names: tuple[str, ...]) -> Policy:
    """Return the strictest policy of several shipped profiles."""
    return merge(load_profile(name) for name in names)


def _parse(name: str, text: str) -> tuple[Profile, Policy]:
    try:
        profile = Profile.model_validate(tomllib.loads(text))
        # Through JSON, since strict validation takes a list for a tuple only there.
        body = json.dumps(profile.parameters | {"profiles": [name]}, default=str)
        return profile, Policy.model_validate_json(body)
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(
            "The policy “{name}” is not TOML: {why}.", reason="policy-toml", name=name, why=error
        ) from None
    except ValidationError as error:
        raise InvalidError(
            "The policy “{name}” has {count} fault(s): {faults}.",
            reason="policy-invalid",
            name=name,
            count=error.error_count(),
            faults="; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()),
        ) from None
