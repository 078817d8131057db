"""Facts about data pasted into a notebook's source: in whatever way Python lets it be written, it is found."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.fragments import FileFragments, RefusalFragment, Slot, TableFragment, TextFragment
from hub.gate.readers import literals as readers_literals
from hub.gate.readers.files import read_file
from hub.gate.readers.literals import literals
from hub.gate.refusals import RefusalReason

SLOT = Slot(cell=0, cell_kind="code")


def columns(frame: pl.DataFrame) -> str:
    return repr(frame.to_dict(as_series=False))


def arrays(frame: pl.DataFrame) -> str:
    return "\n".join(f"{name} = np.array({frame[name].to_list()})" for name in ("year", "income", "visits"))


def halved(text: str) -> str:
    return " + ".join(repr(text[at : at + 5]) for at in range(0, len(text), 5))


WAYS: dict[str, Callable[[pl.DataFrame], str]] = {
    "columns": lambda frame: f"df = pd.DataFrame({columns(frame)})",
    "columns behind a magic": lambda frame: f"%matplotlib inline\n!ls\ndf = pd.DataFrame({columns(frame)})",
    "columns in what is no Python": lambda frame: f"df = pd.DataFrame({columns(frame)})\nif x =\n",
    "records": lambda frame: f"df = pl.DataFrame({frame.to_dicts()})",
    "rows": lambda frame: f"rows = {frame.rows()}",
    "csv": lambda frame: f"text = {frame.write_csv()!r}",
    "csv in bytes": lambda frame: f"text = {frame.write_csv().encode()!r}",
    "csv in lines": lambda frame: f"text = '\\n'.join({frame.write_csv().splitlines()})",
    "csv in a sum": lambda frame: "text = " + " + ".join(map(repr, frame.write_csv().splitlines(keepends=True))),
    "csv in a sum of bytes": lambda frame: " + ".join(
        repr(frame.write_csv().encode()[at : at + 9]) for at in range(0, 999, 9)
    ),
    "csv in a list of sums": lambda frame: f"text = [{', '.join(map(halved, frame.write_csv().splitlines()))}]",
    "csv in a sum in a list": lambda frame: f"text = [{halved(frame.write_csv())}]",
    "csv in a sum in a tuple": lambda frame: f"text = (1, {halved(frame.write_csv())})",
    "csv in a sum in a mapping": lambda frame: f"text = {{'k': {halved(frame.write_csv())}}}",
    "csv joined in a list": lambda frame: f"text = [''.join({list(frame.write_csv())})]",
    "csv in codes in a list": lambda frame: (
        f"text = [{' + '.join(f'chr({ord(letter)})' for letter in frame.write_csv())}]"
    ),
    "csv in codes": lambda frame: "text = " + " + ".join(f"chr({ord(letter)})" for letter in frame.write_csv()),
    "csv below a magic": lambda frame: f"%%writefile rows.csv\n{frame.write_csv()}",
    "json": lambda frame: f"df = json.loads({frame.to_dict(as_series=False)!r})",
    "json in a text": lambda frame: f"df = json.loads({json.dumps(frame.to_dict(as_series=False))!r})",
    "arrays": arrays,
    "packed": lambda frame: f"text = gzip.decompress({gzip.compress(frame.write_csv().encode())!r})",
    "encoded": lambda frame: f"text = b64decode({base64.b64encode(frame.write_csv().encode()).decode()!r})",
}


@pytest.mark.parametrize("way", WAYS)
def test_pasted_rows_are_found(gate: Any, make: Any, data: pl.DataFrame, way: str) -> None:
    frame = data.select("region", "sex", "year", "income", "visits").sample(12, seed=4)
    judged = gate.judge("n.ipynb", make.notebook((WAYS[way](frame), [])))
    assert "row-leak" in make.checks(judged)


ORDINARY = (
    "x = 2 + 3",
    "params = {'max_depth': [3, 5, 7], 'min_leaf': [1, 5, 10]}",
    "fig, ax = plt.subplots(figsize=(8, 4))",
    "colours = ['#1f77b4', '#ff7f0e', '#2ca02c']",
    "table = df.group_by('region', 'sex').agg(n=pl.len()).filter(pl.col('n') >= 10)",
    "labels = {'n': ['few', 'some'], 'count': ['a', 'b']}",
    "if x =",
)


@pytest.mark.parametrize("source", ORDINARY)
def test_ordinary_source_passes(gate: Any, make: Any, source: str) -> None:
    assert gate.judge("n.ipynb", make.notebook((source, []))).verdict == "none"


def test_a_key_that_is_spelled_with_escapes_is_found(gate: Any, make: Any) -> None:
    spelled = "".join(f"\\x{byte:02x}" for byte in b"-----BEGIN RSA PRIVATE KEY-----")
    assert "secrets" in make.checks(gate.judge("n.ipynb", make.notebook((f'key = "{spelled}"', []))))


def test_literals_keep_the_slot_of_their_source_and_their_place() -> None:
    part = TextFragment(place="#cells[0].source", slot=SLOT, text="t = {'a': [1, 2, 3], 'b': ['x', None, f(1)]}")
    (table,) = literals(part)
    assert table == TableFragment(
        place="#cells[0].source!literal[0]",
        slot=SLOT,
        nested=True,
        columns=("a", "b"),
        data=(("1", "2", "3"), ("x", "", "1")),
    )


@pytest.mark.parametrize(
    "part",
    [
        TextFragment(text="{'a': [1, 2, 3], 'b': [1, 2, 3]}"),
        TextFragment(slot=SLOT.model_copy(update={"cell_kind": "markdown"}), text="{'a': [1, 2], 'b': [1, 2]}"),
        TextFragment(slot=SLOT.model_copy(update={"output": 0}), text="{'a': [1, 2, 3], 'b': [1, 2, 3]}"),
    ],
)
def test_only_source_is_read_as_python(part: TextFragment) -> None:
    assert list(literals(part)) == []


PIECES = st.sampled_from("[](){},:'\"\\\n 1-a=%!*é\u2028") | st.sampled_from(
    ['"""', "b'", "f'", "0x" + "f" * 60, "1e999", "None", "lambda", "**"]
)


