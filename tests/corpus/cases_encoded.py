"""Data in another form: encoded, packed, pasted into source, in letters that pose; and a run's own notebook."""

from __future__ import annotations

import base64
import binascii
import gzip
import uuid

import polars as pl
import pyarrow

from corpus import dress
from corpus.case import Offer, Offered, bad, good
from corpus.data import survey
from hub.domain.exports import Severity
from hub.gate.exchange import ApprovedNotebook
from hub.gate.notebook_source import cell_digest

SOURCE = "result = count(rate)"
APPROVED = ApprovedNotebook(digest="a" * 64, cells=(cell_digest("code", SOURCE),))
WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
READ = "text with numbers is read by a steward"


def rows(count: int = 8) -> pl.DataFrame:
    """A few records under names that say nothing."""
    table = survey().head(count).select("year", "income", "visits")
    return table.rename(dict(zip(table.columns, "abc", strict=True)))


def zstd(content: bytes) -> bytes:
    """Packed bytes, the same each time."""
    packed: bytes = pyarrow.compress(content, codec="zstd", asbytes=True)
    return packed


def cell_by_cell(table: pl.DataFrame) -> pl.DataFrame:
    """Each cell in hexadecimal by itself."""
    return pl.DataFrame({name: [str(cell).encode().hex() for cell in table[name]] for name in table.columns})


@bad("row-leak")
def rows_packed_and_encoded() -> Offer:
    """Rows packed by gzip, in base64 and in short lines of a text."""
    run = base64.b64encode(gzip.compress(rows().write_csv().encode(), mtime=0)).decode()
    return {"notes.md": "\n".join(run[at : at + 24] for at in range(0, len(run), 24)) + "\n"}


@bad("row-leak")
def rows_packed_by_zstd() -> Offer:
    """Rows packed by zstd, in base64."""
    return {"notes.md": base64.b64encode(zstd(rows().write_csv().encode())).decode() + "\n"}


@bad("row-leak")
def rows_as_a_page_in_capitals() -> Offer:
    """Rows as a web page's table in capitals, packed by gzip, in base64, as a value of a JSON document."""
    lines = ["".join(f"<TD>{cell}</TD>" for cell in row) for row in [rows().columns, *rows().rows()]]
    page = "<TABLE>" + "".join(f"<TR>{line}</TR>" for line in lines) + "</TABLE>"
    return {"notes.json": '{"note": "' + base64.b64encode(gzip.compress(page.encode(), mtime=0)).decode() + '"}'}


@bad("row-leak")
def rows_in_base85() -> Offer:
    """Rows in base85, as a value of a JSON document."""
    return {"notes.json": '{"note": "' + base64.b85encode(rows().write_csv().encode()).decode() + '"}'}


def _measures() -> pl.DataFrame:
    """Three values of each of twelve records."""
    return survey().select("income", "wealth", "visits")[400:412]


def _uuencoded(text: str) -> str:
    """A text as mail carried it once."""
    content = text.encode()
    return "".join(binascii.b2a_uu(content[at : at + 45]).decode() for at in range(0, len(content), 45))


@bad("row-leak")
def rows_uuencoded() -> Offer:
    """Rows in a log, uuencoded."""
    return {"run.log": f"begin 644 rows\n{_uuencoded(rows(12).write_csv())}end\n"}


@bad("row-leak")
def rows_in_octal() -> Offer:
    """Rows in a log as octal codes of letters."""
    return {"run.log": " ".join(f"{code:o}" for code in rows(12).write_csv().encode())}


@bad("row-leak")
def rows_for_libsvm() -> Offer:
    """Rows in a log with the place of each value before it, as libsvm reads them."""
    found = _measures().rows()
    return {"run.log": "".join(" ".join(f"{at}:{v}" for at, v in enumerate(row, start=1)) + "\n" for row in found)}


@bad("row-leak")
def rows_with_underscores() -> Offer:
    """Rows in a log with an underscore between thousands, as Python writes them."""
    found = _measures().rows()
    return {"run.log": "".join(" ".join(f"{value:_}" for value in row) + "\n" for row in found)}


@bad("row-leak")
def rows_with_accents_on_digits() -> Offer:
    """Rows in a log, with an accent on each digit."""
    text = _measures().write_csv()
    return {"run.log": "".join(f"{letter}\u0301" if letter.isdigit() else letter for letter in text)}


