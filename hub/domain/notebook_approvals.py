"""How many people approve a notebook: what the owners of its datasets ask for, taken together.

Invariants:

* the strictest of the datasets' demands holds: the most approvers, the most organisations, and each owner that asks;
* an approval is of one schema: whoever approves another one takes the place of all approvals before;
* nobody counts twice, and the author never: that is refused before it comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.domain.errors import ConflictError, InvalidError

MOST_APPROVERS = 5


@dataclass(frozen=True, slots=True)
class NotebookApproval:
    """Who approved, and for which organisation they spoke then."""

    person: str
    organisation: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Demand:
    """What the owner of one dataset asks for; ``owner`` is empty where nobody of theirs has to be among them."""

    approvers: int
    organisations: int
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Needed:
    """How many people, from how many organisations; ``owners`` are those of which somebody must be among them."""

    approvers: int = 1
    organisations: int = 1
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """What an approval still needs, beside what was given."""

    approvers: int
    organisations: int
    owners: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether all was given."""
        return not (self.approvers or self.organisations or self.owners)


def needed(demands: Iterable[Demand]) -> Needed:
    """Return what the owners of a notebook's datasets ask for together; without a dataset, one approver is enough."""
    known = list(demands)
    approvers = max((d.approvers for d in known), default=1)
    organisations = max((d.organisations for d in known), default=1)
    return Needed(approvers, organisations, tuple(sorted({d.owner for d in known if d.owner})))


def left(given: Sequence[NotebookApproval], wanted: Needed) -> Left:
    """Return what is still needed."""
    people, organisations = {a.person for a in given}, {a.organisation for a in given}
    return Left(
        max(0, wanted.approvers - len(people)),
        max(0, wanted.organisations - len(organisations)),
        tuple(owner for owner in wanted.owners if owner not in organisations),
    )


def with_approval(
    given: Sequence[NotebookApproval], added: NotebookApproval, *, same_schema: bool
) -> tuple[NotebookApproval, ...]:
    """Return the approvals with one more; approving twice is a conflict, and another schema begins anew."""
    if not same_schema:
        return (added,)
    if added.person in {a.person for a in given}:
        raise ConflictError("You have approved this notebook already; it waits for others.", reason="approved-already")
    return (*given, added)


def check_demand(approvers: int, organisations: int) -> None:
    """An owner asks for a few people, and for no more organisations than people."""
    if not 1 <= approvers <= MOST_APPROVERS or not 1 <= organisations <= approvers:
        raise InvalidError(
            "Ask for 1 to {most} approvers, from no more organisations than that.",
            reason="approvers",
            most=MOST_APPROVERS,
        )
