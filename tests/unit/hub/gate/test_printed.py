"""Facts about tables in running text."""

from __future__ import annotations

import time

import polars as pl
import pytest

from hub.gate.headers import join_header
from hub.gate.printed import printed_tables, word_tables

FRAME = """   nr  year  wage
0  13  1980  1.19
1  13  1981  1.85"""
GROUPED = """        n   mean
year
1980  545  1.393
1981  540  1.512"""
LEVELS = """            n  mean
year black
1980 0     12  1.40
     1     63  1.20
1981 0     14  1.51"""
SERIES = """educ
12    20
11    32
Name: count, dtype: int64"""
WRAPPED = """   nr  year  \\
0  13  1980
1  14  1981

   wage  hours
0  1.19   2672
1  1.85   2320"""
TWO_NAMES = """educ  year
12    20
11    32
Name: count, dtype: int64"""
CROSS = """educ  11  12
year
1980  40  61
1981  41  62"""
MARKDOWN = """| a | b |
| --- | ---: |
| 1 | x \\| y |"""

LATEX = r"""\begin{tabular}{lrr}
\hline
region & mean\_income & n \\ \hline
Est & 12.5 & 20 \\
\cline{1-2}
Sud \% & 13.5 & \$30 \\[2pt] \hline
\end{tabular}"""
PANDAS_LATEX = r"""\begin{tabular}{lr}
\toprule
 & mean \\
region &  \\
\midrule
Est & 12.5 \\
Sud & 13.5 \\
\bottomrule
\end{tabular}"""


@pytest.mark.parametrize(
    ("text", "grid"),
    [
        (LATEX, [["region", "mean_income", "n"], ["Est", "12.5", "20"], ["Sud %", "13.5", "$30"]]),
        (PANDAS_LATEX, [["region", "mean"], ["Est", "12.5"], ["Sud", "13.5"]]),
        (
            "a & b \\\\\n\\hline \\\\[-1.8ex]\nR\\&D & 1 \\\\\n\\addlinespace\n\ny & 2 \\\\",
            [["a", "b"], ["R&D", "1"], ["y", "2"]],
        ),
        ("a & b\nx & \ny & 2", [["a", "b"], ["x", ""], ["y", "2"]]),
        (FRAME, [["", "nr", "year", "wage"], ["0", "13", "1980", "1.19"], ["1", "13", "1981", "1.85"]]),
        (GROUPED, [["year", "n", "mean"], ["1980", "545", "1.393"], ["1981", "540", "1.512"]]),
        (
            LEVELS,
            [
                ["year", "black", "n", "mean"],
                ["1980", "0", "12", "1.40"],
                ["1980", "1", "63", "1.20"],
                ["1981", "0", "14", "1.51"],
            ],
        ),
        (SERIES, [["educ", "count"], ["12", "20"], ["11", "32"]]),
        (TWO_NAMES, [["", "count"], ["12", "20"], ["11", "32"]]),
        (
            WRAPPED,
            [
                ["", "nr", "year", "wage", "hours"],
                ["0", "13", "1980", "1.19", "2672"],
                ["1", "14", "1981", "1.85", "2320"],
            ],
        ),
        (CROSS, [["year", "11", "12"], ["1980", "40", "61"], ["1981", "41", "62"]]),
        ("a,b\n1,x\n2,y", [["a", "b"], ["1", "x"], ["2", "y"]]),
        (MARKDOWN, [["a", "b"], ["1", "x | y"]]),
        (str(pl.DataFrame({"a": [1, 2], "b c": ["x y", "z"]})), [["a", "b c"], ["1", "x y"], ["2", "z"]]),
    ],
)
def test_a_printed_table_is_found(text: str, grid: list[list[str]]) -> None:
    assert grid in printed_tables(f"Some words before.\n\n{text}\n\nAnd after.\n")
    assert grid in printed_tables(text)


@pytest.mark.parametrize("text", ["", "Only words here.", "a = 1\nb = 2\n", "| not a table", "1 2 3"])
def test_running_text_is_no_table(text: str) -> None:
    assert printed_tables(text) == []


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["a", "b"]], ["a", "b"]),
        ([["", "n"], ["region", ""]], ["region", "n"]),
        ([["educ", "11", "12"], ["year", "", ""]], ["year", "11", "12"]),
        ([["", "wage", "wage"], ["", "mean", "count"], ["year", "", ""]], ["year", "wage_mean", "wage_count"]),
        ([["a", "b"], ["i64", "str"]], ["a", "b"]),
        ([["", ""]], ["", ""]),
    ],
)
def test_header_rows_become_one_name_each(rows: list[list[str]], names: list[str]) -> None:
    assert join_header(rows) == names


@pytest.mark.parametrize(
    "line", [" " * 50_000, "\\" * 50_000, "\\\\ " * 20_000, "\\\\\\hline" * 5_000, "\\cline" * 8_000]
)
def test_long_lines_beside_an_ampersand_take_no_long_time(line: str) -> None:
    began = time.process_time()
    printed_tables(f"a & 1\n{line}x\n{line}\n")
    assert time.process_time() - began < 5


@pytest.mark.parametrize("mark", [",", ";", "\t", ", ", " ", "  "])
@pytest.mark.parametrize(("before", "after"), [("", ""), ("# ", ""), ("  # ", ""), ("x = '''", "'''")])
def test_words_below_names_are_a_table(mark: str, before: str, after: str) -> None:
    rows = [["region", "sex", "job"], ["Nord", "f", "clerk"], ["Nord", "m", "nurse"]]
    lines = [mark.join(row) for row in rows]
    text = [before + line if before.endswith("# ") or not at else line for at, line in enumerate(lines)]
    text[-1] += after
    assert word_tables(["Those of Nord:", "", *text, ""]) == [rows]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["region,sex,job"],
        ["region,sex", "Nord,f"],
        ["region,the sex,job", "Nord,f,clerk"],
        ["region,sex,job", "Nord,f,12"],
        ["region,sex,job", "Nord,f"],
    ],
)
def test_other_lines_of_words_are_none(lines: list[str]) -> None:
    assert word_tables(lines) == []
