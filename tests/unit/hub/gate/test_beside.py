"""Facts about a project's first request: nothing lies beside it, and nothing of it is missing."""

from __future__ import annotations

from typing import Any

from hub.domain.table_context import TableContext
from hub.gate.beside import Beside
from hub.gate.engine import check_request
from hub.gate.readers.files import read_file


def test_a_first_request_may_fill_the_month_and_all_of_it_is_counted(gate: Any) -> None:
    body = b"A note about the method.\n"
    limits = gate.policy.limits.model_copy(update={"month_bytes": len(body)})
    offered = [(read_file(1, "t.txt", body), TableContext())]
    found = {}
    for before in (None, 1):
        beside = Beside() if before is None else Beside(month_bytes=before)
        policy = gate.policy.model_copy(update={"limits": limits})
        (judged,) = check_request(offered, policy, gate.datasets, beside=beside)
        found[before] = {f.check for f in judged.findings}
    assert found == {None: set(), 1: {"volume"}}
