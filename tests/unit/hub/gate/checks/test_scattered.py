"""Facts about small parts: what they tell adds up over a file and over a request, and other parts are left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.beside import Beside
from hub.gate.checks.reading import MOST_DIGITS_IN_CODE
from hub.gate.engine import check_request
from hub.gate.exchange import ApprovedNotebook
from hub.gate.notebook_source import cell_digest
from hub.gate.readers.files import read_file

ROWS, IDENTIFIERS, TEXT = "scattered-rows", "scattered-identifiers", "scattered-text"
UNCOUNTED = "uncounted-parts"


def found(
    gate: Any,
    files: dict[str, str | bytes],
    approved: ApprovedNotebook | None = None,
    others: dict[str, str] | None = None,
) -> list[set[str]]:
    """The checks of this file that say something of each file."""
    read = [
        (read_file(n, name, body.encode() if isinstance(body, str) else body), TableContext())
        for n, (name, body) in enumerate(files.items(), start=1)
    ]
    texts = enumerate((others or {}).items(), start=100)
    beside = [(read_file(n, name, body.encode()), False) for n, (name, body) in texts]
    judged = check_request(read, gate.policy, gate.datasets, beside=Beside(approved=approved, others=tuple(beside)))
    return [{f.check for f in file.findings if f.check in (ROWS, IDENTIFIERS, TEXT)} for file in judged]


@pytest.fixture
def pairs(data: pl.DataFrame) -> list[tuple[float, int]]:
    return data.select("income", "visits")[200:220].rows()


def test_a_row_for_each_cell_is_found(gate: Any, make: Any, pairs: list[tuple[float, int]]) -> None:
    cells = [(f"step = {income}, {visits}", []) for income, visits in pairs]
    assert ROWS in found(gate, {"n.ipynb": make.notebook(*cells)})[0]
    assert ROWS not in found(gate, {"n.ipynb": make.notebook(*cells[:1])})[0]


def test_a_column_with_another_name_for_each_value_is_found(gate: Any, make: Any, data: pl.DataFrame) -> None:
    html = "<table><tr><th>{}</th></tr><tr><td>{}</td></tr></table>"
    names = [one + other + "ab" for one in "abcdef" for other in "ghijklmn"]
    shown = [html.format(*both) for both in zip(names, data["income"][200:240], strict=False)]
    twin = [html.format(name, at) for name, at in zip(names, range(40), strict=False)]
    assert ROWS in found(gate, {"n.ipynb": make.notebook(*(("", [make.shown(html=part)]) for part in shown))})[0]
    assert ROWS not in found(gate, {"n.ipynb": make.notebook(*(("", [make.shown(html=part)]) for part in twin))})[0]


def test_all_files_with_a_part_in_it_block(gate: Any, pairs: list[tuple[float, int]]) -> None:
    files: dict[str, str | bytes] = {f"{at}.csv": f"a,b\n{i},{v}\n" for at, (i, v) in enumerate(pairs)}
    assert all(ROWS in own for own in found(gate, files))


def test_other_requests_of_the_project_count_together_with_this_one(gate: Any, pairs: list[tuple[float, int]]) -> None:
    files = {f"{at}.csv": f"a,b\n{income},{visits}\n" for at, (income, visits) in enumerate(pairs)}
    fewest = next(n for n in range(2, 20) if ROWS in found(gate, dict(list(files.items())[:n]))[0])
    own, others = dict(list(files.items())[:1]), dict(list(files.items())[1:fewest])
    assert found(gate, own, others=others) == [{ROWS}]
    assert found(gate, own, others=dict(list(others.items())[1:])) == [set()]
    assert found(gate, {"method.csv": ""}, others=files) == [set()]


@pytest.mark.parametrize(("has_left", "severity"), [(True, Severity.REVIEW), (False, Severity.BLOCK)])
def test_what_left_and_told_rows_by_itself_leaves_the_rest_to_a_steward(
    gate: Any, pairs: list[tuple[float, int]], has_left: bool, severity: Severity
) -> None:
    others = {f"{at}.csv": f"a,b\n{income},{visits}\n" for at, (income, visits) in enumerate(pairs)}
    texts = enumerate(others.items(), start=100)
    beside = [(read_file(n, name, body.encode()), has_left) for n, (name, body) in texts]
    read = [(read_file(1, "a.csv", b"a,b\n1,2\n"), TableContext())]
    (judged,) = check_request(read, gate.policy, gate.datasets, beside=Beside(others=tuple(beside)))
    assert [f.severity for f in judged.findings if f.check == ROWS] == [severity]


@pytest.mark.parametrize("body", ["a,b\n1,2\n", ""])
def test_where_others_had_no_room_a_steward_looks_at_what_has_parts(gate: Any, body: str) -> None:
    read = [(read_file(1, "a.csv", body.encode()), TableContext())]
    for all_count in (True, False):
        (judged,) = check_request(read, gate.policy, gate.datasets, beside=Beside(others_all_count=all_count))
        told = [f.severity for f in judged.findings if f.check == UNCOUNTED]
        assert told == ([Severity.REVIEW] if body and not all_count else [])
        (judged,) = check_request(read, gate.policy, (), beside=Beside(others_all_count=all_count))
        assert not any(f.check == UNCOUNTED for f in judged.findings)


def test_a_column_is_seen_in_texts_that_are_longer_together_than_one_may_be(gate: Any, data: pl.DataFrame) -> None:
    units = data["person"].unique(maintain_order=True).to_list()
    files = {f"{at}.md": "\n".join(map(str, units[at : at + 20])) + "\n" + "a word " * 50 for at in (0, 20, 40)}
    limits = gate.policy.limits.model_copy(update={"text_characters": max(map(len, files.values()))})
    strict = replace(gate, policy=gate.policy.model_copy(update={"limits": limits}))
    for judged in (found(gate, files), found(strict, files)):
        assert all(ROWS in own for own in judged)


@pytest.mark.parametrize(("count", "is_told"), [(10, False), (51, True)])
def test_texts_that_are_too_long_together_are_told(gate: Any, count: int, is_told: bool) -> None:
    texts = [read_file(n, f"{n}.md", f"{n} {'a word ' * 570}".encode()) for n in range(1, count + 1)]
    own, beside = [(texts[0], TableContext())], [(text, True) for text in texts[1:]]
    (judged,) = check_request(own, gate.policy, gate.datasets, beside=Beside(others=tuple(beside)))
    assert any(f.check == UNCOUNTED for f in judged.findings) is is_told
    all_own = check_request([(text, TableContext()) for text in texts], gate.policy, gate.datasets)
    assert {any(f.check == UNCOUNTED for f in one.findings) for one in all_own} == {is_told}


def test_a_file_that_is_blocked_alone_is_not_said_twice(gate: Any, data: pl.DataFrame) -> None:
    whole = data[40:60].write_csv()
    assert found(gate, {"a.csv": whole, "b.csv": "a,b\nx,1\n"}) == [set(), set()]


def test_numbers_without_a_dataset_are_nobodys(gate: Any, pairs: list[tuple[float, int]]) -> None:
    files: dict[str, str | bytes] = {f"{at}.csv": f"a,b\n{i},{v}\n" for at, (i, v) in enumerate(pairs)}
    assert not any(found(gate.without_data(), files))


def test_an_identifier_in_pieces_is_found(gate: Any, make: Any, data: pl.DataFrame) -> None:
    social = str(data["social"][77])
    cells = [(f"x = '{social[at : at + 5]}'", []) for at in range(0, len(social), 5)]
    assert IDENTIFIERS in found(gate, {"n.ipynb": make.notebook(*cells)})[0]
    assert IDENTIFIERS not in found(gate, {"n.ipynb": make.notebook(*cells[:-1])})[0]


def test_halves_in_the_columns_of_a_long_table_are_found(gate: Any, data: pl.DataFrame) -> None:
    halves = "".join(f"{s[6:]},{s[:6]}\n" for s in data["social"].unique(maintain_order=True)[:80])
    assert IDENTIFIERS in found(gate, {"t.csv": f"a,b\n{halves}"})[0]


def test_short_texts_are_read_where_they_are_long_together(gate: Any) -> None:
    note = "word " * (gate.policy.free_text // 15)
    files: dict[str, str | bytes] = {f"{letter}.md": note for letter in "abcd"}
    assert all(own == {TEXT} for own in found(gate, files))
    assert found(gate, {"a.md": note}) == [set()]


def test_one_text_is_not_scattered_however_long_it_is(gate: Any) -> None:
    assert found(gate, {"t.txt": "word " * 200}) == [set()]


@pytest.mark.parametrize("tables", [1, 2])
def test_names_of_columns_of_one_notebook_are_read_together(gate: Any, make: Any, tables: int) -> None:
    html = "<table><tr><th>{}</th></tr><tr><td>x</td></tr></table>"
    shown = [("", [make.shown(html=html.format(letter * 300))]) for letter in "vw"[:tables]]
    (judged,) = check_request(
        [(read_file(1, "n.ipynb", make.notebook(*shown)), TableContext())], gate.policy, gate.datasets
    )
    told = [(f.severity, f.rule) for f in judged.findings if f.check == TEXT]
    assert told == [(Severity.REVIEW, "free text from 500 characters (uk-sacro)")] * (tables - 1)


def test_digits_of_code_count_together(gate: Any, make: Any) -> None:
    cells = [(f"step_{letter} = 123", []) for letter in "abcdefgh"]
    assert found(gate, {"n.ipynb": make.notebook(*cells)}) == [{TEXT}]
    assert found(gate, {"n.ipynb": make.notebook(*cells[:4])}) == [set()]
    words = [(f"step_{letter} = 'six two ten'", []) for letter in "abcdefgh"]
    assert found(gate, {"n.ipynb": make.notebook(*words)}) == [{TEXT}]
    assert found(gate, {"n.ipynb": make.notebook(*words[:4])}) == [set()]


def test_cells_of_the_approved_notebook_do_not_count(gate: Any, make: Any) -> None:
    sources = [f"step_{letter} = 123" for letter in "abcdefgh"]
    approved = ApprovedNotebook(digest="a" * 64, cells=tuple(cell_digest("code", source) for source in sources))
    body = make.notebook(*((source, []) for source in sources))
    assert found(gate, {"n.ipynb": body}, approved) == [set()]
    other = make.notebook(*((f"{source}1", []) for source in sources))
    assert found(gate, {"n.ipynb": other}, approved) == [{TEXT}]


def test_names_of_files_are_read_together(gate: Any) -> None:
    files: dict[str, str | bytes] = {f"counts-{at * 79_193 + 100_003}.md": "a word" for at in range(12)}
    assert all(own == {TEXT} for own in found(gate, files))
    years: dict[str, str | bytes] = {f"counts-{year}-2026-11-26.md": "a word" for year in range(2015, 2022)}
    assert not any(found(gate, years))


def test_they_are_for_a_steward_and_not_blocked(gate: Any) -> None:
    read = [(read_file(n, f"{n}.md", b"word " * 40), TableContext()) for n in range(1, 6)]
    judged = check_request(read, gate.policy, gate.datasets)
    assert {f.severity for file in judged for f in file.findings} == {Severity.REVIEW}


def test_a_file_that_names_units_by_itself_is_not_said_twice(gate: Any, make: Any, data: pl.DataFrame) -> None:
    social = data["social"].unique(maintain_order=True)[40:44]
    cells = [(f"x = '{number}'", []) for number in social]
    assert IDENTIFIERS not in found(gate, {"n.ipynb": make.notebook(*cells)})[0]


def test_documents_count_as_texts_do(gate: Any) -> None:
    word = "word " * (gate.policy.free_text // 15)
    assert all(own == {TEXT} for own in found(gate, {f"{letter}.json": f'"{word}"' for letter in "abcd"}))


def test_one_file_is_not_read_for_its_name_alone(gate: Any) -> None:
    name = "-".join(f"counts{at * 79_193 + 100_003}" for at in range(12))
    assert found(gate, {f"{name}.md": "a word"}) == [set()]


def test_code_may_hold_so_many_digits_in_all_and_no_more(gate: Any, make: Any) -> None:
    for digits, is_read in ((MOST_DIGITS_IN_CODE, False), (MOST_DIGITS_IN_CODE + 1, True)):
        halves = "1" * (digits // 2), "1" * (digits - digits // 2)
        cells = [(f"step = {half}", []) for half in halves]
        assert found(gate, {"n.ipynb": make.notebook(*cells)}) == [{TEXT} if is_read else set()]


def test_sources_of_others_do_not_count(gate: Any, make: Any) -> None:
    book = make.notebook(*((f"step_{letter} = 123", []) for letter in "abcdefgh")).decode()
    assert found(gate, {"a.md": "a word"}, others={"n.ipynb": book}) == [set()]


def test_a_file_that_says_much_alone_is_read_alone(gate: Any, make: Any) -> None:
    cells = [(f"step_{letter} = 123", []) for letter in "abcdefgh"]
    assert found(gate, {"n.ipynb": make.notebook(*cells), "a.md": "a word"}) == [{TEXT}, set()]


def test_what_left_and_told_nothing_by_itself_blocks_what_completes_it(
    gate: Any, pairs: list[tuple[float, int]]
) -> None:
    files = {f"{at}.csv": f"a,b\n{income},{visits}\n" for at, (income, visits) in enumerate(pairs)}
    fewest = next(n for n in range(2, 20) if ROWS in found(gate, dict(list(files.items())[:n]))[0])
    (own, *left) = (read_file(n, name, body.encode()) for n, (name, body) in enumerate(list(files.items())[:fewest], 1))
    beside = Beside(others=tuple((file, True) for file in left))
    (judged,) = check_request([(own, TableContext())], gate.policy, gate.datasets, beside=beside)
    assert [f.severity for f in judged.findings if f.check == ROWS] == [Severity.BLOCK]


def test_an_identifier_in_the_wrong_order_is_none(gate: Any, make: Any, data: pl.DataFrame) -> None:
    social = str(data["social"][77])
    halves = social[:7], social[7:]
    for parts, is_found in ((halves, True), (halves[::-1], False)):
        cells = [(f"x = '{part}'", []) for part in parts]
        assert (IDENTIFIERS in found(gate, {"n.ipynb": make.notebook(*cells)})[0]) is is_found


def test_short_identifiers_with_letters_count_together(on: Any) -> None:
    codes = [f"K{n:02d}" for n in range(100)]
    other = on(pl.DataFrame({"code": codes, "x": range(100)}), direct_identifiers=("code",))
    assert found(other, {"a.md": "see K48", "b.md": "see K71"}) == [{IDENTIFIERS}, {IDENTIFIERS}]
    assert found(other, {"a.md": "see K48", "b.md": "see it"}) == [set(), set()]


def test_cells_without_text_and_tables_of_a_notebook_count_as_a_character_each(gate: Any, make: Any) -> None:
    most = gate.policy.free_text
    assert TEXT not in found(gate, {"n.ipynb": make.notebook(*[("", [])] * (most - 1))})[0]
    assert TEXT in found(gate, {"n.ipynb": make.notebook(*[("", [])] * most)})[0]
    word = make.shown(html="<table><tr><td>a</td></tr></table>")
    assert TEXT in found(gate, {"n.ipynb": make.notebook(("x" * (most - 2), [word, word]))})[0]
    assert TEXT not in found(gate, {"n.ipynb": make.notebook(("x" * (most - 2), [word]))})[0]
