"""Quorums: how many different stewards approve every file of a request, by what its files hold and under which policy.

Invariants:

* the strictest class of a request's files counts for all of them;
* what nobody knows the class of counts as the strictest class that the policy names;
* a split takes no votes off: each half needs what the whole needed, or more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.domain.errors import InvalidError
from hub.domain.exports import ExportFile, ExportRequest
from hub.domain.output_classes import KNOWN, OutputClass


@dataclass(frozen=True, slots=True)
class Quorum:
    """The numbers of votes by class of output, as the policy with the digest ``policy`` asks for them."""

    policy: str
    votes: Mapping[OutputClass, int]

    def __post_init__(self) -> None:
        if set(self.votes) != set(KNOWN) or min(self.votes.values()) < 1:
            raise InvalidError(
                "The policy does not say of every class of output how many stewards approve it.",
                reason="policy-invalid",
            )

    def of(self, output: OutputClass) -> int:
        """Return how many votes a class needs; the unknown one as many as the strictest."""
        return self.votes[output] if output in self.votes else max(self.votes.values())

    def deciding(self, request: ExportRequest) -> OutputClass:
        """Return the class that asks for most among what the files hold; of equals, the first in the list of them."""
        found = classes_of(request)
        return max((each for each in OutputClass if each in found), key=self.of)

    def needed(self, request: ExportRequest) -> int:
        """Return how many different stewards must approve every file of the request."""
        return self.of(self.deciding(request))


def classes_of(request: ExportRequest) -> frozenset[OutputClass]:
    """Return what the files of a request hold, and what they were offered together with before a split."""
    unalike = {(file.classes, file.beside) for file in request.files}  # of a thousand files, a few
    held = {each for classes, beside in unalike for each in (*(classes or (OutputClass.UNKNOWN,)), *beside)}
    return frozenset(held or {OutputClass.UNKNOWN})


def held_together(files: tuple[ExportFile, ...]) -> tuple[OutputClass, ...]:
    """Return what files hold as far as the gate has said it, for those that are split off them to keep."""
    held = {each for file in files for each in (*file.classes, *file.beside)}
    return tuple(each for each in OutputClass if each in held)
