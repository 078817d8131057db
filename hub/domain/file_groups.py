"""Groups of a request's files, each with its context: what it is, why, of which population, and how that is protected.

Invariants:

* every file stands in one group; the unnamed one, of what nobody put into another, has the request's own context;
* a named group has files, and all four parts of its context, before the request is made;
* what a vote reads beside a file is named by one digest: of its group's name and context.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

from hub.domain.errors import InvalidError

SHORTEST_CONTEXT = 20
MOST_GROUPS = 50
LONGEST_NAME = 80
UNNAMED = ""
"""The group of all files that are in no other."""


@dataclass(frozen=True, slots=True)
class FileGroup:
    """A named group, and its context in four parts."""

    name: str
    what: str
    why: str
    population: str
    protection: str


PARTS = tuple(field.name for field in fields(FileGroup) if field.name != "name")
"""The four parts of a group's context, in the order in which they are asked for and read."""
Grouped = Sequence[tuple[FileGroup, Collection[str]]]
"""Groups, each with the paths of its files."""


def check_context(context: str) -> None:
    """A request says what it is, why, and which population it covers."""
    if len(context.strip()) < SHORTEST_CONTEXT:
        raise InvalidError(
            "Say what these outputs are, why they are needed and which population they cover (20 characters or more).",
            reason="context-missing",
        )


def check_groups(context: str, groups: Grouped, paths: Collection[str]) -> None:
    """Each file is in one group; each named group has files and all of its context, the unnamed one the request's."""
    names = [group.name for group, _ in groups]
    if len(groups) > MOST_GROUPS or len(set(names)) < len(names):
        raise InvalidError("Name each group once; there are {most} at most.", reason="groups", most=MOST_GROUPS)
    for group, members in groups:
        _check_group(group, members)
    placed = [path for _, members in groups for path in members]
    if not set(placed) <= set(paths):
        raise InvalidError("A group names a file that the request does not offer.", reason="no-such-file")
    if len(set(placed)) < len(placed):
        raise InvalidError("A file is in one group alone.", reason="groups")
    if set(placed) < set(paths):
        check_context(context)


def _check_group(group: FileGroup, members: Collection[str]) -> None:
    if not 1 <= len(group.name) <= LONGEST_NAME:
        raise InvalidError("A group has a name of 1 to {most} characters.", reason="groups", most=LONGEST_NAME)
    if any(len(getattr(group, part)) < SHORTEST_CONTEXT for part in PARTS):
        raise InvalidError(
            "Say of the group {group} what it is, why it is wanted, which population it is about and what was done to "
            "protect it (20 characters or more each).",
            reason="context-missing",
            group=group.name,
        )
    if not members:
        raise InvalidError("Put files into the group {group}, or leave it out.", reason="groups", group=group.name)


def stripped(group: FileGroup) -> FileGroup:
    """Return the group without the space around what was typed."""
    return FileGroup(group.name.strip(), *(getattr(group, part).strip() for part in PARTS))


def context_digests(context: str, groups: Collection[FileGroup]) -> dict[str, str]:
    """Return SHA-256 of what is read of each group, by its name: its name and its context."""
    read = {UNNAMED: [context]} | {g.name: [getattr(g, part) for part in PARTS] for g in groups}
    return {name: hashlib.sha256(json.dumps([name, *parts]).encode()).hexdigest() for name, parts in read.items()}
