"""Which server a request is for, and whether its path says exactly one thing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from hub.domain.errors import InvalidError, NotFoundError

LONGEST_TARGET = 8000
MOST_ROUNDS = 8
"""How often a path is decoded here: each time costs all others time, and no program decodes so often."""

# The characters of a path and of a query as browsers send them; everything else must be percent-encoded.
_PATH = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\[\]{}|^`]|%[0-9A-Fa-f]{2})*")
_SERVER = re.compile(r"/user/([a-z][a-z0-9-]{0,39})/([a-z][a-z0-9-]{0,39})(/.*)?", re.DOTALL)
# What one program takes for a separator, a step upward or an end, and another for a letter.
_AMBIGUOUS = re.compile(r"%(?:2[fF]|5[cC]|00|0[0-9a-fA-F]|1[0-9a-fA-F]|7[fF])")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: ``raw`` is its address as it came, ``path`` its path below the server's prefix, decoded."""

    person: str
    project: str
    raw: str
    path: str
    query: str

    @property
    def prefix(self) -> str:
        """The server's own path, with a slash at both ends."""
        return f"/user/{self.person}/{self.project}/"


def match(raw: str) -> Target:
    """Return where a request goes; InvalidError where its address could be read in two ways."""
    path, _, query = raw.partition("?")
    found = _SERVER.fullmatch(path)
    if not found:
        raise NotFoundError("No workspace has this address.", reason="no-such-server")
    if len(raw) > LONGEST_TARGET or not (_PATH.fullmatch(path) and _QUERY.fullmatch(query)):
        raise _ambiguous()
    rest = found[3] or ""
    _check_says_one_thing(rest)
    return Target(found[1], found[2], raw, unquote(rest).removeprefix("/"), query)


def _check_says_one_thing(path: str) -> None:
    """However often a program decodes it, a path has the same segments, and none of them leads upward."""
    for _ in range(MOST_ROUNDS):
        segments = path.split("/")
        if _AMBIGUOUS.search(path) or "" in segments[1:-1] or {".", ".."} & set(segments):
            raise _ambiguous()
        plain = unquote(path)
        if plain == path:
            return
        path = plain
    raise _ambiguous()


def _ambiguous() -> InvalidError:
    return InvalidError(
        "The address can be read in more than one way; go back and open the page from the workspace.",
        reason="ambiguous-address",
    )
