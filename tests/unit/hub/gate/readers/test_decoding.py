"""Facts about what stands encoded in a file: it is found and judged, and ordinary text is left alone."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import io
import json
import lzma
import random
import uuid
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pyarrow
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.domain.exports import Severity
from hub.gate.fragments import (
    MOST_FRAGMENTS,
    FileFragments,
    ImageFragment,
    PayloadFragment,
    RefusalFragment,
    Slot,
    TableFragment,
    TextFragment,
    ValueFragment,
)
from hub.gate.readers.decoding import DEEPEST, decoded
from hub.gate.readers.documents_within import documents, strings
from hub.gate.readers.files import read_file
from hub.gate.readers.zstandard import Zstandard, frame_end
from hub.gate.refusals import RefusalReason

Code = Callable[[bytes], str]


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", content)
    return out.getvalue()


def zstd(content: bytes) -> bytes:
    packed: bytes = pyarrow.compress(content, codec="zstd", asbytes=True)
    return packed


def skipped(content: bytes) -> bytes:
    return b"\x50\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content


def wrapped(width: int) -> Code:
    def code(content: bytes) -> str:
        run = base64.b64encode(content).decode()
        return "\n".join(run[at : at + width] for at in range(0, len(run), width))

    return code


def spaced(content: bytes) -> str:
    return wrapped(8)(content).replace("\n", " ")


def pasted(content: bytes) -> str:
    return "rows = (\n" + "\n".join(f'    "{line}"' for line in wrapped(40)(content).split("\n")) + "\n)"


def ascii_of(code: Callable[[bytes], bytes]) -> Code:
    return lambda content: code(content).decode("ascii")


def each(form: str) -> Code:
    return lambda content: "".join(form.format(byte) for byte in content)


CODES: dict[str, Code] = {
    "base64": ascii_of(base64.b64encode),
    "base64 for addresses": ascii_of(base64.urlsafe_b64encode),
    "base64 without padding": lambda content: base64.b64encode(content).decode().rstrip("="),
    "base64 in lines": wrapped(76),
    "base64 in short lines": wrapped(10),
    "base64 in groups": spaced,
    "base64 in a list": pasted,
    "base64 behind other letters": lambda content: "rows_" + base64.b64encode(content).decode(),
    "data address": lambda content: "![](data:text/csv;base64," + base64.b64encode(content).decode() + ")",
    "base32": ascii_of(base64.b32encode),
    "base32 in small letters": lambda content: base64.b32encode(content).decode().lower(),
    "base85": ascii_of(base64.b85encode),
    "ascii85": ascii_of(base64.a85encode),
    "ascii85 of Adobe": lambda content: base64.a85encode(content, adobe=True).decode(),
    "ascii85 in lines": lambda content: base64.a85encode(content, wrapcol=43).decode(),
    "hex": bytes.hex,
    "hex in capitals": lambda content: content.hex().upper(),
    "hex in pairs": lambda content: content.hex(" "),
    "hex with colons": lambda content: content.hex(":"),
    "hex with marks": lambda content: ", ".join(f"0x{byte:02x}" for byte in content),
    "percent": each("%{:02X}"),
    "escapes": each("\\x{:02x}"),
    "wide escapes": each("\\u{:04x}"),
    "entities": each("&#{};"),
    "quoted-printable": each("={:02X}"),
    "bits": each("{:08b}"),
    "base64 twice": lambda content: base64.b64encode(base64.b64encode(content)).decode(),
}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
    "zip": zipped,
    "zstd": zstd,
    "zstd behind a frame that is skipped": lambda content: skipped(b"x" * 40) + zstd(content),
    "skipped by zstd": skipped,
    "two frames of zstd": lambda content: zstd(content[:90]) + zstd(content[90:]),
    "gzip twice": lambda content: gzip.compress(gzip.compress(content)),
    "gzip with a wrong checksum": lambda content: gzip.compress(content)[:-8] + b"12345678",
    "gzip broken off": lambda content: gzip.compress(content)[:-11],
    "utf-16": lambda content: content.decode().encode("utf-16"),
}


def rows(data: Any) -> bytes:
    written: str = data.select("region", "sex", "year", "income", "visits").sample(6, seed=3).write_csv()
    return written.encode()


@pytest.mark.parametrize("code", CODES)
def test_rows_in_any_code_are_found(gate: Any, make: Any, data: Any, code: str) -> None:
    judged = gate.judge("t.txt", f"About the method:\n{CODES[code](rows(data))}\nand so on.\n")
    assert "row-leak" in make.checks(judged)


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("code", ["base64", "base85", "ascii85", "hex", "base64 in short lines"])
def test_packed_rows_are_found(gate: Any, make: Any, data: Any, packer: str, code: str) -> None:
    judged = gate.judge("t.txt", f"About the method:\n{CODES[code](PACKERS[packer](rows(data)))}\nand so on.\n")
    assert "row-leak" in make.checks(judged)


@pytest.mark.parametrize("cut", [slice(None, -30), slice(None, 40)])
def test_a_broken_archive_is_said_to_be_broken(cut: slice) -> None:
    run = base64.b64encode(zipped(bytes(random.Random(5).randbytes(400)))[cut]).decode()
    found = decoded("t.txt", (TextFragment(text=f"see {run} there"),))
    assert RefusalReason.BROKEN_ARCHIVE in {part.reason for part in found if isinstance(part, RefusalFragment)}


@pytest.mark.parametrize("code", ["base64", "hex"])
def test_rows_in_a_stream_without_marks_are_found(gate: Any, make: Any, data: Any, code: str) -> None:
    run = CODES[code](zlib.compress(rows(data), wbits=-15))
    assert "row-leak" in make.checks(gate.judge("t.txt", f"see {run}"))


@pytest.mark.parametrize("code", ["base64", "base64 in lines", "base85", "ascii85", "ascii85 in lines", "hex"])
def test_rows_in_a_parquet_file_in_a_code_are_found(gate: Any, make: Any, data: Any, code: str) -> None:
    out = io.BytesIO()
    data.select("region", "sex", "year", "income", "visits").sample(6, seed=3).write_parquet(out)
    assert "row-leak" in make.checks(gate.judge("t.txt", f"See:\n{CODES[code](out.getvalue())}\nand so on.\n"))


@pytest.mark.parametrize("code", ["base64", "base85", "ascii85", "hex"])
def test_a_picture_in_a_code_is_found(make: Any, code: str) -> None:
    found = decoded("t.txt", [TextFragment(text=f"See:\n{CODES[code](make.png(20, 20))}\nand so on.\n")])
    assert [(part.width, part.height) for part in found if isinstance(part, ImageFragment)] == [(20, 20)]


@pytest.mark.parametrize("cell_code", ["base64", "hex", "base32"])
def test_rows_that_are_coded_cell_by_cell_are_found(gate: Any, make: Any, data: Any, cell_code: str) -> None:
    table = data.select("region", "year", "income", "visits").sample(12, seed=5)
    cells = [[CODES[cell_code](str(cell).encode()) for cell in row] for row in table.rows()]
    text = "\n".join(",".join(row) for row in [["a", "b", "c", "d"], *cells])
    assert "row-leak" in make.checks(gate.judge("t.csv", text))
    document = json.dumps([dict(zip("abcd", row, strict=True)) for row in cells])
    assert "row-leak" in make.checks(gate.judge("t.json", document))


@pytest.mark.parametrize("name", ["t.txt", "t.csv", "t.json", "n.ipynb"])
def test_a_number_in_a_code_is_found_in_every_kind(gate: Any, make: Any, data: Any, name: str) -> None:
    run = data["social"][17].encode().hex()
    contents = {
        "t.txt": f"key {run}",
        "t.csv": f"key,n\n{run},40\nother,50\n",
        "t.json": json.dumps({"key": run}),
        "n.ipynb": make.notebook((f"key = '{run}'", [make.shown(plain="done")])),
    }
    assert "direct-identifiers" in make.checks(gate.judge(name, contents[name]))


def test_a_key_in_hex_is_a_secret(gate: Any, make: Any) -> None:
    assert "secrets" in make.checks(gate.judge("t.txt", b"-----BEGIN RSA PRIVATE KEY-----".hex()))


def test_a_name_is_decoded(gate: Any, make: Any, data: Any) -> None:
    name = base64.urlsafe_b64encode(data["full_name"][9].encode()).decode().rstrip("=")
    assert "direct-identifiers" in make.checks(gate.judge(f"{name}.txt", "words"))


def test_a_place_tells_the_way() -> None:
    run = base64.b64encode(gzip.compress(b"region,n\nEst,40\nSud,50\n")).decode()
    found = decoded("t.txt", [TextFragment(place="#cells[3].outputs[0].text/plain", text=f"see {run}")])
    place = "#cells[3].outputs[0].text/plain!base64[1]"
    assert found == (
        PayloadFragment(place=place, code="base64", characters=len(run), packed=True),
        TableFragment(place=f"{place}!gzip", nested=True, columns=("region", "n"), data=(("Est", "Sud"), ("40", "50"))),
    )


def test_a_document_in_a_code_is_one() -> None:
    found = decoded("t.txt", [TextFragment(text=wrapped(20)(b'{\n"rows": [[1, 2], [3, 4]]}'))])
    assert {"rows": [[1, 2], [3, 4]]} in [part.value for part in found if isinstance(part, ValueFragment)]


@pytest.mark.parametrize("tag", ["table", "TABLE", "Table"])
def test_the_tables_of_a_page_in_a_code_are_found_however_its_tags_are_written(tag: str) -> None:
    page = f"<html><{tag}><tr><th>region</th><th>n</th></tr><tr><td>Est</td><td>40</td></tr></{tag}>" + " " * 80
    found = decoded("t.txt", [TextFragment(text=wrapped(20)(page.encode()))])
    tables = [part for part in found if isinstance(part, TableFragment)]
    assert [(part.columns, part.data) for part in tables] == [(("region", "n"), (("Est",), ("40",)))]
    assert all(part.nested for part in tables)


def test_a_document_in_a_cell_is_one(gate: Any, make: Any, data: Any) -> None:
    records = data.select("region", "year", "income", "visits").sample(8, seed=2).to_dicts()
    cells = "".join('"' + json.dumps(r).replace('"', '""') + '",40\n' for r in records)
    assert "row-leak" in make.checks(gate.judge("t.csv", f"what,n\n{cells}"))


HARMLESS = {
    "digest": hashlib.sha256(b"x").hexdigest(),
    "digests": "\n".join(f"{hashlib.md5(bytes([n])).hexdigest()}  t{n}.csv" for n in range(40)),
    "long digest": hashlib.sha512(b"x").hexdigest(),
    "digest in base64": "sha256-" + base64.b64encode(hashlib.sha256(b"x").digest()).decode(),
    "identifiers": "\n".join(str(uuid.UUID(int=random.Random(n).getrandbits(128))) for n in range(50)),
    "address": "see https://www.insee.fr/fr/statistiques/2011101?geo=DEP-35&page=2#titre-bloc-12",
    "numbered names": " ".join(f"V{n} v{n} Id{n}" for n in range(100, 140)),
    "numbered columns": " ".join(f"V{n}" for n in range(100, 400)),
    "numbered lines": "\n".join(f"Zone{n}" for n in range(1000, 1100)),
    "names": "HistGradientBoostingRegressor and train_test_split, minimum_units_of_each_cell",
    "ages": " ".join(str(20 + n * 7 % 60) for n in range(200)),
    "ages below each other": "\n".join(str(20 + n * 7 % 60) for n in range(200)),
    "years": ", ".join(str(year) for year in range(1950, 2024)),
    "numbers": "\n".join(f"{n * 0.731:.3f};{n * 17 % 100};{n % 7}" for n in range(100)),
    "long numbers": "4532678912345678 4716253477889912",
    "counts": "\n".join(str(4567 + n * 1111 % 3000) for n in range(12)),
    "code": "x = {k: v for k, v in zip(names, values)}; print(f'{x!r:>10}', end='')  # %timeit",
    "colours": "#1f77b4 #ff7f0e #2ca02c #d62728 #9467bd #8c564b #e377c2 #7f7f7f #bcbd22 #17becf",
    "mac": "00:1b:44:11:3a:b7",
    "percentages": "12% of 40, 30% of 50, 7 %, 100%",
    "equations": "a=10, b=20, c=30, k=41, m=42, x=4D",
    "word again and again": "Code Code Code Code Code Code Code Code Code Code Code Code",
    "accents": "été, naïveté, cœur, Ægir, straße, 20 °C, 3 × 4 → 12 ≥ 10, « ici », n°4",
    "other alphabets": "Москва, Αθήνα и Київ",
}


@pytest.mark.parametrize("case", HARMLESS)
def test_ordinary_text_is_left_alone(case: str) -> None:
    assert decoded("tables/résultats_2019-2022.csv", [TextFragment(text=HARMLESS[case])]) == ()


@pytest.mark.parametrize("case", HARMLESS)
def test_ordinary_cells_are_left_alone(case: str) -> None:
    cells = tuple(HARMLESS[case].replace("\n", " ").split(" "))
    assert decoded("t.csv", [TableFragment(columns=("what",), data=(cells,))]) == ()
    assert decoded("t.json", [ValueFragment(value={"what": list(cells), "n": 4})]) == ()


PHRASES = (
    "le revenu médian des ménages",
    "dans la région Bretagne",
    "Ille-et-Vilaine",
    "effectif pondéré, secret statistique",
    "Annexe INSEE 35 2019 12,5",
    "the table shows counts by region and year",
    "suppressed estimates and their standard error",
    "3.14 (p<0.05) R² 95% n=120",
    "df.groupby('region').agg('mean')",
    "np.float64",
    "internationalisation",
    "MINIMUM_FREQUENCY",
    "HistGradientBoostingRegressor",
    "https://example.org/a/b?c=d",
)


@given(st.lists(st.sampled_from(PHRASES), max_size=30), st.sampled_from([" ", "\n", ", ", " | ", "\t"]))
def test_prose_and_code_are_no_payload(words: list[str], between: str) -> None:
    assert decoded("t.txt", [TextFragment(text=between.join(words))]) == ()


@given(st.lists(st.lists(st.integers(0, 10**6) | st.floats(0, 1e6), min_size=3, max_size=3), min_size=1, max_size=30))
def test_tables_of_numbers_are_no_payload(numbers: list[list[float]]) -> None:
    columns = tuple(tuple(f"{row[at]:.6g}" for row in numbers) for at in range(3))
    assert decoded("t.csv", [TableFragment(columns=("a", "b", "n"), data=columns)]) == ()
    text = "\n".join("  ".join(f"{cell:.6g}" for cell in row) for row in numbers)
    assert decoded("t.txt", [TextFragment(text=text)]) == ()


def test_a_short_harmless_word_in_a_code_passes(gate: Any) -> None:
    judged = gate.judge("t.txt", "It says aGVsbG8gd29ybGQsIGFsbCBvZiB5b3U= to the reader.\n")
    assert [(f.check, f.place) for f in judged.findings] == [("free-text", "t.txt")]  # for its digits


def test_a_short_text_with_numbers_in_a_code_is_read(gate: Any, make: Any) -> None:
    judged = gate.judge("t.txt", f"see {base64.b64encode(b'mean 12.31, deviation 4.2').decode()}")
    (found,) = [f for f in judged.findings if f.place == "t.txt!base64"]
    assert (found.check, found.severity) == ("free-text", Severity.REVIEW)


def test_a_long_run_blocks_whatever_it_says(gate: Any, make: Any) -> None:
    run = base64.b64encode(b"nothing but words " * 9).decode()
    assert "encoded-payload" in make.checks(gate.judge("t.txt", run))
    assert "encoded-payload" in make.checks(gate.judge("t.txt", base64.b85encode(b"nothing, but words. " * 9).decode()))


def test_packed_bytes_are_read_however_short(gate: Any, make: Any) -> None:
    run = base64.b64encode(zlib.compress(b"words")).decode()
    assert "encoded-payload" in make.checks(gate.judge("t.txt", f"see {run}"), Severity.REVIEW)


@pytest.mark.parametrize(
    "start", [b"\x28\xb5\x2f\xfd\x03", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01\x00", b"\x04\x22\x4d\x18"]
)
def test_what_cannot_be_opened_blocks(gate: Any, make: Any, start: bytes) -> None:
    run = base64.b64encode(start + random.Random(1).randbytes(60)).decode()
    judged = gate.judge("t.txt", f"see {run}")
    assert "reader" in make.checks(judged)
    assert [f.place for f in judged.findings if f.check == "reader"] == ["t.txt!base64[1]"]


def test_zstd_that_breaks_off_blocks(gate: Any, make: Any, data: Any) -> None:
    whole = zstd(rows(data))
    for broken in (whole[:-3], whole[:40], zstd(b"words") + whole[:-20]):
        assert "reader" in make.checks(gate.judge("t.txt", f"see {base64.b64encode(broken).decode()}"))


def test_zstd_is_refused_where_no_decoder_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.gate.readers.zstandard.find_spec", lambda name: None)
    (_, refusal) = decoded("t.txt", [TextFragment(text=base64.b64encode(zstd(b"words " * 9)).decode())])
    assert isinstance(refusal, RefusalFragment)
    assert refusal.reason is RefusalReason.TOO_MUCH_ENCODED


def test_what_stands_behind_a_frame_of_zstd_is_read(gate: Any, make: Any, data: Any) -> None:
    run = base64.b64encode(zstd(b"words ") + gzip.compress(rows(data))).decode()
    assert "row-leak" in make.checks(gate.judge("t.txt", f"see {run}"))


@given(st.binary(max_size=3_000), st.binary(max_size=40))
def test_a_frame_of_zstd_ends_where_it_ends(content: bytes, behind: bytes) -> None:
    whole = zstd(content)
    assert frame_end(whole + behind) == len(whole)
    assert frame_end(whole[:-1]) == len(whole) - 1


@pytest.mark.parametrize("pack", [bz2.compress, zstd])
def test_a_bomb_is_refused_within_bounds(pack: Callable[[bytes], bytes]) -> None:
    bomb = bz2.compress(pack(bytes(60 * 2**20)))
    (_, refusal) = decoded("t.txt", [TextFragment(text=base64.b64encode(bomb).decode())])
    assert isinstance(refusal, RefusalFragment)
    assert refusal.reason is RefusalReason.TOO_MUCH_ENCODED


def test_what_is_coded_again_and_again_is_refused() -> None:
    content = b"words of a text that is long enough"
    for _ in range(9):
        content = base64.b64encode(content)
    *_, last = decoded("t.txt", [TextFragment(text=content.decode())])
    assert isinstance(last, RefusalFragment)
    assert last.reason is RefusalReason.TOO_MUCH_ENCODED


def test_too_many_parts_are_refused() -> None:
    runs = "\n\n".join(base64.b64encode(f"row {n}\nand its {n * n}\n".encode()).decode() + " ." for n in range(400))
    found = decoded("t.txt", [TextFragment(text=runs)])
    assert len(found) < MOST_FRAGMENTS
    assert isinstance(found[-1], RefusalFragment)


def test_what_is_left_of_too_many_parts_ends_with_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = "\n\n".join(base64.b64encode(f"row {n}\nand its {n * n}\n".encode()).decode() + " ." for n in range(9))
    found = decoded("t.txt", [TextFragment(text=runs)])
    monkeypatch.setattr("hub.gate.readers.decoding.MOST_FRAGMENTS", 3)
    refusal = RefusalFragment(reason=RefusalReason.TOO_MANY_PARTS)
    assert decoded("t.txt", [TextFragment(text=runs)]) == (*found[:2], refusal)


def test_what_was_decoded_is_never_written(gate: Any) -> None:
    run = base64.b64encode(b"a word of wisdom").decode()
    judged = gate.judge("t.txt", f"see {run} there")
    assert judged.canonical.content == f"see {run} there\n".encode()
    assert judged.canonical.file.decoded == ()


PIECES = st.sampled_from(
    [
        "SGVsbG8g",
        "H4sIAAAA",
        "eJw",
        "4e6f7264",
        "%41",
        "=41",
        "\\x41",
        "&#65;",
        "<~87cURDZ~>",
        "UEsDBBQ",
        "\n",
        " ",
        "é",
        "０",
        "а",
    ]
)


@given(st.lists(PIECES | st.text(max_size=8) | st.binary(max_size=40).map(lambda b: base64.b64encode(b).decode())))
@example(["\\x1f\\x1f\\x1f\\x1f\\U00010000"])
def test_any_text_is_decoded_or_refused(pieces: list[str]) -> None:
    text = "".join(pieces).replace("\0", "")
    for name in ("t.txt", "t.csv", "t.json"):
        content = json.dumps(text) if name == "t.json" else text
        read = read_file(1, name, content.encode("utf-8", "replace"))
        assert FileFragments.model_validate_json(read.model_dump_json()) == read
        assert len(read.decoded) < 1_000


@given(st.binary(max_size=200), st.sampled_from(sorted(PACKERS)), st.sampled_from(sorted(CODES)), st.integers(0, 300))
def test_any_packed_bytes_are_decoded_or_refused(content: bytes, packer: str, code: str, cut: int) -> None:
    try:
        packed = PACKERS[packer](content)
    except UnicodeDecodeError:
        packed = content
    text = CODES[code](packed[:cut] + packed[cut + 1 :])
    found = decoded("t.txt", [TextFragment(text=text)])
    assert len(found) < 1_000


def test_what_a_decoder_of_zstd_skips_is_read_here() -> None:
    decoder = Zstandard()
    assert decoder.decompress(skipped(b"words") + b"more", 99) == b"words"
    assert (decoder.eof, decoder.unused_data) == (True, b"more")


def test_what_is_packed_again_and_again_is_refused_however_small() -> None:
    content = b"words of a text that is long enough"
    for _ in range(DEEPEST + 1):
        content = gzip.compress(content)
    *_, last = decoded("t.txt", [TextFragment(text=base64.b64encode(content).decode())])
    assert isinstance(last, RefusalFragment)
    assert last.reason is RefusalReason.TOO_MUCH_ENCODED


def test_words_among_packed_bytes_are_read() -> None:
    noise = bytes([0, 1, 2, 255, 3, 254, 7]) * 20
    content = noise + b"Agathe Petit-Jean of ward seven" + noise
    found = decoded("t.txt", [TextFragment(text=base64.b64encode(content).decode())])
    assert any(isinstance(part, TextFragment) and "Agathe Petit-Jean" in part.text for part in found)


@pytest.mark.parametrize("size", [0, 40, 255, 256, 300, 70_000, 400_000])
@pytest.mark.parametrize("is_same", [True, False])
def test_a_frame_that_says_its_size_ends_where_it_ends(size: int, is_same: bool) -> None:
    content = bytes(size) if is_same else random.Random(size).randbytes(size)
    whole = zstd(content)
    assert frame_end(whole + b"behind") == len(whole)


def test_every_text_of_a_table_or_document_may_be_one_itself() -> None:
    inner = '[{"who": "Agathe", "age": 41}, {"who": "Basile", "age": 52}]'
    for part in (
        TableFragment(columns=("x", "y"), data=((inner, inner), ("1", "2"))),
        ValueFragment(value={"x": [inner, 3, None, True]}),
    ):
        assert [one.value for one in documents(part) if isinstance(one, ValueFragment)] == [[json.loads(inner)]]


def test_a_text_of_a_document_may_be_a_table_and_another_one_a_document() -> None:
    table = "region,year,n\n" + "".join(f"Est,{year},40\n" for year in range(2019, 2023))
    inner = '[{"who": "Agathe", "age": 41}, {"who": "Basile", "age": 52}]'
    value, of_table = documents(ValueFragment(place="#x", value={"x": table, "y": inner}))
    assert isinstance(value, ValueFragment)
    assert value.value == [json.loads(inner)]
    assert isinstance(of_table, TableFragment)
    assert (of_table.place, of_table.nested, of_table.columns) == ("#x!text", True, ("region", "year", "n"))
    (alone,) = documents(ValueFragment(value={"x": table}))
    assert isinstance(alone, TableFragment)


@pytest.mark.parametrize(("characters", "is_one"), [(39, False), (40, True)])
def test_a_text_of_forty_characters_may_be_a_document(characters: int, is_one: bool) -> None:
    text = json.dumps(["x" * (characters - 4)])
    assert len(text) == characters
    assert bool(list(documents(ValueFragment(value={"x": text})))) is is_one


def test_the_texts_of_a_document_are_its_values_and_where_it_is_asked_its_keys() -> None:
    value = {"a": ["b", {"c": "d"}, 3]}
    assert list(strings(value)) == ["b", "d"]
    assert set(strings(value, with_keys=True)) == {"a", "b", "c", "d"}


def test_short_texts_in_one_code_are_read_as_one_text() -> None:
    said = ("agathe lives in the north", "robert lives in the south")
    runs = " and ".join(base64.b64encode(text.encode()).decode() for text in said)
    (inner,) = decoded("t.txt", [TextFragment(place="t.txt", text=runs)])
    assert isinstance(inner, TextFragment)
    assert (inner.place, inner.text) == ("t.txt!base64", "\n".join(said))


@pytest.mark.parametrize(("output", "is_kept"), [(None, True), (0, False)])
def test_a_table_of_a_page_has_the_slot_of_a_source_alone(output: int | None, is_kept: bool) -> None:
    slot = Slot(cell=0, cell_kind="code", output=output)
    page = "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"
    (table,) = documents(TextFragment(slot=slot, text=page))
    assert isinstance(table, TableFragment)
    assert table.slot == (slot if is_kept else None)
