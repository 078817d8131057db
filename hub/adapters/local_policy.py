"""The policy outside of a lab: a profile or a file, and what descriptions of datasets ask for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from hub.domain.errors import InvalidError
from hub.domain.policy_layers import LayerKind
from hub.gate.exchange import Canary, ColumnName, StructuralZero, TableDeclaration
from hub.gate.fragments import Part
from hub.policy.layers import Layer, MergedPolicy, check_only_stricter, merge_layers
from hub.policy.load import layer_of, parse_file

LISTS = ("files", "direct_identifiers", "group_columns", "structural_zeros", "canaries", "canary_rows")


class Description(Part):
    """A dataset, described in TOML beside its Parquet files; ``tables`` declares tables by the path of their file.

    ``parameters`` makes single thresholds stricter than its profile has them.
    """

    name: str = Field(min_length=1, max_length=100)
    files: tuple[str, ...] = Field(min_length=1, max_length=500)
    privacy_unit: ColumnName = ""
    direct_identifiers: tuple[ColumnName, ...] = ()
    profile: str = ""
    parameters: dict[str, object] = Field(default_factory=dict)
    group_columns: tuple[ColumnName, ...] = ()
    structural_zeros: tuple[StructuralZero, ...] = ()
    canaries: tuple[Canary, ...] = ()
    canary_rows: tuple[StructuralZero, ...] = ()
    tables: dict[str, TableDeclaration] = Field(default_factory=dict)


def read_description(path: Path) -> Description:
    """Read a dataset's description; all its faults are said at once."""
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
        tables = body.get("tables", {})
        lists = {key: tuple(body[key]) for key in LISTS if isinstance(body.get(key), list)}
        return Description.model_validate(body | lists | {"tables": {k: _table(v) for k, v in tables.items()}})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError) as error:
        raise InvalidError(
            "The description {path} cannot be read: {why}.", reason="description-unreadable", path=path, why=error
        ) from None
    except ValidationError as error:
        raise InvalidError(
            "The description {path} has {count} fault(s): {faults}.",
            reason="description-invalid",
            path=path,
            count=error.error_count(),
            faults="; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()),
        ) from None


def _table(value: object) -> TableDeclaration:
    body: dict[str, object] = dict(value) if isinstance(value, dict) else {"": value}
    dimensions = body.get("dimensions", [])
    return TableDeclaration.model_validate(
        body | {"dimensions": tuple(dimensions) if isinstance(dimensions, list) else dimensions}
    )


def local_policy(descriptions: Iterable[Path], policy: str = "") -> MergedPolicy:
    """Return the policy of descriptions' files, or the given one in their profiles' place."""
    return merged_of([read_description(path) for path in descriptions], policy)


def merged_of(descriptions: Iterable[Description], policy: str = "") -> MergedPolicy:
    """Return the strictest of the datasets' profiles and parameters; ``policy`` stands in the profiles' place.

    ``policy`` is a profile's name, or a TOML file: a whole policy, or a layer over a profile that it names.
    """
    described = list(descriptions)
    given = [_given(policy)] if policy else []
    own = [layer_of(LayerKind.DATASET, d.name, "" if policy else d.profile, d.parameters) for d in described]
    for layer in own:
        if given and layer.parameters:
            check_only_stricter(layer, merge_layers(given))
    return merge_layers([*given, *own])


def _given(policy: str) -> Layer:
    if not policy.endswith(".toml"):
        return layer_of(LayerKind.SITE, "", policy)
    path = Path(policy)
    try:
        return parse_file(path.stem, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(
            "The policy {path} cannot be read: {why}.", reason="policy-unreadable", path=path, why=error
        ) from None
