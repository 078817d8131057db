"""What a check is: a rule with an identifier, applied to one fragment."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.domain.exports import Finding
from hub.gate.context import Context
from hub.gate.fragments import Fragment

Run = Callable[[Fragment, Context], list[Finding] | None]
RunTogether = Callable[[Sequence[Context]], list[list[Finding]]]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule; ``run`` returns its findings, or None for a fragment that the rule does not speak of.

    ``claims`` is true where the rule judges what a fragment says, so that no other needs to. ``alone`` is true where
    the findings follow from the fragment and from what is the same for the whole file. ``statbarn`` is the kind of
    statistic by its name in the ontology of statistical barns, ``parameters`` are the policy's that the rule applies,
    and ``source`` is where the rule comes from.
    """

    identifier: str
    run: Run
    claims: bool = True
    alone: bool = True
    statbarn: str = ""
    parameters: tuple[str, ...] = ()
    source: str = ""

    @property
    def rule(self) -> str:
        """The rule in words: the docstring of the function that applies it."""
        return inspect.cleandoc(self.run.__doc__ or "")


@dataclass(frozen=True, slots=True)
class RequestCheck:
    """A rule on the files of a request together; ``run`` takes their contexts and returns the findings of each."""

    identifier: str
    run: RunTogether
    statbarn: str = ""
    parameters: tuple[str, ...] = ()
    source: str = ""

    @property
    def rule(self) -> str:
        """The rule in words: the docstring of the function that applies it."""
        return inspect.cleandoc(self.run.__doc__ or "")
