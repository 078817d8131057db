"""Who says where the outputs of an export request come from."""

from __future__ import annotations

from enum import StrEnum

from hub.domain.exports import WORKSPACE_SOURCE


class Evidence(StrEnum):
    """Who says where outputs come from: the lab, which made them itself in a run, or the person who brings them."""

    ATTESTED = "attested"
    CLAIMED = "claimed"


def evidence_of(source: str) -> Evidence:
    """Return who says where the outputs of a request come from.

    What is offered from a run is taken only where it is, byte for byte, what the run's record names.
    """
    return Evidence.CLAIMED if source == WORKSPACE_SOURCE else Evidence.ATTESTED
