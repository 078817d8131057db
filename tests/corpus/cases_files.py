"""Files: kinds that are refused, files that are two things at once, sizes, pictures, notebooks, places."""

from __future__ import annotations

import json
import pickle

import polars as pl

from corpus import dress
from corpus.case import Offer, bad, good
from corpus.data import PEOPLE, per, survey
from doubles.workbooks import TABLE, book_xml, data_xml, with_sheet, workbook, zipped
from hub.domain.exports import Severity


def means() -> pl.DataFrame:
    """A harmless table."""
    return per(survey(), "sex", "year", n=PEOPLE)


@bad("reader")
def a_pickle() -> Offer:
    """A pickled object."""
    return {"model.pkl": pickle.dumps({"rows": [1, 2, 3]})}


@bad("reader")
def a_pickle_as_text() -> Offer:
    """The same with another ending."""
    return {"model.txt": pickle.dumps({"rows": [1, 2, 3]})}


@bad("reader")
def an_archive() -> Offer:
    """An archive of a table."""
    return {"tables.zip": zipped({"rows.csv": survey().head(5).write_csv()})}


@bad("reader")
def a_picture_with_a_table_behind_it() -> Offer:
    """A picture with the bytes of a table after its end."""
    return {"figure.png": dress.picture() + survey().head(5).write_csv().encode()}


@bad("reader")
def a_web_page_as_table() -> Offer:
    """A web page that is called a table."""
    return {"table.csv": f"<html><body>{dress.html(means())}</body></html>"}


@bad("reader")
def a_ragged_table() -> Offer:
    """A table with a longer row."""
    return {"table.csv": "area,n\nA,30\nB,40,50\n"}


@bad("reader")
def a_drawing() -> Offer:
    """A drawing that holds each point as a number."""
    return {"figure.svg": "<svg xmlns='http://www.w3.org/2000/svg'><circle cx='3' cy='31245.18'/></svg>"}


@bad("reader")
def a_table_with_two_separators() -> Offer:
    """A table that can be read with semicolons and with commas."""
    return {"table.csv": "a,b;c\n1,2;3\n4,5;6\n"}


@bad("reader")
def a_workbook_with_a_hidden_sheet() -> Offer:
    """A workbook whose second sheet is hidden and holds rows."""
    book = book_xml(["Means", "Rows"], states={"Rows": "veryHidden"})
    content = workbook({"Means": TABLE, "Rows": TABLE}, **{"xl/workbook.xml": book})
    return {"table.xlsx": content}


@bad("reader")
def a_workbook_with_hidden_columns() -> Offer:
    """A workbook with a column of no width."""
    return {"table.xlsx": with_sheet('<cols><col min="2" max="2" width="0"/></cols>' + data_xml(TABLE))}


@bad("reader")
def a_workbook_with_a_pivot_cache() -> Offer:
    """A workbook that keeps the rows behind its table."""
    return {"table.xlsx": workbook(**{"xl/pivotCache/pivotCacheRecords1.xml": "<rows/>"})}


@bad("reader")
def a_workbook_behind_other_bytes() -> Offer:
    """A workbook that is a program, too."""
    return {"table.xlsx": workbook() + b"MZ"}


@bad("reader")
def a_photograph_with_an_archive_behind_it() -> Offer:
    """A JPEG with a whole workbook after its end."""
    return {"figure.jpg": dress.picture(form="JPEG") + workbook()}


@bad("row-leak")
def rows_in_a_sheet() -> Offer:
    """Rows of the survey as the second sheet of a workbook."""
    return {"tables.xlsx": dress.sheets(Means=means(), Rows=survey().head(12))}


@good("reader")
def a_table_in_a_workbook() -> Offer:
    """A table as a workbook, which leaves as CSV."""
    return {"table.xlsx": dress.sheets(Means=means())}


@good("reader")
def tables_in_a_workbook() -> Offer:
    """Two tables as sheets, which leave as two CSV files."""
    return {"tables.xlsx": dress.sheets(Means=means(), Again=means().sort("n"))}


@good("picture", review="no check knows what a picture shows")
def a_photograph_with_its_table() -> Offer:
    """A figure as JPEG, which leaves as PNG, with its table."""
    return {"figure.jpg": dress.picture(form="JPEG"), "figure.csv": means()}


@good("reader")
def a_table() -> Offer:
    """A table as CSV."""
    return {"table.csv": means()}


@good("reader")
def a_table_in_parquet() -> Offer:
    """The same as Parquet, which leaves as CSV."""
    return {"table.parquet": dress.parquet(means())}


@good("reader")
def a_table_with_tabs() -> Offer:
    """The same with tabs."""
    return {"table.tsv": dress.tsv(means())}


@bad("volume", data=())
def a_table_of_many_rows() -> Offer:
    """A table of six thousand rows."""
    return {"table.csv": "a,b\n" + "".join(f"{n % 17},{n % 23}\n" for n in range(6_000))}


@bad("volume", data=())
def a_table_of_many_columns() -> Offer:
    """A table of three hundred columns."""
    return {"table.csv": "\n".join(",".join(f"{word}{n}" for n in range(300)) for word in ("c", "v"))}


@bad("volume", data=())
def a_long_line() -> Offer:
    """A line of thirty thousand characters."""
    return {"notes.txt": "word " * 6_000}


@good("volume")
def a_table_of_some_rows() -> Offer:
    """A table of sixteen rows."""
    return {"table.csv": per(survey(), "job", "year", n=PEOPLE)}


@bad("picture", severity=Severity.REVIEW)
def a_picture() -> Offer:
    """A picture, which says what no check can read."""
    return {"figure.png": dress.picture(), "figure.csv": means()}


@good("picture")
def the_table_of_a_picture() -> Offer:
    """The table alone."""
    return {"figure.csv": means()}


@bad("figure-table", severity=Severity.REVIEW)
def a_picture_without_its_table() -> Offer:
    """A picture without the table that it was drawn from."""
    return {"figure.png": dress.picture()}


@good("figure-table", review="no check knows what a picture shows")
def a_picture_with_its_table() -> Offer:
    """A picture with its table."""
    return {"figures/figure.png": dress.picture(), "figures/figure.csv": means()}


@bad("left-behind", data=(), severity=Severity.FIXED)
def an_attachment() -> Offer:
    """A notebook with an attachment and with widgets, which stay behind."""
    note = {
        "cell_type": "markdown",
        "id": "c2",
        "metadata": {},
        "source": "A note.",
        "attachments": {"a.bin": {"text/plain": "x"}},
    }
    body = json.loads(dress.notebook())
    body["cells"].append(note)
    body["metadata"] = {"widgets": {"state": {"rows": [1, 2, 3]}}}
    return {"notes.ipynb": json.dumps(body)}


@good("left-behind", data=())
def a_plain_notebook() -> Offer:
    """A notebook with a line of source."""
    return {"notes.ipynb": dress.notebook()}


@bad("coordinates", data=())
def fine_coordinates() -> Offer:
    """Coordinates to a meter."""
    return {"places.csv": "area,lat,lon\nA,48.85661,2.35222\nB,47.21837,-1.55362\n"}


@bad("coordinates", data=())
def fine_coordinates_in_french() -> Offer:
    """The same with decimal commas."""
    return {"places.csv": "zone;latitude;longitude\nA;48,85661;2,35222\nB;47,21837;-1,55362\n"}


@good("coordinates", data=(), review="no dataset gives the table")
def coarse_coordinates() -> Offer:
    """Coordinates to a kilometre."""
    return {"places.csv": "area,lat,lon\nA,48.86,2.35\nB,47.22,-1.55\n"}
