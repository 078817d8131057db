"""Reads notebooks: every source, every representation of every output, and a mark for all that does not leave."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import JsonValue

from hub.gate.canonical_text import clean
from hub.gate.fragments import MOST_FRAGMENTS, BlobFragment, Fragment, Slot, TableFragment, TextFragment
from hub.gate.readers.documents import parse_json
from hub.gate.readers.markup import html_tables
from hub.gate.readers.png import decode_png
from hub.gate.refusals import ReadRefusedError, RefusalReason

_CELL_KEYS = {"cell_type", "id", "source", "metadata", "outputs", "execution_count", "attachments"}
_OUTPUT_KEYS = {"output_type", "name", "text", "data", "metadata", "execution_count", "ename", "evalue", "traceback"}
_NOTEBOOK_METADATA = {"kernelspec", "language_info"}
_MEDIA = re.compile(
    r"text/(?:plain|markdown|html|latex|csv)|image/(?:png|jpeg|gif|webp|svg\+xml)|audio/(?:mpeg|wav)|video/(?:mp4|webm)|"
    r"application/(?:json|javascript|pdf|geo\+json|vnd\.(?:plotly\.v1|dataresource|jupyter\.widget-view)\+json|"
    r"vnd\.vega(?:lite)?\.v\d\+json|vnd\.(?:bokehjs|holoviews)_(?:exec|load)\.v0\+json)"
)
"""Representations that programs write; any other name could say anything itself, and is not told."""

Object = dict[str, JsonValue]


def read_notebook(content: bytes) -> tuple[Fragment, ...]:
    """Read a notebook of format 4, cell by cell."""
    document = _object(parse_json(content))
    if document.get("nbformat") != 4 or set(document) - {"nbformat", "nbformat_minor", "metadata", "cells"}:
        raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
    fragments: list[Fragment] = list(_metadata(_object(document.get("metadata", {}))))
    known: set[str] = set()
    for number, cell in enumerate(_list(document.get("cells"))):
        fragments.extend(_said_once(_joined(_cell(number, _object(cell))), known))
        if len(fragments) > MOST_FRAGMENTS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS)
    return tuple(fragments)


def _said_once(fragments: Iterable[Fragment], known: set[str]) -> Iterator[Fragment]:
    """What does not leave is said at its first place, not in every cell."""
    for fragment in fragments:
        if isinstance(fragment, BlobFragment):
            if fragment.media in known:
                continue
            known.add(fragment.media)
        yield fragment


def _joined(fragments: Iterable[Fragment]) -> list[Fragment]:
    """A cell's parts; pieces of one stream with nothing that leaves between them are the one text that people see."""
    kept: list[Fragment] = []
    pieces: dict[int, list[str]] = {}
    last = -1
    for fragment in fragments:
        before = kept[last] if last >= 0 else None
        if isinstance(before, TextFragment) and isinstance(fragment, TextFragment) and _is_one_stream(before, fragment):
            pieces.setdefault(last, [before.text]).append(fragment.text)
            continue
        if not isinstance(fragment, BlobFragment) and not _is_empty_output(fragment):
            last = len(kept)
        kept.append(fragment)
    for at, texts in pieces.items():
        kept[at] = kept[at].model_copy(update={"text": "".join(texts)})
    return kept


def _is_one_stream(one: TextFragment, other: TextFragment) -> bool:
    return bool(one.slot and other.slot and one.slot.stream and one.slot.stream == other.slot.stream)


def _is_empty_output(part: Fragment) -> bool:
    return isinstance(part, TextFragment) and bool(
        part.slot and part.slot.output is not None and not clean(part.text).strip()
    )


def _metadata(metadata: Object) -> Iterator[Fragment]:
    if "widgets" in metadata:
        yield BlobFragment(place="#metadata.widgets", media="widget state")
    if set(metadata) - _NOTEBOOK_METADATA - {"widgets"}:
        yield BlobFragment(place="#metadata", media="notebook metadata")


def _cell(number: int, cell: Object) -> Iterator[Fragment]:
    place = f"#cells[{number}]"
    slot = Slot(cell=number, cell_kind=_cell_kind(cell.get("cell_type")))
    yield TextFragment(place=f"{place}.source", slot=slot, text=_text(cell.get("source", "")))
    if _object(cell.get("metadata", {})):
        yield BlobFragment(place=f"{place}.metadata", media="cell metadata")
    if cell.get("attachments"):
        yield BlobFragment(place=f"{place}.attachments", media="attachment")
    if set(cell) - _CELL_KEYS:
        yield BlobFragment(place=place, media="unknown key")
    outputs = _list(cell.get("outputs", []))
    if len(outputs) > MOST_FRAGMENTS:
        raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS)
    for index, output in enumerate(outputs):
        yield from _output(f"{place}.outputs[{index}]", slot.model_copy(update={"output": index}), _object(output))


def _output(place: str, slot: Slot, output: Object) -> Iterator[Fragment]:
    if set(output) - _OUTPUT_KEYS or _object(output.get("metadata", {})):
        yield BlobFragment(place=place, media="output metadata")
    match output.get("output_type"):
        case "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            filled = slot.model_copy(update={"stream": name})
            yield TextFragment(place=f"{place}.{name}", slot=filled, text=_text(output.get("text", "")))
        case "error":
            # An output of its own: as a stream it would run on from the one before it, in the text that people see.
            filled = slot.model_copy(update={"mime": "text/plain"})
            yield TextFragment(place=f"{place}.error", slot=filled, text=_error_text(output))
        case "display_data" | "execute_result":
            for media, data in _object(output.get("data", {})).items():
                yield from _representation(place, slot, media, data)
        case _:
            raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)


def _error_text(output: Object) -> str:
    lines = [_text(line) for line in _list(output.get("traceback", []))]
    return "\n".join(lines) or f"{_text(output.get('ename', ''))}: {_text(output.get('evalue', ''))}"


def _representation(place: str, slot: Slot, media: str, data: JsonValue) -> Iterator[Fragment]:
    at = f"{place}.{media if _MEDIA.fullmatch(media) else 'unknown'}"
    match media:
        case "text/plain" | "text/markdown":
            yield TextFragment(place=at, slot=slot.model_copy(update={"mime": media}), text=_text(data))
        case "text/html":
            yield from _html(at, slot.model_copy(update={"mime": "text/markdown"}), _text(data))
        case "image/png":
            yield decode_png(_base64(_text(data)), at, slot.model_copy(update={"mime": media}))
        case _:
            yield BlobFragment(place=at, media=media if _MEDIA.fullmatch(media) else "unknown media type")


def _html(place: str, slot: Slot, text: str) -> Iterator[Fragment]:
    tables = html_tables(text)
    yield BlobFragment(place=place, media="text/html")
    for number, table in enumerate(tables):
        at = f"{place}.table[{number}]"
        yield TableFragment(place=at, slot=slot, columns=table.columns, header=table.header, data=table.data)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ReadRefusedError(RefusalReason.BROKEN_PNG) from None


def _cell_kind(value: JsonValue) -> Literal["code", "markdown", "raw"]:
    match value:
        case "code" | "markdown" | "raw":
            return value
        case _:
            raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)


def _text(value: JsonValue) -> str:
    """Notebooks write a text as one string or as a list of its lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(str(line) for line in value)
    if not isinstance(value, str):
        raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
    return value


def _object(value: JsonValue) -> Object:
    if not isinstance(value, dict):
        raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
    return value
