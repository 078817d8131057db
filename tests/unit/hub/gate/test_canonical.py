"""Facts about canonical files: the gate's own bytes, the same every time, and stable under themselves."""

from __future__ import annotations

import base64
import io
import json
import re
import unicodedata
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hub.domain.exports import Severity
from hub.gate import canonical_table
from hub.gate.canonical import canonical
from hub.gate.canonical_image import pack
from hub.gate.canonical_table import bounded, canonical_cell
from hub.gate.canonical_text import clean, clean_block, hides
from hub.gate.fragments import (
    BlobFragment,
    FileFragments,
    ImageFragment,
    RefusalFragment,
    Slot,
    TableFragment,
    TextFragment,
    ValueFragment,
)
from hub.gate.kinds import Kind
from hub.gate.readers.files import read_file
from hub.gate.refusals import ReadRefusedError, RefusalReason
from hub.policy.load import load_profile

POLICY = load_profile("uk-sacro")
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=8,
)


def written(name: str, content: str | bytes) -> bytes:
    body = content.encode() if isinstance(content, str) else content
    return canonical(read_file(1, name, body), POLICY).content


def check_stable(name: str, content: bytes) -> None:
    """Writing anew what was written changes no byte."""
    first = read_file(1, name, content)
    if any(isinstance(part, RefusalFragment) for part in first.fragments):
        return
    try:
        made = canonical(first, POLICY)
    except ReadRefusedError:
        return
    again = read_file(1, made.name, made.content)
    assert canonical(again, POLICY).content == made.content
    assert canonical(again, POLICY).fixes == ()
    if made.file.kind is not Kind.NOTEBOOK:
        assert again.fragments == made.file.fragments


@given(
    st.integers(1, 3).flatmap(lambda w: st.lists(st.lists(anything, min_size=w, max_size=w), min_size=1, max_size=4))
)
def test_a_canonical_table_is_its_own(rows: list[list[str]]) -> None:
    data = tuple(zip(*rows[1:], strict=True)) or tuple(() for _ in rows[0])
    table = TableFragment(columns=tuple(rows[0]), data=data)
    file = FileFragments(index=1, path="t.csv", kind=Kind.CSV, size=1, fragments=(table,))
    check_stable("t.csv", canonical(file, POLICY).content)


@given(
    st.integers(2, 15),
    st.from_regex(r"\A-?(?:0|[1-9][0-9]{0,8})\.[0-9]{0,9}[05]?\Z"),
)
def test_a_fraction_is_rounded_as_a_decimal_whatever_way_it_takes(digits: int, text: str) -> None:
    table = TableFragment(columns=("x",), data=((text,),))
    assert canonical_table.canonical_table(table, digits).data == ((canonical_cell(text, digits),),)
    assert canonical_cell(text, digits) == canonical_cell(bounded(text, digits), digits)


@given(anything)
def test_a_canonical_text_is_its_own(text: str) -> None:
    check_stable("t.txt", text.encode())


@given(values)
def test_a_canonical_document_is_its_own(value: object) -> None:
    check_stable("t.json", json.dumps(value).encode())


@given(anything, anything, anything)
def test_a_canonical_notebook_is_its_own(source: str, plain: str, cell: str) -> None:
    html = f"<table><tr><th>a</th></tr><tr><td>{cell}</td></tr></table>"
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/plain": plain, "text/html": html}},
        {"output_type": "stream", "name": "stdout", "text": cell},
    ]
    made = {"cell_type": "code", "metadata": {}, "source": source, "outputs": outputs, "execution_count": 3}
    text = {"cell_type": "markdown", "metadata": {}, "source": plain}
    check_stable(
        "n.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [made, text]}).encode()
    )


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_a_canonical_picture_is_its_own(width: int, height: int, data: Any) -> None:
    pixels = data.draw(st.binary(min_size=width * height * 4, max_size=width * height * 4))
    out = io.BytesIO()
    Image.frombytes("RGBA", (width, height), pixels).save(out, format="PNG")
    check_stable("f.png", out.getvalue())


