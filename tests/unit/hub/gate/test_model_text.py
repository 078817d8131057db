"""Facts about the names of terms in a model's text: what has no mark, or is longer than any name, is none."""

from __future__ import annotations

from hub.gate.full_text import FullText
from hub.gate.model_text import term_names


def test_what_stands_before_a_term_and_has_no_mark_is_none() -> None:
    assert term_names(FullText("of the terms  region_Nord\nregion_Sud  0.5"), [], []) == {"region_Sud"}


def test_a_name_is_no_longer_than_two_hundred_letters() -> None:
    longest, longer = f"x_{'a' * 198}", f"y_{'a' * 199}"
    assert term_names(FullText(f"{longest}\n{longer}"), [], []) == {longest}
