"""Why a reader refuses a file, and what the person is told; a reader itself sends only the reason."""

from __future__ import annotations

from enum import StrEnum


class RefusalReason(StrEnum):
    """The reasons that there are."""

    EMPTY = "empty"
    NO_ROWS = "no-rows"
    NO_VALUES = "no-values"
    TOO_LARGE = "too-large"
    UNKNOWN_KIND = "unknown-kind"
    KIND_MISMATCH = "kind-mismatch"
    NO_NAME_ENDING = "no-name-ending"
    HTML = "html"
    SVG = "svg"
    PDF = "pdf"
    PICKLE = "pickle"
    ARCHIVE = "archive"
    SPREADSHEET = "spreadsheet"
    PROGRAM = "program"
    PICTURE = "picture"
    BINARY = "binary"
    NOT_UTF8 = "not-utf8"
    CONTROL_CHARACTERS = "control-characters"
    RAGGED_TABLE = "ragged-table"
    BAD_QUOTES = "bad-quotes"
    AMBIGUOUS_DELIMITER = "ambiguous-delimiter"
    TOO_MANY_CELLS = "too-many-cells"
    LONG_CELL = "long-cell"
    BROKEN_PARQUET = "broken-parquet"
    NESTED_COLUMN = "nested-column"
    BROKEN_JSON = "broken-json"
    REPEATED_KEY = "repeated-key"
    DEEP_JSON = "deep-json"
    DEEP_SOURCE = "deep-source"
    STRANGE_NUMBER = "strange-number"
    BROKEN_PNG = "broken-png"
    TRAILING_DATA = "trailing-data"
    TOO_MANY_PIXELS = "too-many-pixels"
    ANIMATED = "animated"
    BROKEN_JPEG = "broken-jpeg"
    LOOSE_BYTES = "loose-bytes"
    BROKEN_XLSX = "broken-xlsx"
    UNPACKS_TOO_FAR = "unpacks-too-far"
    ENCRYPTED = "encrypted"
    DOCUMENT_TYPE = "document-type"
    UNKNOWN_PART = "unknown-part"
    MACROS = "macros"
    EMBEDDED = "embedded"
    DRAWINGS = "drawings"
    COMMENTS = "comments"
    PIVOT_TABLE = "pivot-table"
    EXTERNAL_LINK = "external-link"
    CUSTOM_PROPERTIES = "custom-properties"
    CUSTOM_XML = "custom-xml"
    DEFINED_NAME = "defined-name"
    DATA_VALIDATION = "data-validation"
    HIDDEN_SHEET = "hidden-sheet"
    HIDDEN_CELLS = "hidden-cells"
    FORMULA = "formula"
    NO_SHEET = "no-sheet"
    SHEET_NAME = "sheet-name"
    STRANGE_DATE = "strange-date"
    NOT_A_NOTEBOOK = "not-a-notebook"
    TOO_MANY_PARTS = "too-many-parts"
    TOO_MUCH_ENCODED = "too-much-encoded"
    BROKEN_ARCHIVE = "broken-archive"
    BROKEN_SAFETENSORS = "broken-safetensors"
    ARRAY_TYPE = "array-type"
    HIDDEN_FILE = "hidden-file"
    OUT_OF_TIME = "out-of-time"
    CRASHED = "crashed"


