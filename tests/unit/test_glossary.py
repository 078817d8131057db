"""The two pages of words say the same, in the words that people meet on the lab's pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "reference"
MESSAGES = ROOT / "hub" / "web" / "locale" / "fr" / "LC_MESSAGES" / "messages.po"


def rows(page: str) -> list[tuple[str, str]]:
    lines = (PAGES / page).read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [(first, second) for first, second, _ in cells[2:]]


def test_both_pages_have_the_same_words_in_the_same_order() -> None:
    assert rows("glossary.md") == [(english, french) for french, english in rows("glossaire.md")]
    assert len(rows("glossary.md")) > 20


@pytest.mark.parametrize(("english", "french"), rows("glossary.md"))
def test_a_word_is_the_one_that_pages_use(english: str, french: str) -> None:
    with MESSAGES.open("rb") as file:
        messages = [(str(message.id).lower(), str(message.string).lower()) for message in read_po(file) if message.id]
    for word, label in zip(english.split(", "), french.split(", "), strict=True):
        name = word.removeprefix("notebook ").removesuffix(" event").removesuffix("al")
        assert any(name in said and label in translated for said, translated in messages), (word, label)