@given(st.lists(PIECES, max_size=60))
def test_any_source_is_read(pieces: list[str]) -> None:
    cell = {"cell_type": "code", "metadata": {}, "source": "".join(pieces), "outputs": [], "execution_count": None}
    body = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()
    read = read_file(1, "n.ipynb", body)
    assert FileFragments.model_validate_json(read.model_dump_json()) == read


@pytest.mark.parametrize("source", ["[" * 5_000, "(" * 300 + ")" * 300])
def test_source_that_is_nested_beyond_what_python_takes_is_read(source: str) -> None:
    rows = {"a": [1, 2, 3], "b": [4, 5, 6]}
    (table,) = literals(TextFragment(slot=SLOT, text=f"{rows}\n{source}"))
    assert isinstance(table, TableFragment)
    assert table.data == (("1", "2", "3"), ("4", "5", "6"))


@pytest.mark.parametrize("source", ["+".join("1" * 20_000), "-" * 5_000 + "1"])
@pytest.mark.parametrize("frame", ["x = {}", "if x =\n({})"])
def test_source_that_is_too_deep_to_be_read_is_refused(make: Any, source: str, frame: str) -> None:
    read = read_file(1, "n.ipynb", make.notebook((frame.format(source), [])))
    assert [part.reason for part in read.fragments if isinstance(part, RefusalFragment)] == [RefusalReason.DEEP_SOURCE]


def found_in(source: str) -> list[str]:
    return [part.text for part in literals(TextFragment(slot=SLOT, text=source)) if isinstance(part, TextFragment)]


