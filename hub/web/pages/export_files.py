"""The page of one canonical file: what a steward looks at before they vote on it."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.exports import ExportFile
from hub.domain.queue import IN_REVIEW
from hub.domain.votes import may_review
from hub.services.request_looks import EarlierFile, RequestLook, ShownBeside, look_at_file
from hub.web.column_summaries import summaries_of
from hub.web.comparisons import compared, compared_cells
from hub.web.overlays import marks_of, masked, overlaid
from hub.web.pages.exports import said_of
from hub.web.pages.types import Context, Page, Visit
from hub.web.previews import ARRAYS, Preview, TablePreview, TextPreview, picture_size, preview_of

MEMBERSHIP = "membership"
"""The check that tries whether a model tells whom it was fitted on."""
BESIDE = {word.value: word for word in ShownBeside}


def show_file(visit: Visit) -> Context:
    """Show one canonical file alone, with its findings where they stand, beside an earlier one where asked for."""
    beside = BESIDE.get(visit.asked("beside"))
    file, looked, earlier = look_at_file(visit.lab, visit.actor, visit.path["id"], visit.asked("path"), beside)
    content = looked.contents[file.path]
    preview = preview_of(file.kind, content)
    return {
        "id": visit.path["id"],
        "file": file,
        "preview": preview,
        "pixels": picture_size(content) if preview.kind == "picture" else None,
        "beside": beside,
        "may_vote": looked.request.state in IN_REVIEW and may_review(looked.person, looked.request, looked.project),
        "group": next((g for g in looked.request.groups if g.name == file.group), None),
        **_found_in(file, preview),
        **_card(file, preview, looked),
        **_beside(file, preview, earlier),
        **neighbours(looked.request.files, file),
        **said_of(looked),
    }


def _card(file: ExportFile, preview: Preview, looked: RequestLook) -> Context:
    """Return what the file is, what the attack on a model found, and the table that a figure was drawn from."""
    if not file.card:
        return {"card": None}
    behind = next((f for f in looked.request.files if f.path != file.path and f.path in looked.contents), None)
    return {
        "card": file.card,
        "attacks": [found for found in file.findings if found.check == MEMBERSHIP],
        "shows_pictures": preview.kind == "picture" or file.card.removed,
        "drawn_from": behind,
        "table_preview": preview_of(behind.kind, looked.contents[behind.path]) if behind else None,
    }


def _found_in(file: ExportFile, preview: Preview) -> Context:
    """Return cells with marks and columns in short, or the parts of a text."""
    if isinstance(preview, TablePreview) and preview.kind == ARRAYS:
        return {"overlay": (), "columns": (), "parts": ()}
    if isinstance(preview, TablePreview):
        marks = marks_of(file.findings, preview.header, len(preview.rows))
        cells = overlaid(preview.header, preview.rows, marks) if marks else ()
        return {"overlay": cells, "columns": summaries_of(preview.header, preview.rows), "parts": ()}
    parts = masked(preview.text, file.findings) if isinstance(preview, TextPreview) else ()
    return {"overlay": (), "columns": (), "parts": parts if len(parts) > 1 or any(p.findings for p in parts) else ()}


def _beside(file: ExportFile, preview: Preview, earlier: EarlierFile | None) -> Context:
    if earlier is None:
        return {"earlier": None, "comparison": None, "cells": None, "pixels_before": None, "is_same": False}
    before = preview_of(file.kind, earlier.content)
    return {
        "earlier": earlier,
        "comparison": compared(before, preview),
        "cells": compared_cells(before, preview),
        "pixels_before": picture_size(earlier.content) if preview.kind == "picture" else None,
        "is_same": earlier.sha256 == file.canonical,
    }


def neighbours(files: Sequence[ExportFile], file: ExportFile) -> Context:
    """Return the file's place among those that can be looked at, and the ones before and after it."""
    seen = [f.path for f in files if f.canonical]
    place = seen.index(file.path)
    before, after = seen[place - 1] if place else "", seen[place + 1] if place + 1 < len(seen) else ""
    return {"number_of": place + 1, "all_of": len(seen), "before": before, "after": after}


PAGES = (Page("/exports/{id}/file", "export_file.html", show_file, recorded=True),)
