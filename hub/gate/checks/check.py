"""What a check is: a rule with an identifier, applied to one fragment."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from hub.domain.exports import Finding
from hub.gate.context import Context
from hub.gate.fragments import Fragment

Run = Callable[[Fragment, Context], list[Finding] | None]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule; ``run`` returns its findings, or None for a fragment that the rule does not speak of.

    ``claims`` is true where the rule judges what a fragment says, so that no other needs to.
    """

    identifier: str
    run: Run
    claims: bool = True

    @property
    def rule(self) -> str:
        """The rule in words: the docstring of the function that applies it."""
        return inspect.cleandoc(self.run.__doc__ or "")
