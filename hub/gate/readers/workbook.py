"""Reads what a workbook is made of: every part has to be one that the gate knows, and to be reached from the first one.

Invariants:

* a part that is not on the list refuses the workbook, each kind of part with its own reason;
* a part that no other refers to refuses it, too, so that no sheet lies in the file unseen;
* properties, styles, themes and headers stay behind: cells alone go on.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from hub.gate.readers.xml_parts import Silent, read_xml
from hub.gate.refusals import ReadRefusedError, RefusalReason
from hub.gate.sheets import is_sheet_name

WORKBOOK = "xl/workbook.xml"
STRINGS = "xl/sharedStrings.xml"
STYLES = "xl/styles.xml"
TYPES = "[Content_Types].xml"
MOST_SHEETS = 50
_RELATIONS = re.compile(r"(?P<folder>(?:[^/]+/)*)_rels/(?P<name>[^/]*)\.rels")
_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(?:core|app)\.xml"
    r"|xl/(?:workbook|sharedStrings|styles)\.xml|xl/_rels/workbook\.xml\.rels|xl/theme/theme\d+\.xml"
    r"|xl/worksheets/[\w-]+\.xml|xl/worksheets/_rels/[\w-]+\.xml\.rels|xl/tables/[\w-]+\.xml"
)
_REFUSED_PARTS: tuple[tuple[re.Pattern[str], RefusalReason], ...] = (
    (re.compile(r"xl/(?:vba|macrosheets/|dialogsheets/|customUI)|customUI/"), RefusalReason.MACROS),
    (re.compile(r"xl/(?:comments|threadedComments|persons/)"), RefusalReason.COMMENTS),
    (re.compile(r"xl/(?:pivot|slicer|timeline)"), RefusalReason.PIVOT_TABLE),
    (re.compile(r"xl/(?:externalLinks/|connections|queryTables/|model/)"), RefusalReason.EXTERNAL_LINK),
    (re.compile(r"xl/(?:embeddings/|activeX/|ctrlProps/)"), RefusalReason.EMBEDDED),
    (re.compile(r"xl/(?:drawings/|media/|charts|diagrams/|ink/)|docProps/thumbnail"), RefusalReason.DRAWINGS),
    (re.compile(r"docProps/custom"), RefusalReason.CUSTOM_PROPERTIES),
    (re.compile(r"customXml/|xl/(?:xmlMaps|customProperty|customData/)"), RefusalReason.CUSTOM_XML),
    (re.compile(r"xl/calcChain"), RefusalReason.FORMULA),
)
_RELATED = {
    "officeDocument",
    "core-properties",
    "extended-properties",
    "worksheet",
    "sharedStrings",
    "styles",
    "theme",
    "table",
}
_KNOWN = {
    "fileVersion",
    "fileSharing",
    "workbookPr",
    "workbookProtection",
    "bookViews",
    "sheets",
    "definedNames",
    "calcPr",
    "extLst",
    "other:AlternateContent",
    "other:revisionPtr",
}
_REFUSED = {"externalReferences": RefusalReason.EXTERNAL_LINK, "pivotCaches": RefusalReason.PIVOT_TABLE}
_CELLS = (
    r"(?:(?:'(?:[^'\[\]]|'')+'|[\w.]+)!)?(?:\$?[A-Z]{1,3}\$?\d+|\$?[A-Z]{1,3}|\$?\d+)(?::(?:\$?[A-Z]{1,3})?\$?\d*)?"
)
_RANGES = re.compile(rf"{_CELLS}(?:,{_CELLS})*|#REF!")
NO = ("0", "false")


@dataclass(frozen=True, slots=True)
class Relation:
    """What one part says of another: the kind of relation, and the other's name."""

    kind: str
    target: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that everybody sees, and the part that holds its cells."""

    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets in their order, and whether days are counted from 1904."""

    sheets: tuple[Sheet, ...]
    from_1904: bool


def read_workbook(parts: Mapping[str, bytes]) -> Workbook:
    """Return the sheets of a workbook of which every part is known, reached and plain XML."""
    _check_parts(parts)
    relations = {_source(name): _relations(name, parts) for name in parts if name.endswith(".rels")}
    if WORKBOOK not in parts or not set(relations) <= {"", *parts}:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    _check_reached(parts, relations)
    book = _Book()
    read_xml(parts[WORKBOOK], book)
    named = {key: relation for key, relation in relations.get(WORKBOOK, {}).items() if relation.kind == "worksheet"}
    sheets = tuple(Sheet(name, named[key].target) for name, key in book.sheets if key in named)
    if len(sheets) != len(book.sheets) or len({s.part for s in sheets}) != len(sheets) or len(named) != len(sheets):
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    held = {name for name in parts if name.startswith("xl/worksheets/") and name.endswith(".xml")}
    if {s.part for s in sheets} != held:
        raise ReadRefusedError(RefusalReason.UNKNOWN_PART)
    _check_names(sheets)
    return Workbook(sheets, book.from_1904)