def test_bytes_in_a_list_are_read_as_text_or_as_digits() -> None:
    words = "b'a text of some length that is read'"
    (text,) = found_in(f"x = [{words}, {words}, b'\\xff\\xfe\\x00\\x01']")
    assert text.split("\n") == ["a text of some length that is read"] * 2 + ["fffe0001"]


def test_numbers_below_zero_are_numbers() -> None:
    rows = [[-n, float(-n)] for n in range(1, 12)]
    tables = [p for p in literals(TextFragment(slot=SLOT, text=f"x = {rows}")) if isinstance(p, TableFragment)]
    cells = {cell for table in tables for column in table.data for cell in column}
    assert {"-11", "-11.0"} <= cells


def test_a_text_that_only_begins_like_a_document_stays_one() -> None:
    said = "{ this is no document, only words in a brace that go on for long"
    assert found_in(f"x = '{said[:30]}' '{said[30:]}'") == [said]


def texts_of(source: str) -> list[str]:
    return [part.text for part in literals(TextFragment(slot=SLOT, text=source)) if isinstance(part, TextFragment)]


def test_what_is_put_together_of_literals_is_one_text() -> None:
    assert texts_of("'Acacia Bouleau' + ' ' + ', '.join(('and', chr(65), 'Charme'))") == [
        "Acacia Bouleau and, A, Charme"
    ]
    assert texts_of("f(b'Acacia Bouleau ' + b'and Charme')") == ["Acacia Bouleau and Charme"]


def test_texts_of_literals_are_one_in_lists_and_mappings_too() -> None:
    assert texts_of("['Acacia ' + 'Bouleau', {'and' + ' ': ''.join(['Char', chr(109), 'e'])}, 'x' + name]") == [
        "Acacia Bouleau\nCharme"
    ]


@pytest.mark.parametrize(
    "source",
    ["'Acacia Bouleau ' + name + ' and Charme'", "'Acacia Bouleau' + b'Charme and more'", "chr(-1) + chr(1114112)"],
)
def test_what_is_put_together_of_other_parts_is_none(source: str) -> None:
    assert texts_of(source) == []


def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The parts of a source that are looked at as texts, each as often as it is."""
    seen: list[object] = []
    plain = vars(readers_literals)["_text_of"]

    def noted(node: object, *known: object) -> object:
        seen.append(node)
        return plain(node, *known)

    monkeypatch.setattr(readers_literals, "_text_of", noted)
    return seen


def test_a_long_sum_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parts once as parts of the sum, and once by themselves, with what Python says of each name."""
    seen = counted(monkeypatch)
    assert texts_of("a + " * 1_000 + "('Acacia Bouleau ' + 'and Charme')") == ["Acacia Bouleau and Charme"]
    assert 1_000 < len(seen) < 4_000


def test_the_parts_of_sums_in_sums_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = counted(monkeypatch)
    nested = "(y + " * 90 + f"''.join([{'0, ' * 1_000}z, 'Acacia ' + 'and Charme and Bouleau'])" + ")" * 90
    assert texts_of(nested) == ["Acacia and Charme and Bouleau"]
    assert 1_000 < len(seen) < 5_000


def test_a_long_mark_between_many_texts_stands_nowhere() -> None:
    """A mark of 300,000 letters between each two of 25,000 would be more than memory holds."""
    (text,) = texts_of(f"{'-' * 300_000!r}.join({list('Acacia Bouleau and Charme') * 1_000})")
    assert text == "Acacia Bouleau and Charme" * 1_000


def test_a_tuple_in_a_source_that_is_no_python_is_a_table() -> None:
    part = TextFragment(slot=SLOT, text="x = ((1, 2.5), (2, 3.5), (3, 7.5)) ?? no python")
    (table,) = literals(part)
    assert isinstance(table, TableFragment)
    assert table.data == (("1", "2", "3"), ("2.5", "3.5", "7.5"))