@good("row-leak", review="text with numbers is read by a steward")
def times_and_modes() -> Offer:
    """A log with times, modes of files in octal and numbers with underscores, which are nobody's."""
    return {"run.log": "10:30 11:15 modes 644 755 700 664 640 600 444 777 755 644 700 640 rows 12_000\nTOTAL DONE\n"}


@bad("row-leak")
def rows_cell_by_cell() -> Offer:
    """A table in which each cell is written in hexadecimal."""
    return {"table.csv": cell_by_cell(rows(20))}


@bad("row-leak")
def rows_in_wide_digits() -> Offer:
    """Rows whose digits are wide ones, which no program takes for numbers."""
    return {"table.csv": rows(20).write_csv().translate(WIDE)}


@bad("row-leak")
def rows_pasted_as_columns() -> Offer:
    """Rows pasted into a notebook's source as a list for each column."""
    lists = "\n".join(f"{name} = np.array({rows(12)[name].to_list()})" for name in "abc")
    return {"load.ipynb": dress.notebook(source=lists)}


@bad("row-leak")
def rows_put_together_in_source() -> Offer:
    """Rows in a notebook's source as a sum of texts of seven letters each."""
    text = rows(12).write_csv()
    return {"load.ipynb": dress.notebook(source=" + ".join(repr(text[at : at + 7]) for at in range(0, len(text), 7)))}


@bad("row-leak")
def rows_of_codes_in_source() -> Offer:
    """Rows in a notebook's source as letters that are joined, each by its code."""
    letters = ", ".join(f"chr({code})" for code in rows(12).write_csv().encode())
    return {"load.ipynb": dress.notebook(source=f"table = ''.join([{letters}])")}


@good("row-leak", data=())
def a_sentence_put_together_in_source() -> Offer:
    """A sentence in a notebook's source as a sum of texts."""
    return {"load.ipynb": dress.notebook(source="print('All ' + 'is ' + 'well' + end, ', '.join(['so', 'far']))")}


@bad("row-leak")
def rows_pasted_as_bytes() -> Offer:
    """Rows pasted into a notebook's source as packed bytes."""
    packed = gzip.compress(rows(12).write_csv().encode(), mtime=0)
    return {"load.ipynb": dress.notebook(source=f"table = read(gzip.decompress({packed!r}))")}


@good("row-leak", data=())
def parameters_in_source() -> Offer:
    """Lists of parameters in a notebook's source."""
    return {"load.ipynb": dress.notebook(source="grid = {'depth': [3, 5, 7], 'leaf': [1, 5, 10]}")}


@bad("encoded-payload", data=(), severity=Severity.REVIEW)
def a_packed_word() -> Offer:
    """A few words, packed by gzip and in base64."""
    return {"notes.md": base64.b64encode(gzip.compress(b"nothing to see", mtime=0)).decode() + "\n"}


@good("encoded-payload", data=(), review=READ)
def identifiers_of_files() -> Offer:
    """Identifiers of files, as programs make them."""
    names = (uuid.uuid5(uuid.NAMESPACE_URL, str(number)) for number in range(20))
    return {"notes.md": "".join(f"{name}\n" for name in names)}


@good("row-leak", review="packed bytes are read by a steward")
def a_text_packed_by_zstd() -> Offer:
    """A text without a record, packed by zstd and in base64."""
    return {"notes.md": base64.b64encode(zstd(b"What was done, and why it was done.\n" * 4)).decode() + "\n"}


@good("encoded-payload", data=(), review=READ)
def a_word_in_base64() -> Offer:
    """A word in base64."""
    return {"notes.md": base64.b64encode(b"nothing to see").decode() + "\n"}


@bad("provenance", data=(), severity=Severity.REVIEW)
def a_cell_that_nobody_approved() -> Offer:
    """A notebook of a run, with a cell that the approved notebook does not have."""
    return Offered({"executed.ipynb": dress.notebook(source="result = other(rate)")}, approved=APPROVED)


@good("provenance", data=())
def the_approved_cells() -> Offer:
    """A notebook of a run with the cells of the approved one."""
    return Offered({"executed.ipynb": dress.notebook(source=SOURCE)}, approved=APPROVED)


@bad("confusables", named=True, data=(), severity=Severity.REVIEW)
def a_name_in_two_alphabets() -> Offer:
    """A file whose name has a Cyrillic letter among Latin ones."""
    return {"r\u0435sults.md": "Nothing.\n"}


@good("confusables", named=True, data=())
def a_name_with_accents() -> Offer:
    """A file with a French name."""
    return {"résultats agrégés.md": "Rien.\n"}
