"""Facts about letters and digits that pose as others: what they say is judged, and words of other alphabets are not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.exports import Severity
from hub.gate.lookalikes import plain_letters

WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
BOLD = str.maketrans({str(digit): chr(0x1D7CE + digit) for digit in range(10)})


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Pаris", "Paris"),
        ("１２．５", "12.5"),
        ("٢٠١٩", "2019"),
        ("𝐏𝐚𝐫𝐢𝐬 𝟐𝟎𝟏𝟗", "Paris 2019"),
        ("Ⓟⓐⓡⓘⓢ", "Paris"),
        ("une сору de table", "une copy de table"),
        ("scοre", "score"),
        ("œuvrе", "œuvre"),
    ],
)
def test_they_are_written_as_plain_ones(gate: Any, make: Any, text: str, plain: str) -> None:
    assert plain_letters(text) == plain
    assert "confusables" in make.checks(gate.judge("t.txt", text), Severity.REVIEW)
    assert "confusables" in make.checks(gate.judge("t.csv", f"a,n\n{text},40\n"), Severity.REVIEW)


@pytest.mark.parametrize(
    "text",
    [
        "In Москва and Αθήνα it is",
        "Всё это копия",
        "the coefficient ρ, and ν = 3 degrees",
        "m², 20 °C, ½, n° 4, 3ᵉ, « où », naïveté, €",
        "β-carotène",
        "東京 と 大阪",
    ],
)
def test_words_of_other_alphabets_stay(gate: Any, make: Any, text: str) -> None:
    assert plain_letters(text) == text
    assert "confusables" not in make.checks(gate.judge("t.txt", text), Severity.REVIEW)


@given(st.text())
def test_what_is_plain_stays(text: str) -> None:
    once = plain_letters(text)
    assert len(once) == len(text)
    assert plain_letters(text.encode("ascii", "ignore").decode()) == text.encode("ascii", "ignore").decode()


@pytest.mark.parametrize("digits", [WIDE, DIGITS, BOLD])
@pytest.mark.parametrize("name", ["t.csv", "t.txt", "t.json", "n.ipynb"])
def test_rows_in_other_digits_are_found(gate: Any, make: Any, data: Any, digits: dict[int, str], name: str) -> None:
    frame = data.select("year", "income", "visits").sample(10, seed=3)
    rows = [[str(cell).translate(digits) for cell in row] for row in frame.rows()]
    text = "\n".join(["a,b,c", *map(",".join, rows)])
    contents = {
        "t.csv": text,
        "t.txt": text,
        "t.json": json.dumps(rows),
        "n.ipynb": make.notebook(("x", [make.shown(plain=text)])),
    }
    assert "row-leak" in make.checks(gate.judge(name, contents[name]))


@pytest.mark.parametrize(
    "text",
    [
        "a word \nand \tanother\t \n  more   \n\n\n",
        "a word\u00a0\nand\u2003\nmore\u3000",
        "a\u200b word\u200c\nand\u200d more\u2060",
        "a word\nand\U000e0041\U000e0042 more\ufe01\U000e0105",
        "a \u202eword\u202c\nand \u2066more\u2069",
    ],
)
def test_marks_that_the_eye_does_not_see_do_not_leave(gate: Any, text: str) -> None:
    left = gate.judge("t.txt", text).canonical.content.decode()
    assert left.isascii()
    assert all(line == line.rstrip() for line in left.split("\n"))
    assert left.split() == ["a", "word", "and", *(["another", "more"] if "another" in text else ["more"])]
