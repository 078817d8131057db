"""Facts about the explanation of a policy: each value with layer, profile, source and what weaker layers said."""

from __future__ import annotations

import pytest

from hub.domain.policy_layers import LayerKind
from hub.policy.explain import ExplainedPolicy, ExplainedValue, explain, explained_text
from hub.policy.layers import merge_layers
from hub.policy.load import layer_of
from hub.policy.model import Stricter, policy_digest

SITE, DATASET, PROJECT = LayerKind
MERGED = merge_layers(
    [
        layer_of(SITE, "", "fr-entreprises"),
        layer_of(DATASET, "jobs", "uk-sacro"),
        layer_of(PROJECT, "care", parameters={"minimum_units": 15}, sources=("Decision 12",)),
    ]
)


@pytest.fixture
def explained() -> ExplainedPolicy:
    return explain(MERGED)


def values(explained: ExplainedPolicy) -> dict[str, ExplainedValue]:
    return {value.parameter: value for value in explained.values}


def test_it_is_of_the_policy_that_votes_bind_to(explained: ExplainedPolicy) -> None:
    assert explained.digest == policy_digest(MERGED.policy)
    assert explained.profiles == MERGED.policy.profiles


def test_a_value_names_its_layer_and_source_and_what_weaker_layers_said(explained: ExplainedPolicy) -> None:
    units = values(explained)["minimum_units"]
    assert (units.value, units.stricter, units.layer, units.profile) == (15, Stricter.HIGHER, "project:care", "")
    assert units.sources == ("Decision 12",)
    assert units.others == ("10 of dataset:jobs (profile uk-sacro)", "3 of site (profile fr-entreprises)")


def test_sizes_stand_at_the_end_and_the_rest_by_name(explained: ExplainedPolicy) -> None:
    names = [value.parameter for value in explained.values]
    sizes = [name for name in names if name.startswith("limits.")]
    rest = names[: -len(sizes)]
    assert sizes == sorted(sizes) == names[-len(sizes) :]
    assert rest == sorted(rest)
    assert not any(name.startswith("limits.") for name in rest)


def test_the_text_says_all_of_it_and_each_source_once(explained: ExplainedPolicy) -> None:
    lines = list(explained_text(explained))
    head = lines.index("")
    assert lines[:head] == ["Policy fr-entreprises + project:care + uk-sacro", f"Digest {explained.digest}"]
    sources = lines.index("Sources")
    said = lines[head + 1 : sources]
    assert said.pop() == ""
    assert len(said) == len(explained.values)
    assert (
        "minimum_units = 15 (higher is stricter): project:care; also 10 of dataset:jobs (profile uk-sacro), "
        "3 of site (profile fr-entreprises)"
    ) in said
    assert "dominance.1 = 85 (lower is stricter): site, profile fr-entreprises" in said
    named = lines[sources + 1 :]
    assert len(named) == len(set(named))
    assert "  project:care: Decision 12" in named
    assert any(line.startswith("  uk-sacro: ") for line in named)
