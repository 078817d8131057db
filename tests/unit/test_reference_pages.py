"""The generated reference pages are what the code would generate now; those of the gate are in its own tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub import policy_page, review_matrix, runs_page, settings_page
from hub.bench import page as measurements_page
from hub.cli import reference
from hub.mutants import page as mutants_page
from hub.privileged import page as accounts_page
from spawner_config import isolation_page
from spawner_config.seccomp import page as seccomp_page
from spawner_config.seccomp import profile as seccomp_profile

PAGES = Path(__file__).parents[2] / "docs/reference"


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("accounts.md", accounts_page.page),
        ("isolation.md", isolation_page.page),
        ("seccomp.md", seccomp_page.page),
        ("seccomp.json", seccomp_profile.pretty),
        ("cli.md", reference.page),
        ("settings.md", settings_page.page),
        ("policies.md", policy_page.page),
        ("review-matrix.md", review_matrix.page),
        ("runs.md", runs_page.page),
        ("measurements.md", measurements_page.page),
        ("mutants.md", mutants_page.page),
    ],
)
def test_a_page_is_up_to_date(name: str, page: Callable[[], str]) -> None:
    assert (PAGES / name).read_text() == page(), f"write docs/reference/{name} anew, see its first lines"
