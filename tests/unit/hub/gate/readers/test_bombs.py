"""Facts about bombs and polyglots: each is refused by a process of little memory, and none is two things at once."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from doubles.pictures import SIGNATURE, chunk
from doubles.workbooks import MAIN, cell_name, data_xml, sheet_xml, with_sheet, workbook, workbook_parts, zipped
from hub.gate.readers.files import read_file
from hub.gate.refusals import RefusalReason

ROOM = 384 * 2**20
"""Bytes of address space beyond what the process has when its libraries are there."""
SECONDS = 120
PROGRAM = """
import os, re, resource, sys, zlib
from pathlib import Path
from hub.gate.readers.files import read_file

for path in sorted(Path(sys.argv[1]).iterdir()):
    content = path.read_bytes()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    used = 1024 * int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
    resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]),) * 2)
    try:
        found = len(zlib.decompress(content)) if path.suffix == ".z" else read_file(1, path.name, content)
        said = getattr(found.fragments[0], "reason", "read")
    except MemoryError:
        said = "memory"
    print(path.stem, said, flush=True)
    os._exit(0)
"""


def read_apart(folder: Path) -> dict[str, str]:
    """Read each file in a process of its own, with so much memory and no more; say by name why it was refused."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(ROOM)]
    more = {"POLARS_MAX_THREADS": "1", "PYTHONPATH": ":".join(sys.path)}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True, env=more)
    return dict(line.split() for line in ended.stdout.splitlines())


def png_of(width: int, height: int, packed: bytes) -> bytes:
    head = struct.pack(">2L5B", width, height, 16, 6, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def zeros(megabytes: int, bits: int = zlib.MAX_WBITS) -> bytes:
    """Packed zeros; each piece stands for itself, so that packing them takes no time."""
    pack = zlib.compressobj(9, zlib.DEFLATED, bits)
    first = pack.compress(bytes(2**20)) + pack.flush(zlib.Z_FULL_FLUSH)
    again = pack.compress(bytes(2**20)) + pack.flush(zlib.Z_FULL_FLUSH)
    return first + again * (megabytes - 1) + pack.flush()


def zip_of_one(name: bytes, megabytes: int, said: int | None = None) -> bytes:
    """A zip of packed zeros, which says of them what it likes."""
    packed = zeros(megabytes, -zlib.MAX_WBITS)
    sizes = struct.pack("<3L", 0, len(packed), megabytes * 2**20 if said is None else said)
    entry = b"PK\3\4" + struct.pack("<5H", 20, 0, 8, 0, 33) + sizes + struct.pack("<2H", len(name), 0) + name + packed
    listed = b"PK\1\2" + struct.pack("<6H", 20, 20, 0, 8, 0, 33) + sizes
    listed += struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, 0) + name
    return entry + listed + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, len(listed), len(entry), 0)


def overlapping() -> bytes:
    """Entries of a directory that all point to one packed body, as in the better zip bombs."""
    whole = zip_of_one(b"a.xml", 60, 2**20)
    at = whole.index(b"PK\1\2")
    listed, end = whole[at : whole.index(b"PK\5\6")], whole[-22:]
    many = b"".join(listed.replace(b"a.xml", b"%c.xml" % (97 + n)) for n in range(20))
    return whole[:at] + many + end[:8] + struct.pack("<2H2L", 20, 20, len(many), at) + b"\0\0"


def repeated_string() -> bytes:
    """A long text that a great many cells share."""
    shared = f'<sst xmlns="{MAIN}"><si><t>{"x" * 9_000}</t></si></sst>'
    rows = "".join(
        f'<row r="{n}">' + "".join(f'<c r="{cell_name(n, at)}" t="s"><v>0</v></c>' for at in range(1, 101)) + "</row>"
        for n in range(1, 201)
    )
    parts = workbook_parts()
    parts["xl/sharedStrings.xml"] = shared
    parts["xl/worksheets/sheet1.xml"] = sheet_xml(f"<sheetData>{rows}</sheetData>")
    relations = str(parts["xl/_rels/workbook.xml.rels"])
    more = relations[relations.index("<Relationship ") : relations.index("/>") + 2]
    strings = (
        more.replace("rIdS", "rIdT").replace("/styles", "/sharedStrings").replace("styles.xml", "sharedStrings.xml")
    )
    parts["xl/_rels/workbook.xml.rels"] = relations.replace(more, more + strings)
    return zipped(parts)


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    return workbook(**{"xl/styles.xml": f"<!DOCTYPE x [{entities}]><x>&a11;</x>"})


