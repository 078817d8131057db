"""Notebooks as they leave: allow-listed keys and representations, and nothing of how they were run."""

from __future__ import annotations

import base64
from itertools import groupby

from pydantic import JsonValue

from hub.gate.canonical_image import write_png
from hub.gate.canonical_table import write_markdown
from hub.gate.canonical_value import write_json
from hub.gate.fragments import Fragment, ImageFragment, Slot, TableFragment, TextFragment
from hub.gate.refusals import ReadRefusedError, RefusalReason

_METADATA: dict[str, JsonValue] = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
Placed = tuple[Slot, TableFragment | TextFragment | ImageFragment]


def write_notebook(fragments: tuple[Fragment, ...]) -> bytes:
    """Return the bytes of a notebook with the sources and outputs that the fragments hold."""
    placed: list[Placed] = []
    for fragment in fragments:
        if not isinstance(fragment, (TableFragment, TextFragment, ImageFragment)) or fragment.slot is None:
            raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
        placed.append((fragment.slot, fragment))
    cells = [_cell(number, list(part)) for number, (_, part) in enumerate(groupby(placed, key=lambda p: p[0].cell))]
    return write_json({"nbformat": 4, "nbformat_minor": 5, "metadata": _METADATA, "cells": list[JsonValue](cells)})


def _cell(number: int, placed: list[Placed]) -> dict[str, JsonValue]:
    slot, source = placed[0]
    if not isinstance(source, TextFragment) or slot.output is not None:
        raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
    cell: dict[str, JsonValue] = {
        "cell_type": slot.cell_kind,
        "id": f"cell-{number + 1}",
        "metadata": {},
        "source": source.text,
    }
    if slot.cell_kind == "code":
        outputs = [_output(list(part)) for _, part in groupby(placed[1:], key=lambda p: p[0].output)]
        cell |= {"execution_count": None, "outputs": list[JsonValue](outputs)}
    elif len(placed) > 1:
        raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
    return cell


def _output(placed: list[Placed]) -> dict[str, JsonValue]:
    slot, first = placed[0]
    if slot.stream:
        if len(placed) > 1 or not isinstance(first, TextFragment):
            raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
        return {"output_type": "stream", "name": slot.stream, "text": first.text}
    data: dict[str, JsonValue] = {}
    for place, fragment in placed:
        text = _text(fragment)
        earlier = data.get(place.mime)
        data[place.mime] = f"{earlier}\n\n{text}" if isinstance(earlier, str) else text
    if "" in data or len([p for p, f in placed if isinstance(f, ImageFragment)]) > 1:
        raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _text(fragment: Fragment) -> str:
    if isinstance(fragment, ImageFragment):
        return base64.b64encode(write_png(fragment)).decode("ascii")
    return write_markdown(fragment) if isinstance(fragment, TableFragment) else _only_text(fragment)


def _only_text(fragment: Fragment) -> str:
    if not isinstance(fragment, TextFragment):
        raise ReadRefusedError(RefusalReason.NOT_A_NOTEBOOK)
    return fragment.text
