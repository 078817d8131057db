"""Saved views: filters of the queue under a name, which a person keeps for themselves.

Invariants:

* a person has one view of each name, and not more than a page shows;
* a view is filters alone: what it shows is asked of the rules whenever it is opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hub.domain.errors import ConflictError, InvalidError, NotFoundError
from hub.domain.exports import Severity
from hub.domain.queue import ServiceLevel, Show

MOST_VIEWS = 20
NAME = re.compile(r"[^\W_][\w .,’()+-]{0,39}")


@dataclass(frozen=True, slots=True)
class SavedView:
    """Filters of the queue under a name."""

    name: str
    show: Show = Show.ALL
    project: str = ""
    risk: Severity | None = None
    level: ServiceLevel | None = None


@dataclass(frozen=True, slots=True)
class SavedViews:
    """All that one person keeps, in the order in which they were named first."""

    person: str
    views: tuple[SavedView, ...] = ()


def with_view(kept: SavedViews, view: SavedView) -> SavedViews:
    """Return what a person keeps with a view, which takes the place of the one of the same name."""
    if not NAME.fullmatch(view.name) or view.name != view.name.strip():
        raise InvalidError(
            "The name of a saved view begins with a letter or a digit and has up to 40 letters, digits, spaces or "
            ". , ’ ( ) + -.",
            reason="view-name",
        )
    names = [each.name for each in kept.views]
    if view.name in names:
        return replace(kept, views=tuple(view if each.name == view.name else each for each in kept.views))
    if len(names) >= MOST_VIEWS:
        raise ConflictError(
            "You keep {most} views, which is as many as there may be; forget one first.",
            reason="too-many-views",
            most=MOST_VIEWS,
        )
    return replace(kept, views=(*kept.views, view))


def without_view(kept: SavedViews, name: str) -> SavedViews:
    """Return what a person keeps without the view of a name."""
    left = tuple(each for each in kept.views if each.name != name)
    if len(left) == len(kept.views):
        raise NotFoundError("You keep no view of that name.", reason="not-found")
    return replace(kept, views=left)
