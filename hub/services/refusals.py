"""Refusals that stand in the audit log: what a freeze, a lineage, a revocation or an end kept from leaving.

Invariants:

* the refusal is recorded in a transaction of its own, after the one that it ended; it changes no record;
* only what is refused to somebody who may see the thing is recorded here, so that the log names nothing to strangers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from hub.domain.audit import event
from hub.domain.errors import LabError
from hub.domain.exports import ExportRequest
from hub.services.lab import Lab

P = ParamSpec("P")
T = TypeVar("T")
UseCase = Callable[Concatenate[Lab, str, str, P], T]
RECORDED = frozenset(
    {"frozen", "lineage-over", "not-granted", "grant-ended", "grant-withdrawn"}
    | {"release-revoked", "release-ended", "download-ended"}
)


def records_refusals(act: str) -> Callable[[UseCase[P, T]], UseCase[P, T]]:
    """Record who was refused ``act`` on which request, release or project, and by which rule."""

    def around(use_case: UseCase[P, T]) -> UseCase[P, T]:
        @wraps(use_case)
        def told(lab: Lab, actor: str, subject: str, /, *more: P.args, **named: P.kwargs) -> T:
            try:
                return use_case(lab, actor, subject, *more, **named)
            except LabError as error:
                if error.reason in RECORDED:
                    _record(lab, actor, subject, act, error.reason)
                raise

        return told

    return around


def _record(lab: Lab, actor: str, subject: str, act: str, rule: str) -> None:
    with lab.store.begin() as records:
        request = records.get(ExportRequest, subject)
        project = request.project if request else subject
        records.record(event("export:request:refuse", actor, subject, project, act=act, rule=rule))
