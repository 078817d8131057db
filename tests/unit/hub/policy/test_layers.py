"""Facts about layers: only stricter, the strictest in force, and each value knows where it comes from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import InvalidError, NotFoundError, RefusedError
from hub.domain.policy_layers import LayerKind
from hub.policy.layers import Layer, check_only_stricter, direction, flat, merge_layers, unflat
from hub.policy.load import layer_of, load_profile, parse_file, parse_layer, profile_names, with_votes
from hub.policy.model import HIGHER, ClassVotes, Dominance, policy_digest

SITE, DATASET, PROJECT = LayerKind
PROFILES = st.sampled_from(profile_names())
NAMES = sorted(flat(load_profile("uk-sacro")))


def project(**parameters: object) -> Layer:
    return layer_of(PROJECT, "care", parameters=parameters)


def test_a_layer_holds_only_what_it_changes() -> None:
    layer = parse_layer(
        'sources = ["Decision 12"]\n[parameters]\nminimum_units = 15\n[parameters.limits]\nfiles = 5', DATASET, "jobs"
    )
    assert (layer.name, layer.start, layer.sources) == ("dataset:jobs", None, ("Decision 12",))
    assert layer.parameters == {"minimum_units": 15, "limits.files": 5}


def test_the_strictest_of_each_parameter_is_in_force() -> None:
    merged = merge_layers(
        [
            layer_of(SITE, "", "fr-entreprises"),
            layer_of(DATASET, "a", "uk-sacro", {"minimum_units": 12}),
            layer_of(DATASET, "b", "fr-fiscal-personnes"),
            project(dominance=[{"n": 1, "k": 60}], limits={"files": 5}),
        ]
    )
    policy = merged.policy
    assert (policy.minimum_units, policy.p_percent, policy.limits.files) == (12, 10, 5)
    assert policy.dominance == (Dominance(n=1, k=60), Dominance(n=2, k=90))
    assert policy.profiles == ("dataset:a", "fr-entreprises", "fr-fiscal-personnes", "project:care", "uk-sacro")


def test_each_value_knows_its_layer_profile_and_source() -> None:
    merged = merge_layers([layer_of(DATASET, "a", "uk-sacro"), project(minimum_units=15)])
    units, percent = merged.origins["minimum_units"], merged.origin("p_percent")
    assert [(o.value, o.layer, o.profile) for o in units] == [(15, "project:care", ""), (10, "dataset:a", "uk-sacro")]
    assert percent is not None
    assert (percent.words, "ACRO" in percent.sources[0]) == ("dataset:a (profile uk-sacro)", True)
    dominance = merged.origin("dominance")
    assert dominance is not None
    assert dominance.value == 90
    assert merged.origin("nothing") is None


def test_a_weaker_value_is_refused_with_parameter_values_and_layers() -> None:
    beneath = merge_layers([layer_of(DATASET, "jobs", "fr-fiscal-personnes")])
    with pytest.raises(RefusedError, match=r"project:care.*minimum_units.*5.*11.*dataset:jobs") as caught:
        check_only_stricter(project(minimum_units=5), beneath)
    assert caught.value.reason == "policy-weaker"
    check_only_stricter(project(minimum_units=11), beneath)


def test_a_layer_may_not_weaken_its_own_profile() -> None:
    with pytest.raises(RefusedError, match="minimum_units"):
        parse_layer('profile = "uk-sacro"\n[parameters]\nminimum_units = 9', PROJECT, "care")


def test_a_milder_profile_of_a_later_layer_changes_nothing() -> None:
    strict = layer_of(SITE, "", "uk-sacro")
    both = merge_layers([strict, layer_of(DATASET, "a", "fr-entreprises")])
    assert both.policy.minimum_units == 10
    assert both.origins["minimum_units"][0].layer == "site"


@pytest.mark.parametrize(
    "text",
    [
        "minimum_units = 12",
        "[parameters]\nminimum = 12",
        "[parameters]\nminimum_units = 0",
        '[parameters]\nminimum_units = "12"',
        "[parameters]\nlimits = 3",
        "[parameters.limits]\nfile = 3",
        '[parameters]\nprofiles = ["a"]',
        "[parameters]\ndominance = [{ n = 9, k = 50 }]",
        "profile = 3",
        "votes = 3",
        "[votes]\ntable = 0",
        "[votes]\ntable = -1",
        "[votes]\ntable = 6",
        "[votes]\ntable = 99999999999999999999",
        "[votes]\ntable = true",
        "[votes]\ntable = 2.0",
        '[votes]\ntable = "2"',
        "[votes]\ntables = 2",
        "[votes]\nunknown = 2",
        "[parameters.votes]\ntable = 2",
        "[parameters]\nvotes = 2",
        "[parameters",
    ],
)
def test_a_layer_with_a_fault_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(InvalidError, match="policy") as caught:
        parse_layer(text, PROJECT, "care")
    assert caught.value.reason in ("policy-invalid", "policy-toml")


def votes_of(kind: LayerKind, subject: str, **votes: int) -> Layer:
    return with_votes(layer_of(kind, subject), ClassVotes(**votes))


def test_votes_are_layered_to_the_strictest_and_known_by_their_layer() -> None:
    base = with_votes(layer_of(SITE, "", "uk-sacro"), ClassVotes(table=2, figure=2, code=1, model=2, text=2))
    dataset = parse_layer("[votes]\nmodel = 4\n", DATASET, "jobs")
    merged = merge_layers([base, dataset, votes_of(PROJECT, "care", model=3, code=2)])
    assert merged.policy.votes == ClassVotes(table=2, figure=2, code=2, model=4, text=2)
    assert [(o.value, o.words) for o in merged.origins["votes.model"]] == [
        (4, "dataset:jobs"), (3, "project:care"), (2, "site"),
    ]  # fmt: skip
    assert merged.origins["votes.table"][0].words == "site"
    assert merged.policy.profiles == ("uk-sacro",)


def test_a_layer_may_not_ask_for_fewer_votes() -> None:
    beneath = merge_layers([with_votes(layer_of(SITE, "", "uk-sacro"), ClassVotes(table=3))])
    with pytest.raises(RefusedError, match=r"project:care.*votes\.table.*2.*3.*site") as caught:
        check_only_stricter(votes_of(PROJECT, "care", table=2), beneath)
    assert caught.value.reason == "policy-weaker"
    check_only_stricter(votes_of(PROJECT, "care", table=3), beneath)


def test_another_number_of_votes_is_another_policy_and_no_profile_speaks_of_it() -> None:
    base = layer_of(SITE, "", "uk-sacro")
    one, two = (merge_layers([with_votes(base, ClassVotes(code=n))]).policy for n in (1, 2))
    assert policy_digest(one) != policy_digest(two)
    assert not [name for name in merge_layers([base]).origins if name.startswith("votes")]
    assert "votes.code" not in flat(two)


def test_a_layer_of_an_unknown_profile_is_refused() -> None:
    with pytest.raises(NotFoundError, match="uk-sacro") as caught:
        parse_layer('profile = "nobody"', PROJECT, "care")
    assert caught.value.reason == "unknown-profile"


def test_without_any_profile_nothing_can_be_checked() -> None:
    with pytest.raises(InvalidError, match="name a profile") as caught:
        merge_layers([project(minimum_units=12)])
    assert caught.value.reason == "policy-missing"


def test_of_equal_values_the_lowest_layer_is_the_one_in_force() -> None:
    """Site before datasets, these by name, before the project: whatever order they come in."""
    site, x, y = (layer_of(kind, name, "uk-sacro") for kind, name in ((SITE, ""), (DATASET, "x"), (DATASET, "y")))
    for order in ([y, x, site, project(p_percent=10)], [project(p_percent=10), site, y, x]):
        named = [origin.layer for origin in merge_layers(order).origins["p_percent"]]
        assert named == ["site", "dataset:x", "dataset:y", "project:care"]


def test_a_layer_that_says_nothing_is_empty() -> None:
    empty = Layer(SITE)
    assert (empty.name, empty.start, empty.parameters, empty.sources) == ("site", None, {}, ())


def test_of_the_rules_of_dominance_the_one_for_the_fewest_units_speaks() -> None:
    merged = merge_layers([layer_of(SITE, "", "uk-sacro"), project(dominance=[{"n": 1, "k": 60}])])
    spoken = merged.origin("dominance")
    assert spoken is not None
    assert (spoken.value, spoken.layer) == (60, "project:care")


def test_a_file_is_a_whole_policy_or_a_layer_over_a_profile() -> None:
    merged = merge_layers([parse_file("mine", 'profile = "uk-sacro"\n[parameters]\nminimum_units = 20')])
    assert (merged.policy.minimum_units, merged.policy.p_percent) == (20, 10)


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_comes_back_from_its_flat_names(name: str) -> None:
    policy = load_profile(name)
    assert unflat(flat(policy), policy.profiles) == policy
    assert unflat(dict(reversed(flat(policy).items())), policy.profiles) == policy


@given(st.lists(PROFILES, min_size=1, max_size=4), st.sampled_from(NAMES), PROFILES)
def test_no_layer_ever_makes_a_parameter_weaker(profiles: list[str], name: str, other: str) -> None:
    layers = [layer_of(DATASET, f"d{n}", profile) for n, profile in enumerate(profiles)]
    beneath = merge_layers(layers)
    above = merge_layers([*layers, Layer(PROJECT, "care", parameters={name: flat(load_profile(other)).get(name, 80)})])
    before, after = flat(beneath.policy), flat(above.policy)
    for key, kept in before.items():
        assert after[key] >= kept if direction(key) is HIGHER else after[key] <= kept, key


@given(st.permutations([("a", "uk-sacro"), ("b", "au-abs"), ("c", "fr-fiscal-personnes")]))
def test_the_order_of_datasets_does_not_matter(order: list[tuple[str, str]]) -> None:
    merged = merge_layers(layer_of(DATASET, name, profile) for name, profile in order)
    assert policy_digest(merged.policy) == policy_digest(
        merge_layers(layer_of(DATASET, name, profile) for name, profile in sorted(order)).policy
    )


@pytest.mark.parametrize(("subject", "name"), [("", "site:mine"), ("jobs", "site:jobs")])
def test_a_file_that_is_a_layer_is_known_by_its_subject_or_else_by_its_name(subject: str, name: str) -> None:
    text = 'profile = "uk-sacro"\n[parameters]\nminimum_units = 20'
    assert parse_file("mine", text, SITE, subject).name == name
    assert parse_file("mine", text).name == "site:mine"


@pytest.mark.parametrize(("subject", "name"), [("", "“site”"), ("jobs", "“site:jobs”")])
def test_a_fault_of_a_layer_is_said_with_its_name(subject: str, name: str) -> None:
    for text in ("minimum_units = ", "surprise = 1"):
        with pytest.raises(InvalidError, match=name):
            parse_layer(text, SITE, subject)


def test_the_same_layers_are_merged_once_and_others_anew() -> None:
    def layers(minimum: int) -> list[Layer]:
        return [layer_of(DATASET, "jobs", "uk-sacro"), project(minimum_units=minimum)]

    first = merge_layers(layers(15))
    assert merge_layers(reversed(layers(15))) is first
    assert merge_layers(layers(16)).policy.minimum_units == 16
    assert merge_layers([replace(layer, subject=layer.subject + "2") for layer in layers(15)]) != first
    assert first.policy.minimum_units == 15


@pytest.mark.parametrize(
    ("said", "is_blind"), [("blind_votes = true\n", True), ("blind_votes = false\n", False), ("", False)]
)
def test_a_layer_asks_for_sealed_votes_where_it_says_so(said: str, is_blind: bool) -> None:
    assert parse_layer(said, DATASET, "jobs").blind_votes is is_blind
    assert Layer(DATASET).blind_votes is False


@pytest.mark.parametrize("said", [True, False])
def test_a_layer_asks_for_reviewers_of_another_organisation_where_it_says_so(said: bool) -> None:
    layer = parse_layer(f"other_organisation = {str(said).lower()}\n", DATASET, "jobs")
    assert (layer.other_organisation, layer.blind_votes) == (said, False)
    assert Layer(DATASET).other_organisation is False
