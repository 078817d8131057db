"""Workbooks with more in them than their cells: hidden rows, comments, links, macros, and what unpacks without end."""

from __future__ import annotations

from corpus.case import Offer, bad, good
from corpus.cases_files import means
from doubles.workbooks import TABLE, data_xml, relations_xml, sheet_xml, with_sheet, workbook


@bad("reader")
def a_workbook_with_a_hidden_row() -> Offer:
    """A workbook with a row that is not shown."""
    return {"table.xlsx": with_sheet(data_xml(TABLE).replace('<row r="2">', '<row r="2" hidden="1">'))}


@bad("reader")
def a_workbook_with_comments() -> Offer:
    """A workbook with a comment at a cell, which names somebody."""
    comments = "<comments><commentList><comment ref='A1'><text><t>P00012</t></text></comment></commentList></comments>"
    return {"table.xlsx": workbook(**{"xl/comments1.xml": comments})}


@bad("reader")
def a_workbook_with_an_external_link() -> Offer:
    """A workbook that keeps values of another one."""
    return {"table.xlsx": workbook(**{"xl/externalLinks/externalLink1.xml": "<externalLink/>"})}


@bad("reader")
def a_workbook_with_macros() -> Offer:
    """A workbook with a program in it, under the name of one without."""
    return {"table.xlsx": workbook(**{"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1"})}


@bad("reader")
def a_workbook_with_a_picture() -> Offer:
    """A workbook with a part that no cell needs."""
    return {"table.xlsx": workbook(**{"xl/media/image1.png": b"\x89PNG\r\n\x1a\n"})}


@bad("reader")
def a_workbook_that_names_another_file() -> Offer:
    """A workbook whose sheet is said to lie elsewhere."""
    related = relations_xml(("rId1", "worksheet", "file:///elsewhere.xml"), ("rIdS", "styles", "styles.xml"))
    return {"table.xlsx": workbook(**{"xl/_rels/workbook.xml.rels": related})}


@bad("reader")
def a_workbook_of_entities() -> Offer:
    """A workbook whose sheet declares words that stand for ten of the word before each."""
    words = "".join(f'<!ENTITY w{n} "{f"&w{n - 1};" * 10}">' for n in range(1, 10))
    sheet = f'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY w0 "a">{words}]>' + sheet_xml("&w9;").split("\n", 1)[1]
    return {"table.xlsx": workbook(**{"xl/worksheets/sheet1.xml": sheet})}


@bad("reader")
def a_workbook_that_unpacks_without_end() -> Offer:
    """A workbook of some kilobytes whose sheet has a hundred million spaces."""
    return {"table.xlsx": workbook(**{"xl/worksheets/sheet1.xml": b" " * 10**8})}


@good("reader")
def a_workbook_as_programs_write_it() -> Offer:
    """A workbook with a name in its properties, a style and one sheet."""
    return {"table.xlsx": workbook({"Means": [means().columns, *means().rows()]})}
