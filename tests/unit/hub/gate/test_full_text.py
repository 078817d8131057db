"""Facts about what checks share of a text: a spared look would have found nothing, and every run of words is there."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.gate import model_text, numbers, words
from hub.gate.cells import decimals_by, decimals_of, written
from hub.gate.checks import secrets, traces
from hub.gate.full_text import FullText, Sought
from hub.gate.sorted_values import are_among
from hub.gate.words import MOST_PARTS, phrases, plain

SOUGHT = {
    **{name: value for name, value in vars(numbers).items() if isinstance(value, Sought)},
    **dict(secrets._SECRETS),
    "path": secrets._PATH,
    "payload": secrets._PAYLOAD,
    "traceback": traces._TRACEBACK,
    "host": traces._HOST,
    "fit": model_text._FIT,
    **{f"degrees {at}": sought for at, sought in enumerate(model_text._DEGREES)},
}
FILLER = "a line of nothing, 0.5\n" * 200


def is_met(sought: Sought, text: str) -> bool:
    return bool(pl.Series([text]).str.contains(sought.loose).item())


@pytest.mark.parametrize("name", SOUGHT)
@given(data=st.data())
@settings(max_examples=60)
def test_wherever_a_pattern_is_met_the_looser_one_is_met_too(name: str, data: Any) -> None:
    text = data.draw(st.from_regex(SOUGHT[name].pattern))
    assert SOUGHT[name].pattern.search(text)
    assert is_met(SOUGHT[name], text)


@pytest.mark.parametrize("name", SOUGHT)
def test_a_text_without_anything_is_spared(name: str) -> None:
    assert not is_met(SOUGHT[name], FILLER + "1.25\n-0.000017\nresults of 2019\n")


CASES = {
    "a token or password": ["TOKEN: aaaaaaaaaaa1", "apı_key = aaaaaaaaaaa1", "APİKEY=aaaaaaaaaaa1"],
    "host": ["db.ıntra", "db.İNTERNAL", "ſrv.corp", "10.1.2.3"],
    "degrees 1": ["Resıdual df: 3", "RESİDUAL degrees of freedom = 4"],
    "degrees 3": ["DEGRÉS DE LİBERTÉ : 5"],
    "EMAIL": ["½@b.fr", "é.x@b-c.fr"],
    "NIR": ["1 84 05 78 006 048 36", "\u0661" * 0 + "184057800604836"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in CASES.items() for text in texts])
def test_letters_that_python_alone_takes_for_each_other_are_met_in_long_texts(name: str, text: str) -> None:
    assert SOUGHT[name].pattern.search(text)
    found = SOUGHT[name].search(FullText(f"{FILLER}{text}\n"))
    assert found is not None


@pytest.mark.parametrize("name", SOUGHT)
@given(data=st.data())
@settings(max_examples=20)
def test_long_texts_give_the_same_match(name: str, data: Any) -> None:
    sought, text = SOUGHT[name], f"{FILLER}{data.draw(st.from_regex(SOUGHT[name].pattern))}\n{FILLER}"
    expected = sought.pattern.search(text)
    found = sought.search(FullText(text))
    assert (found and found.span()) == (expected and expected.span())
    assert [m.span() for m in sought.finditer(FullText(text))] == [m.span() for m in sought.pattern.finditer(text)]


def reference(text: str) -> set[str]:
    """The same, word by word."""
    found: set[str] = set()
    for line in text.splitlines():
        parts = [plain(part) for part in re.findall(r"[^\W_]+", unicodedata.normalize("NFC", line))]
        for length in range(1, min(MOST_PARTS, len(parts)) + 1):
            found.update("".join(parts[at : at + length]) for at in range(len(parts) - length + 1))
    return found


WORDS = st.text(alphabet="aB3é\u0301\u0130ßª²½①ﬁ\ufe70 .,_-'\n\r\u2028\x1c\t", max_size=60)


@given(st.lists(WORDS, max_size=6).map("\n".join) | st.text(max_size=80))
@settings(max_examples=300)
def test_every_run_of_words_is_a_phrase(text: str) -> None:
    for short in (0, 10**6):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(words, "_SHORT", short)
            found = phrases(text)
        assert found.null_count() == 0
        assert sorted(found.to_list()) == sorted(reference(text))


@given(st.lists(st.none() | st.text(max_size=3)), st.sets(st.text(max_size=3)))
def test_few_values_are_found_among_sorted_ones(values: list[str | None], known: set[str]) -> None:
    found = are_among(pl.Series(values, dtype=pl.String), pl.Series(sorted(known), dtype=pl.String))
    assert found.to_list() == [value in known for value in values]


NUMBERS = st.from_regex(r"[+-]?[0-9]{1,3}(\.[0-9]{0,12})?([eE]-?[0-9])?", fullmatch=True)


@given(st.lists(st.lists(NUMBERS | st.sampled_from(["", "x", "1 234,50 €", "7 (0.25 %)"]), max_size=5), min_size=1))
def test_decimals_of_several_columns_are_those_of_each(columns: list[list[str]]) -> None:
    parts = [
        pl.DataFrame({"key": [str(at)] * len(cells), "text": cells}, schema={"key": pl.String, "text": pl.String})
        for at, cells in enumerate(columns)
    ]
    shown = pl.concat(parts).select("key", written(pl.col("text")).alias("number"))
    found = decimals_by(shown, [str(at) for at in range(len(columns))])
    for at, cells in enumerate(columns):
        numbers = [
            n for n in pl.DataFrame({"c": cells}, schema={"c": pl.String}).select(written(pl.col("c")))["c"] if n
        ]
        places = [9 if "e" in n.lower() else min(len(n.partition(".")[2].rstrip("0")), 9) for n in numbers]
        assert found[str(at)] == max(places, default=0)
        assert decimals_of(pl.Series("any", cells, dtype=pl.String)) == found[str(at)]


def test_a_run_ends_with_its_line_and_after_eight_words() -> None:
    said = phrases("one two\nthree\na b c d e f g h i\n").to_list()
    assert "onetwo" in said
    assert "twothree" not in said
    assert "abcdefgh" in said
    assert "abcdefghi" not in said
