"""Facts about the pages of the docs that the gate writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.gate import files_page, report_form

PAGES = Path(__file__).resolve().parents[4] / "docs/reference"


@pytest.mark.parametrize(
    ("name", "page"), [("files.md", files_page.page), ("gate-report.json", report_form.schema_text)]
)
def test_a_page_is_the_one_that_the_gate_gives(name: str, page: Callable[[], str]) -> None:
    assert (PAGES / name).read_text(encoding="utf-8") == page(), f"write docs/reference/{name} anew"