def parquet_of(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def by_arrow(column: pa.Array) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"a": column}), out)
    return out.getvalue()


def footer(body: bytes) -> bytes:
    return body + len(body).to_bytes(4, "little") + b"PAR1"


def notebook_of(output: dict[str, Any]) -> bytes:
    shown = {"output_type": "display_data", "metadata": {}, "data": output}
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [shown], "execution_count": None}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


def spanned() -> bytes:
    """One long cell of a page that spans a thousand rows and columns."""
    return notebook_of(
        {"text/html": f"<table><tr><td rowspan=999 colspan=999>{'x' * 100_000}</td></tr>{'<tr></tr>' * 9}</table>"}
    )


BOMBS: dict[str, tuple[str, Callable[[], bytes], RefusalReason]] = {
    "png of too many pixels": ("a.png", lambda: png_of(60_000, 60_000, zeros(1)), RefusalReason.TOO_MANY_PIXELS),
    "png that unpacks on": ("a.png", lambda: png_of(2, 2, zeros(3_000)), RefusalReason.TRAILING_DATA),
    "zip of zeros": ("a.xlsx", lambda: zip_of_one(b"xl/workbook.xml", 2_000), RefusalReason.UNPACKS_TOO_FAR),
    "zip that says less": ("a.xlsx", lambda: zip_of_one(b"xl/workbook.xml", 2_000, 99), RefusalReason.UNPACKS_TOO_FAR),
    "zip of overlaps": ("a.xlsx", overlapping, RefusalReason.UNPACKS_TOO_FAR),
    "zip in a zip": ("a.xlsx", lambda: zipped({"a.zip": zip_of_one(b"a", 99)}), RefusalReason.UNKNOWN_PART),
    "many entries": ("a.xlsx", lambda: zipped({f"x{n}.xml": "" for n in range(501)}), RefusalReason.BROKEN_XLSX),
    "entities of entities": ("a.xlsx", laughs, RefusalReason.DOCUMENT_TYPE),
    "deep xml": (
        "a.xlsx",
        lambda: workbook(**{"docProps/app.xml": "<a>" * 500_000}),
        RefusalReason.UNPACKS_TOO_FAR,
    ),
    "a text that cells share": ("a.xlsx", repeated_string, RefusalReason.TOO_MANY_CELLS),
    "wide sheet": (
        "a.xlsx",
        lambda: workbook({"Sheet1": [list(range(2_001))]}),
        RefusalReason.TOO_MANY_CELLS,
    ),
    "merged giant": (
        "a.xlsx",
        lambda: with_sheet(data_xml([["x"]]) + '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
        RefusalReason.TOO_MANY_CELLS,
    ),
    "deep json": ("a.json", lambda: b"[" * 5_000_000, RefusalReason.DEEP_JSON),
    "json of escapes without an end": ("a.json", lambda: b'"' + b'\\"' * 5_000_000, RefusalReason.BROKEN_JSON),
    "png of chunks": ("a.png", lambda: SIGNATURE + chunk(b"tEXt", b"") * 4_000_000, RefusalReason.TOO_MANY_PARTS),
    "jpeg of segments": ("a.jpg", lambda: b"\xff\xd8" + b"\xff\xfe\0\2" * 12_000_000, RefusalReason.TOO_MANY_PARTS),
    "json of many parts": ("a.json", lambda: b"[" + b"1," * 2_000_000 + b"1]", RefusalReason.TOO_MANY_PARTS),
    "json of long numbers": ("a.json", lambda: b"[" + b"9" * 5_000_000 + b"]", RefusalReason.STRANGE_NUMBER),
    "csv of many columns": ("a.csv", lambda: b"," * 60_000_000, RefusalReason.TOO_MANY_CELLS),
    "csv of many quoted columns": ("a.csv", lambda: b'"a",' * 10_000_000, RefusalReason.TOO_MANY_CELLS),
    "csv of line ends": ("a.csv", lambda: b"\n" * 60_000_000 + b"a", RefusalReason.TOO_MANY_CELLS),
    "csv of many cells": ("a.csv", lambda: b"a,b\n" * 1_000_001, RefusalReason.TOO_MANY_CELLS),
    "parquet of many rows": (
        "a.parquet",
        lambda: parquet_of(pl.select(pl.repeat(0, 30_000_000).alias("a"))),
        RefusalReason.TOO_MANY_CELLS,
    ),
    "parquet of a long cell that rows share": (
        "a.parquet",
        lambda: by_arrow(pa.DictionaryArray.from_arrays(pa.array([0] * 200_000), ["x" * 9_000])),
        RefusalReason.TOO_MANY_CELLS,
    ),
    "parquet of a footer without end": (
        "a.parquet",
        lambda: b"PAR1" + footer(b"\x19\xfc" + b"\x80\x80\x80\x0a" + bytes(20 * 2**20)),
        RefusalReason.TOO_MANY_PARTS,
    ),
    "sheet of elements without cells": (
        "a.xlsx",
        lambda: workbook(**{"docProps/app.xml": f"<a>{'<b/>' * 9_000_000}</a>"}),
        RefusalReason.UNPACKS_TOO_FAR,
    ),
    "page of a cell that spans": ("a.ipynb", spanned, RefusalReason.TOO_MANY_CELLS),
}


HARMLESS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "many empty lines, looked at once each": ("a.csv", lambda: b'"a"\n' + b"\n" * 100_000 + b"b\n"),
    "a large picture": ("a.png", lambda: png_of(2_000, 2_000, zlib.compress((b"\0" + bytes(16_000)) * 2_000))),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each file, by its case; the last one is unpacked without any limit but the memory's."""
    folder = tmp_path_factory.mktemp("bombs")
    offered = {case: made[:2] for case, made in BOMBS.items()} | HARMLESS | {"room": ("a.z", lambda: zeros(900))}
    cases = dict(enumerate(offered))
    for number, case in cases.items():
        name, make = offered[case]
        (folder / f"{number:03d}{Path(name).suffix}").write_bytes(make())
    said = read_apart(folder)
    return {case: said.get(f"{number:03d}", "nothing") for number, case in cases.items()}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_is_refused_in_little_memory(answers: dict[str, str], case: str) -> None:
    assert answers[case] == BOMBS[case][2]


@pytest.mark.parametrize("case", HARMLESS)
def test_what_is_only_large_has_room_enough(answers: dict[str, str], case: str) -> None:
    assert answers[case] == "read"


def test_a_reader_that_unpacks_whatever_comes_would_run_out_of_room(answers: dict[str, str]) -> None:
    assert answers["room"] == "memory"


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 30, 30)).save(out, format=form)
    return out.getvalue()


