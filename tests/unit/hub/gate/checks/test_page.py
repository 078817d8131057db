"""Facts about the page of checks in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.gate.checks.catalogue import CHECKS, REQUEST_CHECKS
from hub.gate.checks.page import page
from hub.policy.model import Policy

PAGE = Path(__file__).resolve().parents[5] / "docs/reference/checks.md"


def test_the_page_is_the_one_that_the_checks_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("check", [*CHECKS, *REQUEST_CHECKS], ids=lambda c: c.identifier)
def test_parameters_of_a_check_are_the_policys(check: object) -> None:
    assert set(getattr(check, "parameters")) <= set(Policy.model_fields)  # noqa: B009 — two kinds of checks


def test_every_threshold_of_a_policy_is_some_checks() -> None:
    applied = {name for check in (*CHECKS, *REQUEST_CHECKS) for name in check.parameters}
    elsewhere = {"profiles", "votes", "differencing_units", "significant_digits"}
    assert set(Policy.model_fields) == applied | elsewhere
