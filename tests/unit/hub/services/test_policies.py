"""Facts about the policy in force: who sets its layers, what they may say, and what the gate then applies."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from doubles.people import JOBS, approved_request, cast_vote, checked_request, play, registered_dataset, work_off
from hub.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from hub.domain.exports import ExportState
from hub.gate.exchange import CheckRequest
from hub.policy.model import policy_digest
from hub.services import exports, policies, releases
from hub.services.datasets import register_dataset
from hub.services.lab import Lab
from hub.services.workspaces import open_workspace
from hub.settings_tables import Gate

STRICTER = "[parameters]\nminimum_units = 20\n[parameters.limits]\nfiles = 5\n"


@pytest.fixture
def site(lab: Lab) -> Lab:
    play(lab)
    registered_dataset(lab)
    return lab


def value(explained: policies.Explanation, parameter: str) -> tuple[int, str, str]:
    found = next(v for v in explained.policy.values if v.parameter == parameter)
    return found.value, found.layer, found.profile


def with_gate(lab: Lab, **gate: object) -> Lab:
    return replace(lab, settings=lab.settings.model_copy(update={"gate": Gate(**gate)}))  # type: ignore[arg-type]


def test_a_dataset_s_profile_is_in_force_until_somebody_is_stricter(site: Lab) -> None:
    before = policies.explain_project(site, "scientist", "wages")
    assert value(before, "minimum_units") == (11, "dataset:jobs", "fr-fiscal-personnes")
    assert before.layer is None
    policies.set_dataset_layer(site, "jobs-steward", "jobs", "[parameters]\nminimum_units = 12")
    policies.set_project_layer(site, "health-steward", "wages", STRICTER)
    after = policies.explain_project(site, "scientist", "wages")
    assert value(after, "minimum_units") == (20, "project:wages", "")
    assert value(after, "limits.files") == (5, "project:wages", "")
    assert after.policy.digest != before.policy.digest
    assert after.layer is not None
    assert (after.layer.text, after.layer.changed_by) == (STRICTER, "health-steward")
    assert value(policies.explain_dataset(site, "scientist", "jobs"), "minimum_units") == (12, "dataset:jobs", "")


def test_a_weaker_layer_is_refused_and_nothing_changes(site: Lab) -> None:
    with pytest.raises(RefusedError, match=r"minimum_units to 5.*weaker than 11"):
        policies.set_dataset_layer(site, "jobs-steward", "jobs", "[parameters]\nminimum_units = 5")
    policies.set_dataset_layer(site, "jobs-steward", "jobs", "[parameters]\nminimum_units = 30")
    with pytest.raises(RefusedError, match=r"minimum_units to 20.*weaker than 30, set by dataset:jobs"):
        policies.set_project_layer(site, "health-steward", "wages", STRICTER)
    assert policies.explain_project(site, "scientist", "wages").layer is None


def test_an_empty_layer_takes_the_last_one_back(site: Lab) -> None:
    policies.set_project_layer(site, "health-steward", "wages", STRICTER)
    policies.set_project_layer(site, "health-steward", "wages", "")
    assert value(policies.explain_project(site, "scientist", "wages"), "minimum_units")[0] == 11


@pytest.mark.parametrize("actor", ["scientist", "administrator", "auditor", "health-steward"])
def test_a_dataset_s_layer_is_its_owner_s_steward_s(site: Lab, actor: str) -> None:
    with pytest.raises(RefusedError):
        policies.set_dataset_layer(site, actor, "jobs", STRICTER)


@pytest.mark.parametrize("actor", ["scientist", "researcher", "administrator", "auditor"])
def test_a_project_s_layer_is_a_steward_s(site: Lab, actor: str) -> None:
    with pytest.raises(RefusedError):
        policies.set_project_layer(site, actor, "wages", STRICTER)


def test_a_steward_who_is_a_member_does_not_set_the_project_s_layer(site: Lab) -> None:
    from hub.services.projects import add_member

    add_member(site, "scientist", "wages", "health-steward")
    with pytest.raises(RefusedError, match="cannot set its policy"):
        policies.set_project_layer(site, "health-steward", "wages", STRICTER)


def test_who_may_not_know_of_a_project_or_dataset_does_not_see_its_policy(site: Lab) -> None:
    with pytest.raises(NotFoundError):
        policies.explain_project(site, "outsider", "wages")
    with pytest.raises(NotFoundError):
        policies.explain_dataset(site, "outsider", "jobs")


def test_a_layer_that_is_no_layer_is_refused(site: Lab) -> None:
    with pytest.raises(InvalidError, match="dataset:jobs"):
        policies.set_dataset_layer(site, "jobs-steward", "jobs", "minimum_units = 12")


def test_setting_a_layer_is_in_the_audit_log_with_what_it_says(site: Lab) -> None:
    policies.set_project_layer(site, "health-steward", "wages", STRICTER)
    with site.store.read() as reading:
        last = reading.last_audit_entry()
    assert last is not None
    assert (last.event.name, last.event.actor, last.event.project) == (
        "lab:project:set-policy", "health-steward", "wages",
    )  # fmt: skip
    assert dict(last.event.details) == {"minimum_units": "20", "limits.files": "5"}


def test_the_site_s_floor_and_parameters_hold_for_every_dataset(site: Lab) -> None:
    strict = with_gate(site, floor="uk-sacro", parameters={"minimum_units": 15})
    explained = policies.explain_dataset(strict, "jobs-steward", "jobs")
    assert value(explained, "minimum_units") == (15, "site", "")
    assert value(explained, "p_percent") == (10, "site", "uk-sacro")
    with pytest.raises(RefusedError, match="weaker than 15, set by site"):
        policies.set_dataset_layer(strict, "jobs-steward", "jobs", "[parameters]\nminimum_units = 12")


def test_outputs_of_no_dataset_are_under_the_site_s_profile(lab: Lab) -> None:
    assert value(policies.explain_project(lab, "scientist", "wages"), "minimum_units") == (10, "site", "uk-sacro")


@pytest.mark.parametrize("gate", [{"floor": "nobody"}, {"parameters": {"minimum": 3}}, {"profile": "nobody"}])
def test_a_site_with_a_fault_in_its_rules_does_not_start(gate: dict[str, object]) -> None:
    with pytest.raises((InvalidError, NotFoundError)):
        policies.check_site(Gate(**gate))  # type: ignore[arg-type]


def test_the_gate_checks_under_the_policy_in_force(lab: Lab) -> None:
    programs = play(lab)
    registered_dataset(lab)
    policies.set_project_layer(lab, "health-steward", "wages", STRICTER)
    checked_request(lab)
    asked = CheckRequest.model_validate_json(json.dumps(programs.asked))
    assert (asked.policy.minimum_units, asked.policy.limits.files) == (20, 5)
    assert policy_digest(asked.policy) == policies.explain_project(lab, "scientist", "wages").policy.digest


def test_a_policy_that_changed_after_the_votes_asks_for_a_new_check_and_new_votes(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)
    request = approved_request(lab)
    policies.set_project_layer(lab, "health-steward", "wages", STRICTER)
    with pytest.raises(ConflictError, match="policy has changed"):
        releases.release(lab, "health-steward", request.id)
    work_off(lab)
    again = exports.request(lab, "researcher", request.id)
    assert (again.state, again.policy) == (
        ExportState.SUBMITTED,
        policies.explain_project(lab, "scientist", "wages").policy.digest,
    )
    for steward in ("health-steward", "transport-steward"):
        cast_vote(lab, steward, exports.request(lab, "researcher", request.id))
    assert releases.release(lab, "health-steward", request.id).id == request.id


def test_a_workspace_is_told_its_project_s_policy_and_datasets(site: Lab) -> None:
    policies.set_project_layer(site, "health-steward", "wages", STRICTER)
    told = CheckRequest.model_validate_json(open_workspace(site, "scientist", "wages").precheck)
    assert told.policy.minimum_units == 20
    assert [(d.name, d.folder, d.privacy_unit) for d in told.datasets] == [("jobs", "/data/jobs", "nr")]
    assert told.files == ()


def test_a_workspace_is_not_told_more_than_a_variable_takes(site: Lab) -> None:
    wide = replace(JOBS, structural_zeros=tuple({"c" * 200: "v" * 200} for _ in range(190)))
    register_dataset(site, "jobs-steward", wide)
    assert open_workspace(site, "scientist", "wages").precheck != ""
    wider = replace(JOBS, structural_zeros=tuple({f"{n}" * 60: "v" * 200 for n in range(8)} for _ in range(190)))
    register_dataset(site, "jobs-steward", wider)
    assert open_workspace(site, "scientist", "wages").precheck == ""
