"""Uncounted parts: small parts that could not be counted together, since there are too many of them."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import RequestCheck
from hub.gate.context import Context
from hub.gate.pieces import is_cut, small_pieces

IDENTIFIER = "uncounted-parts"


def uncounted_parts(files: Sequence[Context]) -> list[list[Finding]]:
    """What small parts tell together is known only where all of them are counted.

    A request's small parts count together with those of the project's other requests on the same dataset, up to a
    bound. Who reaches it, by many harmless files for example, has pushed others out, so that a steward looks at what
    left and what is under way.
    """
    if not any(context.datasets for context in files):
        return [[] for _ in files]
    pieces = [small_pieces(context) for context in files]
    others = [piece for other in files[0].others for piece in small_pieces(other)]
    is_all = files[0].others_all_count and not is_cut([*(piece for own in pieces for piece in own), *others])
    sentence = (
        "There are more small parts, in this request and in the project's others that left or are under way, than the "
        "gate can put together, or not all could be read, so that not all are counted with this one. A steward looks "
        "at them together."
    )
    return [
        [context.finding(IDENTIFIER, Severity.REVIEW, "", sentence)] if own and not is_all else []
        for context, own in zip(files, pieces, strict=True)
    ]


UNCOUNTED = RequestCheck(IDENTIFIER, uncounted_parts, source="The lab's own: what small parts tell adds up")
