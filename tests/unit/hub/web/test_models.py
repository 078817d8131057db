"""Requests are bounded and plain."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.domain.errors import InvalidError, NotFoundError
from hub.domain.notebooks import Parameter, ParameterType
from hub.domain.table_context import TableContext
from hub.web.api.routes import checked_path, request_of
from hub.web.models.notebooks import ApprovalBody, NotebookBody, RunBody
from hub.web.models.records import AuditQuery, OrganisationBody
from hub.web.models.review import ExportBody, VoteBody
from hub.web.models.texts import Model, ReasonBody

FILES = {"table.csv": {"dataset": "jobs", "dimensions": ["year"]}}


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "a\u202eb", "a\u2066b", "", "x" * 201, "\x7f", "\x85"])
def test_a_line_is_plain_and_short(text: str) -> None:
    with pytest.raises(ValidationError):
        OrganisationBody(title=text)


def test_a_lone_surrogate_is_refused_in_json_and_in_forms() -> None:
    with pytest.raises(ValidationError):
        OrganisationBody.model_validate_json('{"title": "\\ud800"}')
    with pytest.raises(ValidationError):
        OrganisationBody.model_validate({"title": "\ud800"})


def test_prose_keeps_its_paragraphs() -> None:
    assert ReasonBody(reason="one\r\ntwo\rthree\tfour").reason == "one\ntwo\nthree\tfour"
    with pytest.raises(ValidationError):
        ReasonBody(reason="one\x00two")
    with pytest.raises(ValidationError):
        ReasonBody(reason="x" * 4001)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "[1]", "null", "{}", '"' + "x" * 201 + '"'])
def test_a_parameter_is_a_finite_scalar(value: str) -> None:
    with pytest.raises(ValidationError):
        RunBody.model_validate_json('{"notebook": "n", "parameters": {"p": ' + value + "}}")


def test_parameters_keep_their_exact_type() -> None:
    body = RunBody.model_validate_json('{"notebook": "n", "parameters": {"a": true, "b": 1, "c": 1.0, "d": "1"}}')
    assert [type(v) for v in body.parameters.values()] == [bool, int, float, str]


def test_a_schema_becomes_the_domains_values() -> None:
    body = ApprovalBody.model_validate_json(
        '{"parameters": [{"name": "n", "type": "integer", "default": 1, "minimum": 0, "maximum": 5}]}'
    )
    assert body.parameters is not None
    assert body.parameters[0].value() == Parameter("n", ParameterType.INTEGER, 1, 0.0, 5.0)
    assert ApprovalBody().parameters is None


def test_an_export_names_one_to_a_thousand_files() -> None:
    good = {"project": "p", "source": "workspace", "files": FILES, "context": "c"}
    body = ExportBody.model_validate(good)
    assert body.files["table.csv"].value() == TableContext("jobs", ("year",))
    for files in ({}, {f"{n}.csv": {} for n in range(1001)}, {"a\nb": {}}, {"x" * 401: {}}):
        with pytest.raises(ValidationError):
            ExportBody.model_validate(good | {"files": files})


def test_a_vote_names_whole_digests() -> None:
    good = {"decision": "approve", "canonical": {"a": "0" * 64}, "policy": "1" * 64}
    assert VoteBody.model_validate(good).reason == ""
    for bad in ({"canonical": {}}, {"canonical": {"a": "0" * 63}}, {"policy": "G" * 64}, {"policy": "0" * 64 + "\n"}):
        with pytest.raises(ValidationError):
            VoteBody.model_validate(good | bad)
    with pytest.raises(ValidationError):
        VoteBody.model_validate(good | {"decision": "maybe"})


def test_every_model_refuses_what_it_does_not_know() -> None:
    for model in Model.__subclasses__():
        assert model.model_config["extra"] == "forbid"
    with pytest.raises(ValidationError):
        NotebookBody.model_validate({"project": "p", "upload": "u", "name": "n", "purpose": "p", "state": "approved"})


def test_the_audit_is_asked_for_in_bounds() -> None:
    for bad in ({"after": "-1"}, {"after": str(2**60)}, {"limit": "0"}, {"limit": "1001"}):
        with pytest.raises(ValidationError):
            AuditQuery.model_validate_strings(bad)


def test_a_fault_names_the_place_and_never_the_value_or_a_made_up_key() -> None:
    with pytest.raises(InvalidError) as error:
        request_of(RunBody, {}, {"notebook": "", "parameters": {"private": []}, "private": 1})
    said = str(error.value)
    assert "notebook" in said
    assert "parameters" in said
    assert "private" not in said


@pytest.mark.parametrize("name", ["", "a\x00", "a\n", "x" * 401, "a\u202eb"])
def test_a_name_in_an_address_that_is_not_plain_is_not_there(name: str) -> None:
    with pytest.raises(NotFoundError):
        checked_path({"name": name})
