"""Facts about policies: shipped, merged to the strictest, and never half understood."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.domain.errors import InvalidError, NotFoundError
from hub.policy.load import (
    LayerBody,
    Profile,
    describe_profile,
    load_profile,
    merged_profiles,
    parse_policy,
    profile_names,
    profile_text,
)
from hub.policy.model import Dominance, Limits, Policy, Stricter, canonical_text, directions, merge, policy_digest

SHIPPED = (
    "au-abs", "de-rdsc", "eu-rule-of-thumb", "fr-entreprises", "fr-fiscal-personnes", "uk-opensafely", "uk-sacro",
    "us-census-drb",
)  # fmt: skip
policies = st.builds(
    lambda name, units, rules, p, digits: load_profile("uk-sacro").model_copy(
        update={
            "profiles": (name,),
            "minimum_units": units,
            "dominance": tuple(Dominance(n=n, k=k) for n, k in rules.items()),
            "p_percent": p,
            "significant_digits": digits,
        }
    ),
    st.sampled_from("abc"),
    st.integers(2, 30),
    st.dictionaries(st.integers(1, 3), st.integers(50, 100), max_size=3),
    st.integers(0, 30),
    st.integers(2, 9),
)


def test_the_shipped_profiles_are_these() -> None:
    assert profile_names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_profile_names_its_sources(name: str) -> None:
    profile = describe_profile(name)
    assert profile.sources
    assert all(len(source) > 20 for source in profile.sources)


def test_the_profiles_hold_the_numbers_of_their_sources() -> None:
    sacro, firms, persons = (load_profile(n) for n in ("uk-sacro", "fr-entreprises", "fr-fiscal-personnes"))
    assert (sacro.minimum_units, sacro.dominance, sacro.p_percent) == (10, (Dominance(n=2, k=90),), 10)
    assert (firms.minimum_units, firms.dominance) == (3, (Dominance(n=1, k=85),))
    assert persons.minimum_units == 11
    safely, europe, rdsc, census, abs_ = (
        load_profile(n) for n in ("uk-opensafely", "eu-rule-of-thumb", "de-rdsc", "us-census-drb", "au-abs")
    )
    assert (safely.minimum_units, safely.rounding_base) == (8, 5)
    assert (europe.minimum_units, europe.dominance) == (10, (Dominance(n=1, k=50),))
    assert (europe.class_percent, europe.residual_degrees) == (90, 10)
    assert (rdsc.minimum_units, rdsc.dominance) == (5, (Dominance(n=2, k=85),))
    assert (census.minimum_units, census.rounding_base, census.significant_digits) == (15, 10, 4)
    assert (abs_.minimum_units, abs_.dominance) == (10, (Dominance(n=1, k=50), Dominance(n=2, k=67)))


@pytest.mark.parametrize("name", ["nowhere", "../uk-sacro", "UK-SACRO", ""])
def test_an_unknown_profile_is_refused_with_the_names_that_there_are(name: str) -> None:
    with pytest.raises(NotFoundError, match="uk-sacro, us-census-drb") as caught:
        load_profile(name)
    assert caught.value.reason == "unknown-profile"


def test_a_policy_that_is_no_toml_is_refused() -> None:
    with pytest.raises(InvalidError, match="“mine” is not TOML") as caught:
        parse_policy("mine", "minimum_units = ")
    assert caught.value.reason == "policy-toml"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("minimum_units = 10", "minimum_units = 1"),
        ("minimum_units = 10", 'minimum_units = "10"'),
        ("minimum_units = 10", "minimum_units = 10.0"),
        ("minimum_units = 10", ""),
        ("p_percent = 10", "p_percent = 10\nsurprise = 1"),
        ("k = 90", "k = 101"),
        ("files = 50", "files = 0"),
        ("title =", "titel ="),
        ("evidence_bits = 10", "evidence_bits = 2020-01-01"),
        ("evidence_bits = 10", 'evidence_bits = 10\nprofiles = ["fr-entreprises"]'),
    ],
)
def test_a_policy_with_a_fault_is_refused_as_a_whole(old: str, new: str) -> None:
    text = profile_text("uk-sacro")
    assert old in text
    with pytest.raises(InvalidError, match=r"“mine”.*(?:fault|name itself)") as caught:
        parse_policy("mine", text.replace(old, new, 1))
    assert caught.value.reason == "policy-invalid"


def test_every_fault_of_a_policy_is_named_with_its_place() -> None:
    text = profile_text("uk-sacro").replace("files = 50", "files = 0").replace("p_percent = 10", "p_percent = 101")
    with pytest.raises(InvalidError) as caught:
        parse_policy("mine", text)
    assert caught.value.values["count"] == 2
    places = [fault.partition(":")[0] for fault in str(caught.value.values["faults"]).split("; ")]
    assert sorted(places) == ["limits.files", "p_percent"]


@pytest.mark.parametrize(
    ("what", "is_taken"),
    [
        ({"title": "t"}, True),
        ({"title": ""}, False),
        ({"title": "t" * 200}, True),
        ({"title": "t" * 201}, False),
        ({"sources": ()}, False),
        ({"sources": ("s",) * 20}, True),
        ({"sources": ("s",) * 21}, False),
        ({"surprise": 1}, False),
    ],
    ids=str,
)
def test_a_profile_has_a_title_and_sources(what: dict[str, object], is_taken: bool) -> None:
    whole = {"title": "t", "sources": ("s",), "parameters": {}} | what
    if is_taken:
        assert Profile.model_validate(whole)
        return
    with pytest.raises(ValidationError):
        Profile.model_validate(whole)


@pytest.mark.parametrize(
    ("what", "is_taken"),
    [
        ({}, True),
        ({"title": "t" * 200, "sources": ("s",) * 20, "profile": "p" * 60}, True),
        ({"title": "t" * 201}, False),
        ({"sources": ("s",) * 21}, False),
        ({"profile": "p" * 61}, False),
        ({"blind_votes": True}, True),
        ({"votes": {"tables": 3}}, False),
        ({"votes": {"unknown": 3}}, False),
        ({"votes": 3}, False),
        ({"blind_votes": "true"}, False),
        ({"other_organisation": True}, True),
        ({"other_organisation": 1}, False),
        ({"surprise": 1}, False),
    ],
    ids=str,
)
def test_a_layer_may_say_nothing_and_not_too_much(what: dict[str, object], is_taken: bool) -> None:
    if is_taken:
        body = LayerBody.model_validate(what)
        least = {"title": "", "sources": (), "profile": "", "parameters": {}}
        said = {"blind_votes": False, "other_organisation": False}
        assert body.model_dump(exclude={"votes"}) == least | said | what
        return
    with pytest.raises(ValidationError):
        LayerBody.model_validate(what)


def test_without_a_policy_nothing_can_be_checked() -> None:
    with pytest.raises(InvalidError, match="name a profile") as caught:
        merge([])
    assert caught.value.reason == "policy-missing"


def test_the_strictest_of_each_parameter_applies() -> None:
    both = merged_profiles(("uk-sacro", "fr-entreprises", "fr-fiscal-personnes"))
    assert both.minimum_units == 11
    assert both.dominance == (Dominance(n=1, k=85), Dominance(n=2, k=90))
    assert both.p_percent == 10
    assert both.profiles == ("fr-entreprises", "fr-fiscal-personnes", "uk-sacro")


@given(policies, policies)
def test_a_merged_policy_is_as_strict_as_either(one: Policy, other: Policy) -> None:
    both = merge([one, other])
    for each in (one, other):
        assert both.minimum_units >= each.minimum_units
        assert both.p_percent >= each.p_percent
        assert both.significant_digits <= each.significant_digits
        assert all(any(b.n == d.n and b.k <= d.k for b in both.dominance) for d in each.dominance)


def test_every_number_says_which_of_two_values_is_the_stricter_one() -> None:
    for model in (Policy, Limits):
        numbers = {name for name, field in model.model_fields.items() if field.annotation is int}
        assert set(directions(model)) == numbers


@pytest.mark.parametrize("model", [Policy, Limits])
def test_a_stricter_number_of_either_policy_applies(model: type[Policy] | type[Limits]) -> None:
    policy = load_profile("uk-sacro")
    for name, direction in directions(model).items():
        own = policy if model is Policy else policy.limits
        change = 1 if direction is Stricter.HIGHER else -1
        stricter = own.model_copy(update={name: getattr(own, name) + change})
        other = stricter if model is Policy else policy.model_copy(update={"limits": stricter})
        merged = merge([policy, other])
        assert getattr(merged if model is Policy else merged.limits, name) == getattr(stricter, name), name


@given(policies, policies, policies)
def test_merging_does_not_depend_on_the_order(one: Policy, two: Policy, three: Policy) -> None:
    assert merge([one, two, three]) == merge([three, merge([two, one])])
    assert merge([one, one]) == merge([one])


def test_the_digest_changes_with_every_parameter() -> None:
    policy = load_profile("uk-sacro")
    changed = [
        policy.model_copy(update={"minimum_units": 11}),
        policy.model_copy(update={"dominance": ()}),
        policy.model_copy(update={"limits": policy.limits.model_copy(update={"files": 49})}),
        policy.model_copy(update={"profiles": ("mine",)}),
    ]
    digests = {policy_digest(p) for p in [policy, *changed]}
    assert len(digests) == 5
    assert all(len(d) == 64 for d in digests)


def test_the_digest_is_of_canonical_text_that_reads_back() -> None:
    policy = merged_profiles(("uk-sacro", "fr-entreprises"))
    assert Policy.model_validate_json(canonical_text(policy)) == policy
    assert " " not in canonical_text(policy).replace(policy.profiles[0], "")


def test_canonical_text_is_in_the_order_of_names_and_in_plain_letters() -> None:
    policy = load_profile("uk-sacro").model_copy(update={"profiles": ("très-strict",)})
    text = canonical_text(policy)
    assert "très-strict" in text
    assert list(json.loads(text)) == sorted(Policy.model_fields)
    assert list(json.loads(text)["limits"]) == sorted(Limits.model_fields)


RANGES: dict[str, tuple[int, int]] = {
    "minimum_units": (2, 1_000),
    "p_percent": (0, 100),
    "prior_percent": (1, 100),
    "minimum_holdings": (0, 100),
    "class_percent": (50, 100),
    "residual_degrees": (0, 1_000),
    "quantile_units": (1, 1_000),
    "protection_percent": (0, 100),
    "differencing_units": (2, 1_000),
    "rounding_base": (1, 1_000),
    "significant_digits": (2, 15),
    "coordinate_decimals": (0, 7),
    "evidence_bits": (4, 40),
    "membership_auc": (51, 100),
    "membership_hits": (2, 1_000),
    "free_text": (0, 100_000),
}
LIMITS: dict[str, tuple[int, int]] = {
    "files": (1, 500),
    "file_bytes": (1, 268_435_456),
    "request_bytes": (1, 1_073_741_824),
    "month_bytes": (1, 68_719_476_736),
    "table_rows": (1, 1_000_000),
    "table_columns": (1, 2_000),
    "text_characters": (1, 10_000_000),
    "image_pixels": (1, 40_000_000),
}
RULE: dict[str, tuple[int, int]] = {"n": (1, 5), "k": (1, 100)}
PARTS = [(Policy, RANGES), (Limits, LIMITS), (Dominance, RULE)]


@pytest.mark.parametrize(("model", "ranges"), PARTS, ids=lambda each: getattr(each, "__name__", ""))
def test_each_number_has_a_range_and_takes_its_ends_alone(
    model: type[Policy] | type[Limits] | type[Dominance], ranges: dict[str, tuple[int, int]]
) -> None:
    numbers = {name for name, field in model.model_fields.items() if field.annotation is int}
    assert set(ranges) == numbers
    policy = load_profile("uk-sacro")
    whole = {Policy: policy, Limits: policy.limits, Dominance: policy.dominance[0]}[model].model_dump()
    for name, (least, most) in ranges.items():
        for taken in (least, most):
            assert getattr(model.model_validate(whole | {name: taken}), name) == taken
        for beyond in (least - 1, most + 1):
            with pytest.raises(ValidationError):
                model.model_validate(whole | {name: beyond})


@pytest.mark.parametrize(
    ("key", "most", "each"), [("profiles", 200, "a"), ("dominance", 5, Dominance(n=1, k=50))], ids=["names", "rules"]
)
def test_a_policy_has_no_more_names_and_rules_than_a_person_reads(key: str, most: int, each: object) -> None:
    whole = load_profile("uk-sacro").model_dump() | {"dominance": ()}
    assert len(getattr(Policy.model_validate(whole | {key: (each,) * most}), key)) == most
    with pytest.raises(ValidationError):
        Policy.model_validate(whole | {key: (each,) * (most + 1)})


@pytest.mark.parametrize(
    ("profiles", "is_taken"), [((), False), (("",), False), (("a" * 60,), True), (("a" * 61,), False)]
)
def test_a_policy_knows_by_short_names_where_it_comes_from(profiles: tuple[str, ...], is_taken: bool) -> None:
    whole = load_profile("uk-sacro").model_dump() | {"profiles": profiles}
    if is_taken:
        assert Policy.model_validate(whole).name == profiles[0]
        return
    with pytest.raises(ValidationError):
        Policy.model_validate(whole)


def test_a_policy_cannot_be_changed_once_it_is_made() -> None:
    policy = load_profile("uk-sacro")
    with pytest.raises(ValidationError):
        policy.minimum_units = 2  # type: ignore[misc]
