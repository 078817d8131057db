"""The page of one supporting file: reviewers look at it beside a request, and nothing of it can be taken along."""

from __future__ import annotations

from hub.services.supporting import supporting_file
from hub.web.pages.types import Context, Page, Visit
from hub.web.previews import preview_of


def show_supporting(visit: Visit) -> Context:
    """Show one supporting file as the gate wrote it anew."""
    file, content = supporting_file(visit.lab, visit.actor, visit.path["id"], visit.asked("path"))
    preview = preview_of(file.kind, content)
    more = bool(getattr(preview, "more", False))
    return {"id": visit.path["id"], "file": file, "preview": preview, "goes_on": more}


PAGES = (Page("/exports/{id}/supporting", "supporting.html", show_supporting, recorded=True),)
