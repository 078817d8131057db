"""The API asked whatever its OpenAPI document allows, and what it does not: schemathesis against the portal.

Each operation is asked by several people, with the names of things that are there and of others, with bodies that fit
their schema and with such that do not. Whatever is asked, the answer is one that the document promises.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from hub.web.openapi import document
from integration.test_portal_roles import MATRIX, filled, site

__all__ = ["site"]
ASKING = ("administrator", "scientist", "jobs-steward", "auditor", "nobody")
EXAMPLES = 15
"""Questions for each operation and each kind of body."""
FITTING = (
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
)
MODES = {
    GenerationMode.POSITIVE: FITTING,
    GenerationMode.NEGATIVE: (*FITTING, openapi.negative_data_rejection),
}
OPERATIONS = {
    (one.method.upper(), one.path): one
    for one in (found.ok() for found in schemathesis.openapi.from_dict(document()).get_all_operations())
}


def real_names(operation: Any, made: dict[str, str]) -> dict[str, str]:
    """What is there, by the names in an operation's address."""
    address = filled(MATRIX[operation.method.upper(), operation.path][0], made).partition("?")[0]
    pairs = zip(operation.path.split("/"), address.split("/"), strict=True)
    return {asked[1:-1]: given for asked, given in pairs if asked.startswith("{")}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("route", sorted(OPERATIONS), ids=" ".join)
def test_every_answer_is_one_that_the_document_promises(
    site: tuple[str, dict[str, str]], route: tuple[str, str], mode: GenerationMode
) -> None:
    base, made = site
    operation = OPERATIONS[route]
    names = real_names(operation, made)

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode), st.sampled_from(ASKING), st.booleans())
    def ask(case: Any, who: str, is_there: bool) -> None:
        if is_there:
            case.path_parameters = case.path_parameters | names
        answer = case.call(base_url=f"{base}/api/v1", headers={"Authorization": f"token {who}-token"}, timeout=30)
        case.validate_response(answer, checks=list(MODES[mode]))

    ask()


def test_every_route_of_the_document_is_asked() -> None:
    assert set(OPERATIONS) == set(MATRIX)