THINGS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "csv": ("a.csv", lambda: b"region,n\nEst,12\n"),
    "json": ("a.json", lambda: b'{"a": 1}'),
    "text": ("a.txt", lambda: b"words\n"),
    "png": ("a.png", lambda: picture("PNG")),
    "jpeg": ("a.jpg", lambda: picture("JPEG")),
    "xlsx": ("a.xlsx", lambda: workbook()),
    "parquet": ("a.parquet", lambda: parquet_of(pl.DataFrame({"a": [1]}))),
    "notebook": ("a.ipynb", lambda: notebook_of({"text/plain": "1"})),
}
BINARY = ("png", "jpeg", "xlsx", "parquet")


@pytest.mark.parametrize("one", THINGS)
@pytest.mark.parametrize("other", BINARY)
def test_a_file_that_is_two_things_at_once_is_neither(one: str, other: str) -> None:
    """Whatever stands before or behind a binary file, and it behind whatever, is refused under either name."""
    for whole in (THINGS[one][1]() + THINGS[other][1](), THINGS[other][1]() + THINGS[one][1]()):
        for name in (THINGS[one][0], THINGS[other][0]):
            (only,) = read_file(1, name, whole).fragments
            assert only.type == "refusal", name


@pytest.mark.parametrize("case", THINGS)
def test_each_thing_alone_is_read(case: str) -> None:
    assert all(fragment.type != "refusal" for fragment in read_file(1, THINGS[case][0], THINGS[case][1]()).fragments)
