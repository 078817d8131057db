"""Whatever bytes are offered under whatever name: fragments or a refusal, and a canonical file or a refusal.

Seeded valid files are damaged: as bytes, and one layer deeper, where a checksum or a packing would catch every
damage (the parts of a workbook, the chunks of a PNG, the values of a document). ``DATALAB_FUZZ=20000`` tries that many
examples of each; what was found stands below as examples by name.
"""

from __future__ import annotations

import io
import json
import os
import zlib
from collections.abc import Callable
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from doubles.pictures import SIGNATURE, chunk
from doubles.workbooks import data_xml, relations_xml, sheet_xml, styles_xml, workbook_parts, zipped
from hub.gate.canonical import canonical
from hub.gate.fragments import FileFragments, RefusalFragment
from hub.gate.kinds import ENDINGS
from hub.gate.readers.files import read_file
from hub.gate.refusals import ReadRefusedError
from hub.gate.sheets import sheets_of
from hub.policy.load import load_profile

EXAMPLES = int(os.environ.get("DATALAB_FUZZ", "60"))
POLICY = load_profile("uk-sacro")
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(name: str, content: bytes) -> None:
    """Read a file, take its fragments through their form, and write it anew."""
    read = read_file(1, name, content)
    assert FileFragments.model_validate_json(read.model_dump_json()) == read
    for part in sheets_of(read):
        if any(isinstance(fragment, RefusalFragment) for fragment in part.fragments):
            assert len(part.fragments) == 1
            continue
        try:
            made = canonical(part, POLICY)
        except ReadRefusedError:
            continue
        again = read_file(1, made.name, made.content)
        assert canonical(again, POLICY).content == made.content


def picture(form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((9, 7)).convert("RGB").save(out, format=form, **options)
    return out.getvalue()


def book() -> dict[str, str | bytes]:
    """A workbook that has a little of everything that the gate reads."""
    shared = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>a_x000A_b</t></si></sst>'
    cells = '<sheetData><row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" s="1"><v>43832.5</v></c></row>'
    cells += '<row r="3"><c r="B3"><v>1</v></c></row></sheetData>'
    merged = '<cols><col min="1" max="9" width="9"/></cols><mergeCells><mergeCell ref="B4:C5"/></mergeCells>'
    parts = workbook_parts({"Ages": (("age", "n"), ("0-9", 12)), "Régions": (("r",), ("x",))})
    relations = (("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "worksheet", "worksheets/sheet2.xml"))
    more = (("s", "styles", "styles.xml"), ("t", "sharedStrings", "sharedStrings.xml"))
    return parts | {
        "xl/sharedStrings.xml": shared,
        "xl/styles.xml": styles_xml("yyyy-mm-dd"),
        "xl/worksheets/sheet1.xml": sheet_xml(cells + merged),
        "xl/worksheets/sheet2.xml": sheet_xml(data_xml((("a", "b"), (1, None), (2.5, "x")))),
        "xl/_rels/workbook.xml.rels": relations_xml(*relations, *more),
    }


def notebook() -> dict[str, Any]:
    page = "<table><tr><th>a</th><th rowspan=2>b</th></tr><tr><td colspan=2>1</td></tr></table>"
    shown = {"text/plain": "1", "text/html": page, "application/json": {"a": 1}}
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": shown},
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["x"]},
    ]
    code = {"cell_type": "code", "metadata": {}, "source": "x", "outputs": outputs, "execution_count": 1}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code, {"cell_type": "raw", "source": "y"}]}


def tables() -> tuple[bytes, bytes]:
    frame = pl.DataFrame({"a": [1, 2, None], "b": ["x", "y", "y"], "c": [1.5, None, 2.0]})
    ours, theirs = io.BytesIO(), io.BytesIO()
    frame.write_parquet(ours)
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), theirs, row_group_size=1, write_page_index=True)
    return ours.getvalue(), theirs.getvalue()


SEEDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "csv": ("a.csv", lambda: b'region,"n, all"\r\nEst,12\r\n"Su""d",1.5\r\n'),
    "tsv": ("a.tsv", lambda: "région\tn\nEst\t12,5\n".encode()),
    "text": ("a.txt", lambda: "words \u200b and 12 numbers\n\x1b[31mred\x1b[0m".encode()),
    "json": ("a.json", lambda: b'{"a": [1, 2.5e3, null, "\\ud83d\\ude00"], "b": {"c": true}}'),
    "notebook": ("a.ipynb", lambda: json.dumps(notebook()).encode()),
    "png": ("a.png", lambda: picture("PNG")),
    "jpeg": ("a.jpg", lambda: picture("JPEG")),
    "progressive jpeg": ("a.jpeg", lambda: picture("JPEG", progressive=True)),
    "xlsx": ("a.xlsx", lambda: zipped(book())),
    "parquet of polars": ("a.parquet", lambda: tables()[0]),
    "parquet of arrow": ("a.parquet", lambda: tables()[1]),
}


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes with a few pieces overwritten, put in, taken out, doubled, or cut off."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.sampled_from([1, 1, 2, 4, 8, 30]))
        noise = draw(
            st.binary(min_size=length, max_size=length) | st.sampled_from([b"\0", b"\xff" * 4, b"PK\3\4", b"<"])
        )
        match draw(st.sampled_from(["over", "over", "in", "out", "double", "cut"])):
            case "over":
                content = content[:at] + noise + content[at + len(noise) :]
            case "in":
                content = content[:at] + noise + content[at:]
            case "out":
                content = content[:at] + content[at + length :]
            case "double":
                content = content[: at + length] + content[at:]
            case _:
                content = content[:at]
    return content


@pytest.mark.parametrize("case", SEEDS)
def test_the_seeds_are_read(case: str) -> None:
    """What is damaged below was whole before."""
    name, content = SEEDS[case][0], SEEDS[case][1]()
    assert not any(isinstance(fragment, RefusalFragment) for fragment in read_file(1, name, content).fragments)
    check(name, content)


@pytest.mark.parametrize("case", SEEDS)
@fuzzed
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(case: str, data: st.DataObject) -> None:
    name, content = SEEDS[case][0], SEEDS[case][1]()
    check(name, data.draw(damaged(content)))


@fuzzed
@given(
    st.sampled_from(sorted(ENDINGS)),
    st.sampled_from([make()[:8] for name, make in SEEDS.values() if not name.endswith(".parquet")] + [b"PAR1", b""]),
    st.binary(max_size=200),
)
def test_any_bytes_under_any_name_are_read_or_refused(ending: str, start: bytes, rest: bytes) -> None:
    check(f"a{ending}", start + rest)


@fuzzed
@given(
    st.sampled_from(sorted(book())),
    st.lists(
        st.tuples(
            st.integers(0, 2_000),
            st.integers(0, 12),
            st.text('<>/="&;: !A1BrstnvXxFcd9.0-\u0301\ud7ff', max_size=12)
            | st.sampled_from(
                ["<c/>", "<f>1</f>", '<row r="9"/>', " hidden='1'", "&#10;", "<!--x-->", "<![CDATA[x]]>", "_x0000_"]
            ),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_a_workbook_with_damaged_parts_is_read_or_refused(part: str, edits: list[tuple[int, int, str]]) -> None:
    parts = book()
    text = str(parts[part])
    for at, length, new in edits:
        place = at % (len(text) + 1)
        text = text[:place] + new + text[place + length :]
    parts[part] = text.encode("utf-8")
    check("a.xlsx", zipped(parts))


@fuzzed
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.sampled_from([1, 2, 4, 8, 16, 3]), st.sampled_from(range(8))),
    st.sampled_from([0, 1, 2]),
    st.binary(max_size=300),
    st.lists(
        st.tuples(st.sampled_from([b"PLTE", b"tRNS", b"tEXt", b"gAMA", b"IDAT", b"IHDR"]), st.binary(max_size=20)),
        max_size=3,
    ),
)
def test_a_picture_of_any_chunks_is_read_or_refused(
    head: tuple[int, int, int, int], interlace: int, pixels: bytes, more: list[tuple[bytes, bytes]]
) -> None:
    width, height, depth, colours = head
    said = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, colours, 0, 0, interlace])
    chunks = [(b"IHDR", said), *more, (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    check("a.png", SIGNATURE + b"".join(chunk(*part) for part in chunks))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["x", "code", "<td colspan=3>", "stream", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "data", "source", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@fuzzed
@given(st.data())
def test_a_notebook_with_damaged_values_is_read_or_refused(data: st.DataObject) -> None:
    document: Any = notebook()
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            place[key] = data.draw(values)
            break
        place = place[key]
    check("a.ipynb", json.dumps(document).encode())
