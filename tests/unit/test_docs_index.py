"""Every page can be found from the page of all pages."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
INDEX = DOCS / "README.md"


def test_every_page_stands_in_the_page_of_all_pages_once() -> None:
    linked = re.findall(r"\]\(([\w/.-]+\.md)\)", INDEX.read_text(encoding="utf-8"))
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {INDEX.name}
    assert len(set(linked)) == len(linked)
    assert set(linked) == {page for page in pages if not page.startswith(("decisions/", "images/"))}


def test_the_readme_leads_there() -> None:
    assert "(docs/README.md)" in (DOCS.parent / "README.md").read_text(encoding="utf-8")
