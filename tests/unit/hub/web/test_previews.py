"""Previews are bounded, and text alone."""

from __future__ import annotations

import json

import pytest

from hub.domain.errors import InvalidError
from hub.web.previews import (
    MOST_BYTES,
    NoPreview,
    NotebookPreview,
    TablePreview,
    TextPreview,
    checked_picture,
    is_picture,
    preview_of,
)


def test_a_table_shows_its_first_rows() -> None:
    preview = preview_of("csv", b"year,n\r\n" + b"".join(b"%d,1\r\n" % n for n in range(500)))
    assert isinstance(preview, TablePreview)
    assert preview.header == ("year", "n")
    assert len(preview.rows) == 200
    assert preview.more
    small = preview_of("csv", b"a\r\n1\r\n")
    assert isinstance(small, TablePreview)
    assert (small.rows, small.more) == ((("1",),), False)


def test_a_wide_table_and_a_long_cell_are_cut() -> None:
    preview = preview_of("csv", (",".join(["x" * 1000] * 300) + "\r\n").encode())
    assert isinstance(preview, TablePreview)
    assert len(preview.header) == 100
    assert len(preview.header[0]) == 200


def test_a_large_table_is_read_up_to_the_bound() -> None:
    preview = preview_of("csv", b"a,b\r\n" + b'"' + b"x" * (2 * MOST_BYTES) + b'",1\r\n')
    assert preview.kind in ("table", "text")


@pytest.mark.parametrize("content", [b'a,"b\r\n', b'"a"b,c\r\n', b"\xff\xfe\x00", b"\x00,\x00\r\n"])
def test_a_table_that_is_none_is_shown_as_text_or_not_at_all(content: bytes) -> None:
    assert preview_of("csv", content).kind in ("table", "text")


def test_an_empty_file_has_no_preview() -> None:
    assert preview_of("csv", b"") == NoPreview()
    assert preview_of("parquet", b"") == NoPreview()
    assert preview_of("png", b"x").kind == "picture"


def test_a_text_shows_its_beginning() -> None:
    preview = preview_of("text", "é".encode() * MOST_BYTES)
    assert isinstance(preview, TextPreview)
    assert len(preview.text) == 20_000
    assert preview.more
    assert set(preview.text) == {"é"}


def test_a_notebook_shows_sources_and_the_text_of_outputs() -> None:
    cell = {
        "cell_type": "code", "source": ["a\n", "b"],
        "outputs": [{"text": "out"}, {"data": {"image/png": "xx", "text/plain": ["p"]}}],
    }  # fmt: skip
    preview = preview_of("notebook", json.dumps({"cells": [cell] * 300}).encode())
    assert isinstance(preview, NotebookPreview)
    assert preview.cells[0] == ("code", "a\nb", "out\np\n[image/png]")
    assert (len(preview.cells), preview.more) == (200, True)


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"cells": 1}', b'{"cells": [1]}', b"[" * 100_000, b'{"cells": [{"cell_type": 1}]}',
     b'{"cells": [{"cell_type": "code", "source": "", "outputs": [1]}]}'],
)  # fmt: skip
def test_a_notebook_that_is_none_is_shown_as_text(content: bytes) -> None:
    assert preview_of("notebook", content).kind == "text"


def test_only_a_png_is_handed_over_as_a_picture() -> None:
    assert checked_picture(b"\x89PNG\r\n\x1a\n...").startswith(b"\x89PNG")
    with pytest.raises(InvalidError):
        checked_picture(b"<svg onload=alert(1)>")


def test_a_model_shows_its_arrays_and_none_of_its_numbers() -> None:
    header = json.dumps({"layer.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    content = len(header).to_bytes(8, "little") + header + b"\x01" * 24
    preview = preview_of("safetensors", content)
    assert isinstance(preview, TablePreview)
    assert preview.header == ("array", "type", "shape")
    assert preview.rows == (("layer.weight", "F32", "[2, 3]"),)


@pytest.mark.parametrize("header", [b"{", b"[1]", b'{"w": 1}', b'{"w": {}}', b"\xff"])
def test_a_model_that_is_none_has_no_preview(header: bytes) -> None:
    assert preview_of("safetensors", len(header).to_bytes(8, "little") + header) == NoPreview()


def test_a_model_with_a_long_header_has_no_preview() -> None:
    assert preview_of("safetensors", (MOST_BYTES + 1).to_bytes(8, "little") + b"{}") == NoPreview()


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_whatever_leaves_as_a_table_is_shown_as_one(kind: str) -> None:
    assert preview_of(kind, b"a,b\r\n1,2\r\n") == TablePreview(("a", "b"), (("1", "2"),), more=False)


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_whatever_leaves_as_a_picture_is_one(kind: str) -> None:
    assert is_picture(kind)
    assert preview_of(kind, b"") == NoPreview("picture")


@pytest.mark.parametrize("kind", ["unknown", "", "other"])
def test_what_is_not_known_is_no_picture_and_not_shown(kind: str) -> None:
    assert not is_picture(kind)
    assert preview_of(kind, b"words") == NoPreview()
