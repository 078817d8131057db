"""The stage of the story: one lab, each person's own way into it, and what a step says that it saw."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hub.adapters.secrets import Secret, read_secret, replace_secret
from hub.cli.client import Portal
from hub.cli.waiting import Tell
from hub.demo.web_login import Visitor
from hub.domain.errors import ConflictError, LabError, UnavailableError
from hub.settings import Settings

TOKENS = "demo-tokens.json"
NOTE = "demonstration"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was really seen: a short verdict, and the particulars."""

    verdict: str
    particulars: str = ""


@dataclass(slots=True)
class Stage:
    """One lab, and the people's browsers and tokens, made when they are first needed."""

    settings: Settings
    config: Path
    tell: Tell = lambda *_: None
    new_passwords: dict[str, str] = field(default_factory=dict)
    _visitors: dict[str, Visitor] = field(default_factory=dict)
    _portals: dict[str, Portal] = field(default_factory=dict)

    def visitor(self, name: str) -> Visitor:
        """A person's browser, logged in through the provider's page."""
        if name not in self._visitors:
            self._visitors[name] = Visitor(
                self.settings.public_url, name, self._password(name), self.settings.origin_of
            )
        return self._visitors[name]

    def portal(self, name: str) -> Portal:
        """A person's own connection to the API; a token that still counts is used again."""
        if name not in self._portals:
            self._portals[name] = self._kept(name) or self._fresh(name)
        return self._portals[name]

    def _password(self, name: str) -> str:
        passwords: dict[str, str] = json.loads(read_secret(self.settings.secret(Secret.DEMO)))
        if name not in passwords:
            raise UnavailableError("There is no password for {name}; run “make clean demo”.", reason="login", name=name)
        return passwords[name]

    def _tokens(self) -> dict[str, str]:
        path = self.settings.secret(TOKENS)
        return dict(json.loads(read_secret(path))) if path.exists() else {}

    def _kept(self, name: str) -> Portal | None:
        token = self._tokens().get(name)
        portal = Portal(self.settings.public_url, token) if token else None
        if portal is None:
            return None
        try:
            portal.get("/me")
        except LabError as error:
            if error.reason != "token":
                raise
            return None
        return portal

    def _fresh(self, name: str) -> Portal:
        token = self.visitor(name).make_token(NOTE)
        replace_secret(self.settings.secret(TOKENS), json.dumps(self._tokens() | {name: token}))
        return Portal(self.settings.public_url, token)


def refused(act: Callable[[], object], *reasons: str) -> str:
    """Do what must be refused for one of these reasons, and return the lab's sentence.

    Raises ConflictError when it was not refused: then the lab does not keep a promise.
    """
    try:
        act()
    except LabError as error:
        if error.reason not in reasons:
            raise
        return str(error)
    raise ConflictError(
        "The lab allowed what it must refuse ({refusals}).", reason="promise", refusals=", ".join(reasons)
    )


def check(holds: bool, promise: str) -> None:
    """What the story shows must be so; ConflictError says what is not."""
    if not holds:
        raise ConflictError("This was not seen: {promise}.", reason="promise", promise=promise)