SENTENCES: dict[RefusalReason, str] = {
    RefusalReason.EMPTY: "The file is empty; there is nothing to release. Leave it out.",
    RefusalReason.NO_ROWS: "The table has column names and no rows, so it has no results. Write rows below the names, "
    "or leave it out.",
    RefusalReason.NO_VALUES: "The document has brackets and no value in them, so it has no results. Write values into "
    "it, or leave it out.",
    RefusalReason.TOO_LARGE: "The file is larger than the gate reads. Send a summary, or split it.",
    RefusalReason.UNKNOWN_KIND: "The gate does not know this kind of file. Send CSV, Parquet, a workbook (.xlsx), "
    "JSON, text, PNG, JPEG, safetensors or a notebook.",
    RefusalReason.KIND_MISMATCH: "What is in the file is not what its name says. Give it the ending of its content.",
    RefusalReason.NO_NAME_ENDING: "The file's name has no ending that says what it is. Name it .csv, .parquet, .xlsx, "
    ".json, .txt, .md, .log, .png, .jpg, .safetensors or .ipynb.",
    RefusalReason.HTML: "Web pages are not released, since they can carry programs and hidden text. Send the tables "
    "as CSV, the figures as PNG and the text as .md.",
    RefusalReason.SVG: "SVG figures are not released, since they hold every data point as a number. Send PNG.",
    RefusalReason.PDF: "PDF is not released, since it can hide text and files. Send the tables as CSV, the figures as "
    "PNG and the text as .md.",
    RefusalReason.PICKLE: "Pickled Python objects are not released: they run code where they are opened, and can hold "
    "whole datasets. Send tables as CSV or Parquet, a model's coefficients or a decision tree as JSON, and a network's "
    "weights as safetensors.",
    RefusalReason.ARCHIVE: "Archives are not released. Send the files that are in it one by one.",
    RefusalReason.SPREADSHEET: "Old, encrypted, binary and macro-enabled spreadsheets are not read. Save the file as "
    ".xlsx without a password, or send each sheet as CSV.",
    RefusalReason.PROGRAM: "Programs are not released. Send source code as .txt or as a notebook.",
    RefusalReason.PICTURE: "This kind of picture is not read. Send PNG or JPEG.",
    RefusalReason.BINARY: "The file holds bytes that no text has, so it is not what its name says. Send CSV, JSON, "
    "text, PNG, JPEG, Parquet, a workbook (.xlsx) or a notebook.",
    RefusalReason.NOT_UTF8: "The text is not UTF-8. Save it again as UTF-8.",
    RefusalReason.CONTROL_CHARACTERS: "The text holds control characters. Take them out and save it again.",
    RefusalReason.RAGGED_TABLE: "A row does not have as many cells as the header. Write one header and rows of the "
    "same length.",
    RefusalReason.BAD_QUOTES: "The quotation marks of a cell do not match, so programs would read it differently. "
    "Quote the whole cell and double the marks within it.",
    RefusalReason.AMBIGUOUS_DELIMITER: "The table can be read with more than one separator. Use commas, and quote the "
    "cells that hold commas, semicolons or tabs.",
    RefusalReason.TOO_MANY_CELLS: "The table is larger than the gate reads. Send a summary table.",
    RefusalReason.LONG_CELL: "A cell is too long for a table. Send long text as .txt or .md.",
    RefusalReason.BROKEN_PARQUET: "The Parquet file cannot be read. Write it again, or send CSV.",
    RefusalReason.NESTED_COLUMN: "A column holds lists, structures or bytes. Flatten it to plain columns.",
    RefusalReason.BROKEN_JSON: "The file is not JSON. Write it again with a JSON library.",
    RefusalReason.REPEATED_KEY: "A JSON object has the same key twice, so programs would read it differently. Keep "
    "one of them.",
    RefusalReason.DEEP_JSON: "The JSON is nested too deeply. Flatten it.",
    RefusalReason.DEEP_SOURCE: "The source of a cell puts too much together in one expression. Write it in several "
    "steps.",
    RefusalReason.STRANGE_NUMBER: "The file holds NaN, an infinity or a number that is too long. Write null or text, "
    "or leave it out.",
    RefusalReason.BROKEN_PNG: "The picture cannot be read as PNG. Save it again.",
    RefusalReason.TRAILING_DATA: "The picture carries more bytes than its pixels need. Save it again with a plotting "
    "library.",
    RefusalReason.TOO_MANY_PIXELS: "The picture is larger than the gate reads. Save it with fewer pixels.",
    RefusalReason.ANIMATED: "Animated pictures are not released. Send single PNG figures.",
    RefusalReason.BROKEN_JPEG: "The picture cannot be read as JPEG. Save it again, or send PNG.",
    RefusalReason.LOOSE_BYTES: "The file holds bytes that belong to none of its parts. Write it again with the "
    "library that made it, or send CSV.",
    RefusalReason.BROKEN_XLSX: "The workbook cannot be read. Write it again as .xlsx, or send each sheet as CSV.",
    RefusalReason.UNPACKS_TOO_FAR: "The file unpacks to much more than its size says. Send a summary table, as CSV.",
    RefusalReason.ENCRYPTED: "The file is encrypted, so nobody can review it. Save it without a password.",
    RefusalReason.DOCUMENT_TYPE: "The workbook declares a document type or entities, which no spreadsheet program "
    "writes. Write it again as .xlsx, or send each sheet as CSV.",
    RefusalReason.UNKNOWN_PART: "The workbook has a part that the gate does not read. Copy the values into a new "
    "workbook, or send each sheet as CSV.",
    RefusalReason.MACROS: "The workbook holds macros. Save it as .xlsx without them, or send each sheet as CSV.",
    RefusalReason.EMBEDDED: "The workbook holds an embedded file or a control. Take it out, or send each sheet as CSV.",
    RefusalReason.DRAWINGS: "The workbook holds pictures, charts or shapes, which can hide data. Take them out and "
    "send figures as PNG, or send each sheet as CSV.",
    RefusalReason.COMMENTS: "The workbook holds comments or notes. Delete them, or send each sheet as CSV.",
    RefusalReason.PIVOT_TABLE: "The workbook holds a pivot table, which keeps a copy of the rows behind it. Copy the "
    "values alone into a new workbook, or send CSV.",
    RefusalReason.EXTERNAL_LINK: "The workbook links to other files or addresses. Break the links and remove "
    "hyperlinks, or send each sheet as CSV.",
    RefusalReason.CUSTOM_PROPERTIES: "The workbook has custom properties. Remove them from the document's "
    "information, or send each sheet as CSV.",
    RefusalReason.CUSTOM_XML: "The workbook carries custom XML, which can hold anything. Copy the values into a new "
    "workbook, or send each sheet as CSV.",
    RefusalReason.DEFINED_NAME: "The workbook has a defined name that is no plain range of its own cells. Delete the "
    "name, or send each sheet as CSV.",
    RefusalReason.DATA_VALIDATION: "The workbook holds validation rules, whose lists can carry data. Remove them, or "
    "send each sheet as CSV.",
    RefusalReason.HIDDEN_SHEET: "The workbook has a hidden sheet. Delete it, or show it if it is meant to leave.",
    RefusalReason.HIDDEN_CELLS: "A sheet has hidden rows or columns, or values beneath merged cells. Delete them, or "
    "show them if they are meant to leave.",
    RefusalReason.FORMULA: "A cell holds a formula, and what it shows depends on the program that opens it. Paste the "
    "values in place of formulas.",
    RefusalReason.NO_SHEET: "The workbook has no sheet of that name. Name one that it has, as in out.xlsx!Sheet1, or "
    "offer the whole file.",
    RefusalReason.SHEET_NAME: "The name of a sheet cannot be part of a file's name. Give the sheet a short, plain "
    "name.",
    RefusalReason.STRANGE_DATE: "A cell is formatted as a date and holds no date. Write it as text, or send CSV.",
    RefusalReason.NOT_A_NOTEBOOK: "The file is not a Jupyter notebook of format 4. Save it again in JupyterLab.",
    RefusalReason.TOO_MANY_PARTS: "The file has more parts than the gate reads. Split it.",
    RefusalReason.TOO_MUCH_ENCODED: "The file holds encoded or packed data that the gate cannot decode to the end. "
    "Send what is in it, plainly.",
    RefusalReason.BROKEN_ARCHIVE: "A packed archive that stands encoded in the file is broken, so nobody can say what "
    "is in it. Send what is in it, plainly.",
    RefusalReason.BROKEN_SAFETENSORS: "The model is not a whole safetensors file: its header is no plain list of "
    "arrays, or they overlap, leave gaps or are empty. Save it again with the safetensors library.",
    RefusalReason.ARRAY_TYPE: "An array holds numbers of a kind that the gate does not compare. Save it as F16, BF16, "
    "F32, F64, BOOL or whole numbers.",
    RefusalReason.HIDDEN_FILE: "An array's bytes are a file of another kind. Take it out; send files one by one.",
    RefusalReason.OUT_OF_TIME: "The gate did not get to the end of this file in the time that it has. Send a summary, "
    "or split it.",
    RefusalReason.CRASHED: "The reader could not finish with this file, so it was not accepted. Send it again in a "
    "simpler form, such as CSV or text.",
}


class ReadRefusedError(Exception):
    """A reader does not accept a file."""

    def __init__(self, reason: RefusalReason, row: int | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.row = row