def _check_parts(parts: Mapping[str, bytes]) -> None:
    for pattern, reason in _REFUSED_PARTS:
        if any(pattern.match(name) for name in parts):
            raise ReadRefusedError(reason)
    if any(_PARTS.fullmatch(name) is None for name in parts):
        raise ReadRefusedError(RefusalReason.UNKNOWN_PART)
    read_xml(parts.get(TYPES, b""), _Types())
    for name, content in parts.items():
        if not name.startswith("xl/worksheets/") and name not in (TYPES, WORKBOOK, STRINGS, STYLES):
            read_xml(content, Silent())


def _check_names(sheets: tuple[Sheet, ...]) -> None:
    if not 1 <= len(sheets) <= MOST_SHEETS:
        raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS)
    if len({sheet.name.casefold() for sheet in sheets}) != len(sheets):
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    if not all(is_sheet_name(sheet.name) for sheet in sheets):
        raise ReadRefusedError(RefusalReason.SHEET_NAME)


def _check_reached(parts: Mapping[str, bytes], relations: Mapping[str, Mapping[str, Relation]]) -> None:
    """Every part is the first one, or another refers to it; only a workbook is what the file is about."""
    reached = {relation.target for related in relations.values() for relation in related.values()}
    if any(relation.target not in parts for related in relations.values() for relation in related.values()):
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    documents = [r.target for r in relations.get("", {}).values() if r.kind == "officeDocument"]
    if documents != [WORKBOOK]:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    if {name for name in parts if name != TYPES and not name.endswith(".rels")} - reached:
        raise ReadRefusedError(RefusalReason.UNKNOWN_PART)


def _source(name: str) -> str:
    """Return the part whose relations a part holds; none for those of the file itself."""
    match = _RELATIONS.fullmatch(name)
    return f"{match['folder']}{match['name']}" if match else ""


def _relations(name: str, parts: Mapping[str, bytes]) -> dict[str, Relation]:
    listener = _Related(posixpath.dirname(_source(name)))
    read_xml(parts[name], listener)
    return listener.found


class _Types(Silent):
    """Hears the types of the parts: one with macros is refused whatever it is called."""

    def begin(self, path: list[str], attributes: Mapping[str, str]) -> None:
        if "macro" in attributes.get("ContentType", "").lower():
            raise ReadRefusedError(RefusalReason.MACROS)


class _Related(Silent):
    """Hears relations; what lies outside of the file is refused."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.found: dict[str, Relation] = {}

    def begin(self, path: list[str], attributes: Mapping[str, str]) -> None:
        if path[-1] == "rels:Relationships":
            return
        if path[-1] != "rels:Relationship" or len(path) != 2:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        kind = attributes.get("Type", "").rpartition("/")[2]
        if attributes.get("TargetMode", "Internal") != "Internal" or kind == "hyperlink":
            raise ReadRefusedError(RefusalReason.EXTERNAL_LINK)
        if kind not in _RELATED:
            raise ReadRefusedError(RefusalReason.UNKNOWN_PART)
        identifier, target = attributes.get("Id", ""), attributes.get("Target", "")
        if identifier in self.found:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        self.found[identifier] = Relation(
            kind, posixpath.normpath(posixpath.join("/", self.folder, target)).lstrip("/")
        )


class _Book(Silent):
    """Hears the workbook's own part."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.from_1904 = False

    def begin(self, path: list[str], attributes: Mapping[str, str]) -> None:
        name = path[-1]
        if len(path) == 1 and name != "workbook":
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        if len(path) == 2 and name not in _KNOWN:
            raise ReadRefusedError(_REFUSED.get(name, RefusalReason.UNKNOWN_PART))
        if path[1:] == ["workbookPr"]:
            self.from_1904 = attributes.get("date1904", "0") not in NO
        elif path[1:] == ["sheets", "sheet"]:
            if attributes.get("state", "visible") != "visible":
                raise ReadRefusedError(RefusalReason.HIDDEN_SHEET)
            self.sheets.append((attributes.get("name", ""), attributes.get("r:id", "")))

    def end(self, path: list[str], text: str) -> None:
        if path[1:] == ["definedNames", "definedName"] and not _RANGES.fullmatch(text.strip()):
            is_external = "[" in text
            raise ReadRefusedError(RefusalReason.EXTERNAL_LINK if is_external else RefusalReason.DEFINED_NAME)
