"""Facts about fragments that are written anew in plain letters: coded words are read, and all else stays as it was."""

from __future__ import annotations

import base64

import pytest

from hub.gate.fragments import TableFragment, ValueFragment
from hub.gate.readers.rewriting import cell_read, rewritten

WORDS = ("cat", "oak", "elm", "fir", "ash", "yew")


def coded(word: str) -> str:
    return base64.b64encode(word.encode()).decode()


@pytest.mark.parametrize("word", WORDS)
def test_three_letters_are_enough_for_a_coded_word(word: str) -> None:
    assert cell_read(coded(word)) == ("base64", word)


def test_two_words_with_a_mark_between_them_are_not_coded() -> None:
    assert cell_read("Two-Two") == ("", "Two-Two")
    assert cell_read("Two/One") == ("", "Two/One")


def test_a_document_of_coded_words_keeps_its_numbers() -> None:
    part = ValueFragment(
        place="t.json", value={"words": [coded(word) for word in WORDS], "n": 12, "is": [True, None, 0.5]}
    )
    read = [one.value for one in rewritten(part) if isinstance(one, ValueFragment)]
    assert {"words": list(WORDS), "n": 12, "is": [True, None, 0.5]} in read


@pytest.mark.parametrize("name", ["10_000", "over 10_000", "1:30 2:45", "n\u0301 2\u0301", "ｎ"])
def test_what_is_written_in_plain_letters_is_not_written_anew_once_more(name: str) -> None:
    part = TableFragment(place="t.csv", columns=("region", name), data=(("Nord",), ("500",)))
    (once,) = rewritten(part)
    assert list(rewritten(once)) == []