@given(st.binary(max_size=80), st.sampled_from(["t.csv", "t.txt", "t.json", "n.ipynb"]))
def test_whatever_can_be_read_is_stable(content: bytes, name: str) -> None:
    check_stable(name, content)


def test_the_same_input_gives_the_same_bytes(make: Any) -> None:
    for name, content in (("t.csv", b"a,b\n1,2\n"), ("f.png", make.png()), ("t.json", b'{"b": 1, "a": [2.50]}')):
        assert written(name, content) == written(name, content)


def test_a_table_is_written_as_rfc_4180_says() -> None:
    assert written("t.csv", 'name;note\nÉst;"a, ""b"""\n') == 'name,note\r\nÉst,"a, ""b"""\r\n'.encode()


@pytest.mark.parametrize(
    ("cell", "leaves"),
    [
        ("1.23456789", "1.23457"),
        ("0.000123456789", "0.000123457"),
        ("123456789.9", "123457000"),
        ("123456789", "123456789"),
        ("1e-12", "1e-12"),
        ("1.50", "1.5"),
        ("-0.0", "0"),
        ("+7", "7"),
        ("-7", "-7"),
        ("007", "007"),
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\u200b=1", "'=1"),
        ("＝1+1", "'＝1+1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("﹦1+1", "'﹦1+1"),
        ("﹢1", "'﹢1"),
        ("﹣1", "'﹣1"),
        ("﹫x", "'﹫x"),
        ("−1+1", "'−1+1"),
        ("\r=1", "'=1"),
        ("\n\t =1", "'=1"),
        ("\u3000=1", "'=1"),
        ("\ufeff\u202e=1", "'=1"),
        ("１２", "１２"),
        ("'=1", "'=1"),
        ("-", "-"),
        ("--", "--"),
        ("  x  ", "x"),
        ("a\r\nb", "a\nb"),
        ("2020-01-02", "2020-01-02"),
        ("nan", "nan"),
    ],
)
def test_cells_as_they_leave(cell: str, leaves: str) -> None:
    assert canonical_cell(cell, 6) == leaves
    assert canonical_cell(leaves, 6) == leaves


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(2, 9))
def test_numbers_keep_their_first_digits(number: float, digits: int) -> None:
    kept = Decimal(bounded(repr(number), digits))
    assert abs(kept - Decimal(repr(number))) <= abs(Decimal(repr(number))) * Decimal(10) ** (1 - digits)
    assert bounded(str(kept), digits) == bounded(repr(number), digits)


CELLS = st.one_of(
    st.text(alphabet="0123456789.-+eE =@'aZ é\n\u0661", max_size=24),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.from_regex(r"-?[0-9]{1,4}\.[0-9]{1,16}", fullmatch=True),
)


@given(CELLS, st.integers(2, 15))
@settings(max_examples=400)
def test_a_cell_that_is_passed_at_a_glance_leaves_as_a_long_look_would_have_it(cell: str, digits: int) -> None:
    passed = canonical_cell(cell, digits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical_table, "_as_it_leaves", lambda _: re.compile(r"(?!)"))
        assert canonical_cell(cell, digits) == passed


def test_what_became_of_cells_is_said(gate: Any, make: Any) -> None:
    for cell, said in (("1.23456789", {"digits"}), ("=1+1", {"formula"}), ("1.5", set()), ("'=1", set())):
        judged = gate.without_data().judge("t.csv", f"a,b\n{cell},x\n")
        assert make.checks(judged, Severity.FIXED) == said, cell


def test_a_header_is_a_cell() -> None:
    assert written("t.csv", "=cmd(),b\n1,2\n") == b"'=cmd(),b\r\n1,2\r\n"


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("a\u202eb\u200cc\ufeffd", "abcd"),
        ("e\u0301", "é"),
        ("a\u00a0b\u2003c", "a b c"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x07b\x00", "ab"),
        ("one  \r\ntwo\rthree\u2028four\n\n", "one\ntwo\nthree\nfour"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("vs\ufe0f\U000e0101", "vs"),
        ("\u1160\u3164\u2800x", "x"),
        ("a\tb", "a\tb"),
        ("one\u2029two\x85three", "one\ntwo\nthree"),
        ("a\ud800b", "ab"),
    ],
)
def test_text_leaves_without_what_the_eye_does_not_see(text: str, leaves: str) -> None:
    assert clean_block(text) == leaves


