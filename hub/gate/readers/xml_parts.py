"""Reads the XML of a workbook's part: UTF-8, no document type, no entities, no comments, bounded depth.

Elements and attributes go by their local names where their namespace is a spreadsheet's, in either of its two
spellings; names of other namespaces carry a mark in front, so that nothing of theirs is taken for a spreadsheet's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import count
from typing import NoReturn, Protocol
from xml.parsers import expat

from hub.gate.refusals import ReadRefusedError, RefusalReason

DEEPEST = 24
MOST_ELEMENTS = 8_000_000
"""A sheet of as many cells as the gate reads has about four elements for each."""
_PREFIXES = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main": "",
    "http://purl.oclc.org/ooxml/spreadsheetml/main": "",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r:",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "r:",
    "http://schemas.openxmlformats.org/package/2006/relationships": "rels:",
    "http://schemas.openxmlformats.org/package/2006/content-types": "types:",
    "http://www.w3.org/XML/1998/namespace": "xml:",
}
OTHER = "other:"


class Listener(Protocol):
    """What a part's elements are told to; ``path`` are the names of the elements around, and its own last."""

    def begin(self, path: list[str], attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, path: list[str], text: str) -> None:
        """An element ends; its text is what stands in it itself."""


class Silent:
    """Hears a part to its end and keeps nothing of it."""

    def begin(self, path: list[str], attributes: Mapping[str, str]) -> None:
        """Keep nothing."""

    def end(self, path: list[str], text: str) -> None:
        """Keep nothing."""


def read_xml(content: bytes, listener: Listener) -> None:
    """Tell a part's elements in their order; what is no plain XML is refused."""
    path: list[str] = []
    texts: list[list[str]] = []
    elements = count(1)

    def begin(name: str, attributes: dict[str, str]) -> None:
        path.append(_element(name))
        texts.append([])
        if len(path) > DEEPEST:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        if next(elements) > MOST_ELEMENTS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)
        listener.begin(path, {_attribute(key): value for key, value in attributes.items()})

    def text(data: str) -> None:
        texts[-1].append(data)

    def end(_name: str) -> None:
        listener.end(path, "".join(texts.pop()))
        path.pop()

    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.XmlDeclHandler = _check_declaration
    parser.StartDoctypeDeclHandler = _refuse(RefusalReason.DOCUMENT_TYPE)
    parser.EntityDeclHandler = _refuse(RefusalReason.DOCUMENT_TYPE)
    parser.ProcessingInstructionHandler = _refuse(RefusalReason.UNKNOWN_PART)
    parser.CommentHandler = _refuse(RefusalReason.UNKNOWN_PART)
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX) from None


def _check_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)


def _refuse(reason: RefusalReason) -> Callable[..., NoReturn]:
    def refuse(*_: object) -> NoReturn:
        raise ReadRefusedError(reason)

    return refuse


@lru_cache(maxsize=4096)
def _element(name: str) -> str:
    """Return an element's name with the mark of its namespace; one without any is no spreadsheet's."""
    namespace, _, local = name.rpartition(" ")
    return _PREFIXES.get(namespace, OTHER) + local


@lru_cache(maxsize=4096)
def _attribute(name: str) -> str:
    """Return an attribute's name; its own elements' attributes have no namespace."""
    namespace, _, local = name.rpartition(" ")
    return (_PREFIXES.get(namespace) or OTHER) + local if namespace else local
