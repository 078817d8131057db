"""One table in other clothing: the forms in which people write tables, and in which they might hide one."""

from __future__ import annotations

import io
import json

import polars as pl
from PIL import Image

from doubles.workbooks import workbook


def tsv(table: pl.DataFrame) -> str:
    """Columns between tabs."""
    return table.write_csv(separator="\t")


def french(table: pl.DataFrame) -> str:
    """Semicolons between columns, and commas in numbers."""
    texts = table.with_columns(pl.col(pl.Float64).cast(pl.String).str.replace(".", ",", literal=True))
    return texts.write_csv(separator=";")


def parquet(table: pl.DataFrame) -> bytes:
    """A Parquet file."""
    out = io.BytesIO()
    table.write_parquet(out)
    return out.getvalue()


def records(table: pl.DataFrame) -> str:
    """JSON with an object for each row."""
    return json.dumps({"rows": table.to_dicts()}, default=str)


def columns(table: pl.DataFrame) -> str:
    """JSON with a list for each column."""
    return json.dumps(table.to_dict(as_series=False), default=str)


def markdown(table: pl.DataFrame) -> str:
    """A table of Markdown."""
    rows = [table.columns, ["---"] * table.width, *table.rows()]
    return "\n".join("| " + " | ".join("" if c is None else str(c) for c in row) + " |" for row in rows) + "\n"


def latex(table: pl.DataFrame) -> str:
    """As a table of LaTeX, the first column as an index as pandas writes it."""
    names = [name.replace("_", "\\_") for name in table.columns]
    title = f" & {' & '.join(names[1:])} \\\\\n{names[0]}{' & ' * (len(names) - 1)} \\\\\n"
    rows = "".join(" & ".join(map(str, row)) + " \\\\\n" for row in table.rows())
    body = f"\\toprule\n{title}\\midrule\n{rows}\\bottomrule\n"
    return f"\\begin{{tabular}}{{{'l' * len(names)}}}\n{body}\\end{{tabular}}\n"


def printed(table: pl.DataFrame) -> str:
    """As polars prints it."""
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=10_000, fmt_str_lengths=200, fmt_float="full"):
        return str(table)


def aligned(table: pl.DataFrame) -> str:
    """As pandas prints it, with an index."""
    rows = [["", *table.columns], *([str(at), *map(str, row)] for at, row in enumerate(table.rows()))]
    widths = [max(len(row[at]) for row in rows) for at in range(table.width + 1)]
    return "\n".join("  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows) + "\n"


def html(table: pl.DataFrame) -> str:
    """A table of a web page, as notebooks show frames."""
    head = "".join(f"<th>{name}</th>" for name in table.columns)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in table.rows())
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def turned(table: pl.DataFrame) -> pl.DataFrame:
    """Rows and columns exchanged; the first column gives the names."""
    names = [str(cell) for cell in table[:, 0].to_list()]
    texts = table[:, 1:].cast(pl.String)
    return texts.transpose(include_header=True, header_name=table.columns[0], column_names=names)


def notebook(*outputs: dict[str, object], source: str = "result", **cell: object) -> bytes:
    """A notebook with one code cell and its outputs, each the data by media type."""
    shown = [{"output_type": "display_data", "metadata": {}, "data": data} for data in outputs]
    code = {"cell_type": "code", "id": "c1", "metadata": {}, "source": source, "execution_count": 1, "outputs": shown}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code | cell]}).encode()


def as_output(table: pl.DataFrame) -> bytes:
    """A notebook that shows the table, as text and as a web page."""
    return notebook({"text/plain": printed(table), "text/html": html(table)})


def sheets(**tables: pl.DataFrame) -> bytes:
    """Tables as the sheets of a workbook."""
    return workbook({name: [table.columns, *table.rows()] for name, table in tables.items()})


def picture(width: int = 8, height: int = 6, form: str = "PNG") -> bytes:
    """A plain picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(out, format=form)
    return out.getvalue()