@given(st.text(max_size=40))
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not hides(once)


def test_hidden_characters_are_said_and_line_ends_are_not(gate: Any, make: Any) -> None:
    assert "invisible-characters" in make.checks(gate.judge("t.txt", "a\u200bb"), Severity.FIXED)
    assert gate.judge("t.txt", "\ufeffa \r\nb").verdict == "none"


def test_json_is_sorted_and_bounded() -> None:
    assert json.loads(written("t.json", '{"b": 1.23456789, "a": [true, null, 12]}')) == {
        "a": [True, None, 12],
        "b": 1.23457,
    }
    assert written("t.json", '{"b":1,"a":2}').startswith(b'{\n "a"')


def test_a_part_that_leaves_as_it_came_is_the_same_object(make: Any) -> None:
    policy = load_profile("uk-sacro")
    same = {"t.csv": b"a,n\nx,0.25\n", "t.txt": b"words\n", "d.json": b'{"a": [1, 0.5, true]}'}
    for name, content in same.items():
        file = read_file(1, name, content)
        assert canonical(file, policy).file.fragments[0] is file.fragments[0], name
    for name, content in {"t.csv": b"a,n\nx,0.250\n", "t.txt": b"words \n", "d.json": b'{"a": -0.0}'}.items():
        file = read_file(1, name, content)
        assert canonical(file, policy).file.fragments[0] is not file.fragments[0], name


def test_keys_that_become_one_block(gate: Any, make: Any) -> None:
    judged = gate.judge("t.json", '{"a": 1, "a\\u200b": 2}')
    assert judged.canonical is None
    assert "canonical" in make.checks(judged)


def test_what_is_transparent_is_white() -> None:
    hidden = io.BytesIO()
    Image.new("RGBA", (2, 2), (1, 2, 3, 0)).save(hidden, format="PNG")
    with Image.open(io.BytesIO(written("f.png", hidden.getvalue()))) as picture:
        assert picture.mode == "RGB"
        assert set(picture.get_flattened_data()) == {(255, 255, 255)}


def picture_of(pixels: bytes) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (16, 16), pixels).save(out, format="PNG")
    return out.getvalue()


def seen(content: bytes) -> bytes:
    with Image.open(io.BytesIO(written("f.png", content))) as picture:
        return picture.tobytes()


@given(st.binary(min_size=96, max_size=96))
def test_a_message_in_the_lowest_bits_does_not_leave(message: bytes) -> None:
    """One bit in each colour of each pixel, written into the lowest two bits of a flat grey."""
    bits = [byte >> at & 1 for byte in message for at in range(8)]
    assert seen(picture_of(bytes(132 + 2 * bit for bit in bits))) == seen(picture_of(bytes([132] * 768)))


def test_a_picture_leaves_in_few_steps_from_black_to_white() -> None:
    steps = set(seen(picture_of(bytes(range(256)) * 3)))
    assert len(steps) == 32
    assert {0, 255} <= steps


def test_a_picture_leaves_with_three_chunks(make: Any) -> None:
    content = written("f.png", make.png())
    names = [
        content[at : at + 4]
        for at in range(len(content))
        if content[at : at + 4] in (b"IHDR", b"IDAT", b"IEND", b"tEXt")
    ]
    assert names == [b"IHDR", b"IDAT", b"IEND"]


def test_parquet_leaves_as_csv(gate: Any, make: Any) -> None:
    out = io.BytesIO()
    pl.DataFrame({"term": ["a"], "value": [0.5]}).write_parquet(out)
    judged = gate.judge("t.parquet", out.getvalue())
    assert judged.canonical.name == "t.parquet.csv"
    assert judged.canonical.content == b"term,value\r\na,0.5\r\n"
    assert "released-as-csv" in make.checks(judged, Severity.FIXED)


