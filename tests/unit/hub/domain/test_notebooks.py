"""Facts about parameter schemas and notebook approvals."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.notebooks import (
    Notebook,
    NotebookState,
    Parameter,
    ParameterType,
    check_can_decide,
    check_can_run,
    check_free_text,
    check_parameters,
    check_schema,
    check_value,
    next_state,
)
from hub.domain.people import Person, Role

BY = Parameter("by", ParameterType.CHOICE, "educ", choices=("educ", "year"))
MINIMUM = Parameter("minimum", ParameterType.INTEGER, 10, 1, 100)
RATE = Parameter("rate", ParameterType.NUMBER, 0.5, 0, 1)
FLAG = Parameter("flag", ParameterType.BOOLEAN, False)
SCHEMA = (BY, MINIMUM, RATE, FLAG)


def test_defaults_fill_what_is_not_given() -> None:
    assert check_parameters(SCHEMA, {"minimum": 3}) == {"by": "educ", "minimum": 3, "rate": 0.5, "flag": False}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (BY, "wage"), (BY, 1), (BY, None), (BY, ["educ"]), (BY, "educ\n"),
        (MINIMUM, 0), (MINIMUM, 101), (MINIMUM, 5.0), (MINIMUM, True), (MINIMUM, "5"), (MINIMUM, 10**40),
        (RATE, math.nan), (RATE, math.inf), (RATE, -0.1), (RATE, "0.5"), (RATE, True),
        (FLAG, 1), (FLAG, "true"), (FLAG, None),
    ],
)  # fmt: skip
def test_a_value_outside_its_type_or_range_is_refused(parameter: Parameter, value: object) -> None:
    with pytest.raises(InvalidError, match=parameter.name):
        check_value(parameter, value)


TEXT = Parameter("town", ParameterType.TEXT, "Saint-Étienne")


@pytest.mark.parametrize("value", ["", "Rennes", "L'Haÿ-les-Roses", "L’Île-d’Œuf, 3/4", "a" * 200, "2013.5"])
def test_a_free_text_is_what_people_write(value: str) -> None:
    assert check_value(TEXT, value) == value


@pytest.mark.parametrize(
    "value",
    [
        "__import__", "os.system('id')", "a; b", "a\nb", "a\\", '"', "`id`", "$HOME", "%s", "{town}", "{0.__class__}",
        "<b>", "a=b", "a#b", "a" * 201, " a", "a ", "a\t", "a\u00a0b", "a\u200bb", "\u202eab", "a\u0000",
        "\ud800", "E\u0301", "Rеnnes", "Αthens", "ﬁ", "Ａ", "１", "٥", "ɑ", "ſ\u0323", "🔬", "ª", "²",
        1, True, None, ["a"], math.nan, 10**400,
    ],
)  # fmt: skip
def test_a_free_text_that_hides_or_could_act_is_refused(value: object) -> None:
    with pytest.raises(InvalidError, match="town"):
        check_value(TEXT, value)


def test_free_text_is_accepted_knowingly_or_not_at_all() -> None:
    with pytest.raises(RefusedError, match="town") as refused:
        check_free_text((*SCHEMA, TEXT), accepted=False)
    assert refused.value.reason == "free-text-not-accepted"
    check_free_text((*SCHEMA, TEXT), accepted=True)
    check_free_text(SCHEMA, accepted=False)


def test_an_open_number_still_has_an_end() -> None:
    unbounded = Parameter("n", ParameterType.NUMBER, 0)
    with pytest.raises(InvalidError):
        check_value(unbounded, math.inf)


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(InvalidError, match="by, minimum"):
        check_parameters(SCHEMA, {"other": 1})


@given(st.text(max_size=50))
def test_only_plain_identifiers_name_parameters(name: str) -> None:
    try:
        check_schema((Parameter(name, ParameterType.BOOLEAN, True),))
    except InvalidError:
        return
    assert name.isidentifier()
    assert name.isascii()


@pytest.mark.parametrize("name", ["x=1; import os", "class", "a.b", "é", "_x", "X", "", "x\n"])
def test_names_that_are_code_are_refused(name: str) -> None:
    with pytest.raises(InvalidError):
        check_schema((Parameter(name, ParameterType.BOOLEAN, True),))


def test_a_default_outside_its_own_range_is_refused() -> None:
    with pytest.raises(InvalidError, match="minimum"):
        check_schema((Parameter("minimum", ParameterType.INTEGER, 0, 1, 10),))


def test_two_parameters_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidError, match="same name"):
        check_schema((BY, BY))


def notebook(state: NotebookState) -> Notebook:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    return Notebook("n-1", "care", "wages", "purpose", "scientist", "a" * 64, (), "sha256:0", now, state)


@pytest.mark.parametrize("state", [s for s in NotebookState if s is not NotebookState.APPROVED])
def test_only_an_approved_notebook_runs(state: NotebookState) -> None:
    with pytest.raises(RefusedError, match="approved"):
        check_can_run(notebook(state))


def test_nobody_decides_on_their_own_notebook() -> None:
    author = Person("scientist", "S", "o", (Role.STEWARD, Role.APPROVER))
    with pytest.raises(RefusedError, match="own"):
        check_can_decide(author, notebook(NotebookState.SUBMITTED))


def test_a_refused_notebook_is_not_approved_later() -> None:
    with pytest.raises(ConflictError, match="refused"):
        next_state(notebook(NotebookState.REFUSED), "approve")
