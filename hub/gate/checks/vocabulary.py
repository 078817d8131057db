"""Vocabularies: lists of words and categories that a model takes from the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from pydantic import JsonValue

from hub.domain.exports import Finding, Severity
from hub.gate.cells import ValueClass
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.datasets import UNIT, DataFile
from hub.gate.fragments import Fragment, ValueFragment

IDENTIFIER = "vocabulary"
LISTS = "lists of words"
_SAMPLE = 2_000
_MOST_NAMED = 200
"""Lists of one column that are said; all are looked at until then."""
_SHARE = 0.5
_FEWEST = 2
_WORD = r"[^\W_]+"


@dataclass(frozen=True, slots=True)
class WordList:
    """A list of a column's values or words: its entries, how many of them too few units have, and how few at least."""

    number: int
    dataset: str
    column: str
    entries: int
    rare: int
    fewest: int


@dataclass(frozen=True, slots=True)
class Words:
    """A list of texts, or the keys of an object, with its number among those of the document."""

    number: int
    texts: tuple[str, ...]


def vocabulary(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A list of words or categories has no entry that fewer than ``minimum_units`` units of a dataset have.

    A list counts as a column's where half of its entries are values of the column, or words of its texts. The units of
    each entry are counted in the dataset: a rare category or word tells that somebody of it was among the data.
    """
    if not isinstance(fragment, ValueFragment) or not context.datasets:
        return None
    found = context.once(LISTS, (fragment,), lambda: tuple(_found(fragment.value, context)))
    named: Counter[tuple[str, str]] = Counter()
    findings = []
    for held in (held for held in found if held.rare):
        named[held.dataset, held.column] += 1
        if named[held.dataset, held.column] <= _MOST_NAMED:
            findings.append(_finding(held, fragment, context))
    return findings or None


def _found(value: JsonValue, context: Context) -> Iterator[WordList]:
    """Yield the lists that are of a column of a dataset, with what its units say of them."""
    lists = list(_lists(value))
    for file in context.files if lists else ():
        for column in (c for c in file.schema if file.value_class(c) is ValueClass.TEXT):
            for words, units in _of_column(lists, file, column):
                rare = sum(count < context.policy.minimum_units for count in units)
                yield WordList(words.number, file.dataset, column, len(words.texts), rare, min(units))


def _finding(held: WordList, fragment: Fragment, context: Context) -> Finding:
    needed = context.policy.minimum_units
    sentence = (
        f"A list here has words or categories of the column {held.column} of the dataset {held.dataset} that fewer "
        f"than {needed} distinct units have. Merge rare categories, or leave rare words out, before the model is "
        "fitted."
    )
    rule = f"at least {needed} privacy units behind each word ({context.policy.name})"
    detail = f"Entries that too few units have: {held.rare}."
    said = (IDENTIFIER, Severity.BLOCK, f"{fragment.place}, list {held.number}", sentence, rule)
    return context.finding(*said, detail=detail, applied=("minimum_units",))


def _lists(value: JsonValue) -> Iterator[Words]:
    return (Words(number, texts) for number, texts in enumerate(_texts(value), start=1) if len(texts) >= _FEWEST)


def _texts(value: JsonValue) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        yield tuple(key.strip() for key in value)
        inner = list(value.values())
    elif isinstance(value, list):
        yield tuple(dict.fromkeys(part.strip() for part in value if isinstance(part, str)))
        inner = value
    else:
        return
    for part in inner:
        yield from _texts(part)


def _of_column(lists: list[Words], file: DataFile, column: str) -> Iterator[tuple[Words, list[int]]]:
    """Yield the lists that are of a column's values, or else of its words, with how many units each known entry has."""
    value = pl.col(column).cast(pl.String).alias("word")
    values = _units(file.select(value), {text for words in lists for text in words.texts})
    split = value.str.to_lowercase().str.extract_all(_WORD)
    lowered = {text.lower() for words in lists for text in words.texts}
    tokens = _units(file.select(split).explode("word"), lowered) if _has_words(file, column) else {}
    for words in lists:
        found = [values[text] for text in words.texts if text in values]
        if len(found) < _SHARE * len(words.texts):
            found = [tokens[text.lower()] for text in words.texts if text.lower() in tokens]
        if found and len(found) >= _SHARE * len(words.texts):
            yield words, found


def _units(rows: pl.LazyFrame, texts: set[str]) -> dict[str, int]:
    """How many units have each of the texts, as far as any has it."""
    wanted = pl.LazyFrame({"word": sorted(texts)}, schema={"word": pl.String})
    met = rows.join(wanted, on="word", how="semi").group_by("word").agg(pl.col(UNIT).drop_nulls().n_unique())
    return dict(met.select("word", UNIT).collect(engine="streaming").iter_rows())


def _has_words(file: DataFile, column: str) -> bool:
    """Whether a column's texts are of several words, by its first rows."""
    first = (
        file.select(pl.col(column).cast(pl.String).alias("word"), first=_SAMPLE).select("word").drop_nulls().collect()
    )
    return int(first["word"].str.contains(r"\w\W+\w").sum()) > _SHARE * first.height


VOCABULARY = Check(
    IDENTIFIER,
    vocabulary,
    claims=False,
    parameters=("minimum_units",),
    source="Carlini and others, The Secret Sharer, 2019: rare words are what models remember",
)