def test_a_notebook_leaves_without_how_it_was_run(make: Any) -> None:
    picture = base64.b64encode(make.png()).decode()
    outputs = [
        make.shown(plain="3", html="<b>3</b>", png=picture, **{"application/json": {"secret": 1}}),
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mE\x1b[0m: v"]},
        {"output_type": "stream", "name": "stdout", "text": ""},
    ]
    content = make.notebook(("x = 1", outputs), kernelspec={"name": "mine"}, papermill={"secret": 2})
    made = json.loads(written("n.ipynb", content))
    (cell,) = made["cells"]
    assert "secret" not in json.dumps(made)
    assert made["metadata"]["kernelspec"]["name"] == "python3"
    assert (cell["execution_count"], cell["metadata"]) == (None, {})
    assert [o["output_type"] for o in cell["outputs"]] == ["display_data", "display_data"]
    assert set(cell["outputs"][0]["data"]) == {"text/plain", "image/png"}
    assert cell["outputs"][1] == {"output_type": "display_data", "data": {"text/plain": "E: v"}, "metadata": {}}


def test_html_tables_leave_as_markdown(make: Any) -> None:
    html = "<table><tr><th>a</th><th>b|c</th></tr><tr><td>1</td><td>x</td></tr></table>"
    made = json.loads(written("n.ipynb", make.notebook(("t", [make.shown(html=html)]))))
    assert made["cells"][0]["outputs"][0]["data"] == {"text/markdown": "| a | b\\|c |\n| --- | --- |\n| 1 | x |"}


SLOT = Slot(cell=0, cell_kind="code")


@pytest.mark.parametrize(
    ("kind", "fragments"),
    [
        (Kind.CSV, (TextFragment(text="x"),)),
        (Kind.CSV, ()),
        (Kind.CSV, (TableFragment(columns=("a",), data=(("1",),)),) * 2),
        (Kind.TEXT, (TableFragment(columns=("a",), data=(("1",),)),)),
        (Kind.JSON, (TextFragment(text="x"),)),
        (Kind.PNG, (ValueFragment(value=1),)),
        (Kind.PNG, (ImageFragment(width=9, height=9, pixels=pack(b"1234")),)),
        (Kind.PNG, (ImageFragment(width=1, height=1, pixels=pack(b"12345")),)),
        (Kind.PNG, (ImageFragment(width=1, height=1, pixels="%%%"),)),
        (Kind.PNG, (ImageFragment(width=1, height=1, pixels="%" + pack(b"1234")),)),
        (Kind.PNG, (ImageFragment(width=40_000_000, height=40_000_000, pixels=pack(b"")),)),
        (Kind.NOTEBOOK, (TextFragment(text="x"),)),
        (Kind.NOTEBOOK, (TableFragment(slot=SLOT, columns=("a",), data=(("1",),)),)),
        (Kind.NOTEBOOK, (TextFragment(slot=SLOT, text="x"), ValueFragment(value={"hidden": 1}))),
        (
            Kind.NOTEBOOK,
            (
                TextFragment(slot=SLOT, text="x"),
                TextFragment(slot=SLOT.model_copy(update={"output": 0}), text="no representation"),
            ),
        ),
        (Kind.UNKNOWN, (TextFragment(text="x"),)),
        (Kind.TEXT, (RefusalFragment(reason=RefusalReason.CRASHED),)),
        (Kind.TEXT, (BlobFragment(media="x"),)),
    ],
)
def test_fragments_that_do_not_make_the_kind_are_not_written(kind: Kind, fragments: tuple[Any, ...]) -> None:
    """A reader that was taken over cannot make the writers write something else."""
    with pytest.raises(ReadRefusedError):
        canonical(FileFragments(index=1, path="x", kind=kind, size=1, fragments=fragments), POLICY)
