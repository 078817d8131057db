"""The page and form by which an author says what the files of a request are, and in which groups they stand."""

from __future__ import annotations

from collections.abc import Iterable

from hub.domain.descriptions import check_can_be_described
from hub.domain.exports import check_is_author
from hub.domain.file_groups import MOST_GROUPS, PARTS
from hub.services.descriptions import to_be_described
from hub.services.people import whoami
from hub.web.api import description_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.review import DescriptionBody
from hub.web.pages.exports import place_of
from hub.web.pages.types import Context, Fields, Form, Landing, Page, Posted, Visit, refusal


def group_count(visit: Visit, least: int = 0) -> int:
    """Return for how many groups a form has room, as its address asks."""
    return min(max(least, place_of(visit.asked("groups"))), MOST_GROUPS)


def groups_typed(fields: Fields, taken: Iterable[str]) -> list[dict[str, object]]:
    """Return the groups of a form as the API takes them, each with those of the taken files that are in it.

    One of which nothing was typed is left out, unless a file is in it.
    """
    chosen: dict[str, list[str]] = {}
    for n in taken:
        chosen.setdefault(fields.one(f"group-{n}"), []).append("".join(fields.exact(f"path-{n}")))
    found: list[dict[str, object]] = []
    for number in map(str, range(1, MOST_GROUPS + 1)):
        said = {part: fields.one(f"group-{part}-{number}") for part in ("name", *PARTS)}
        if any(said.values()) or number in chosen:
            found.append({**said, "files": chosen.get(number, [])})
    return found


def show_description(visit: Visit) -> Context:
    """Show what its author said of a request, to be changed."""
    person = whoami(visit.lab, visit.actor)
    request = to_be_described(visit.lab, visit.actor, visit.path["id"])
    check_is_author(person, request)
    return {
        "request": request,
        "group_count": group_count(visit, len(request.groups)),
        "numbers": {group.name: n for n, group in enumerate(request.groups, 1)},
        "rule": refusal(lambda: check_can_be_described(request)),
    }


def describe(posted: Posted) -> Landing:
    """Say it anew."""
    fields = posted.fields
    taken = [name.removeprefix("path-") for name in fields.values if name.startswith("path-")]
    more = [line for line in fields.one("support_more").splitlines() if line.strip()]
    body = {
        "context": fields.one("context"),
        "groups": groups_typed(fields, taken),
        "supporting": [*fields.exact("support_path"), *more],
    }
    api.describe_export(posted.lab, posted.actor, request_of(DescriptionBody, posted.path, body))
    return Landing(("exports", posted.path["id"]), N_("What you said of the files is saved."))


DESCRIPTION = Page("/exports/{id}/describe", "describe.html", show_description, recorded=True)
PAGES = (DESCRIPTION,)
FORMS = (Form("/exports/{id}/describe", DESCRIPTION, describe),)
