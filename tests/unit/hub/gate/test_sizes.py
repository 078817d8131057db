"""Facts about sizes: the file that takes a month over the policy's volume is read, and no other."""

from __future__ import annotations

import pytest

from hub.domain.exports import Severity
from hub.gate.readers.files import read_file
from hub.gate.sizes import in_month
from hub.policy.load import load_profile

FILE = read_file(1, "t.csv", b"a,b\n1,2\n")


@pytest.mark.parametrize(("month", "is_read"), [(1_000, False), (1_001, True), (1_050, True), (1_051, False)])
def test_the_file_that_takes_a_month_over_its_volume_goes_to_a_steward(month: int, is_read: bool) -> None:
    """The file has 50 bytes; where the month was over before it, an earlier one was read."""
    policy = load_profile("uk-sacro")
    policy = policy.model_copy(update={"limits": policy.limits.model_copy(update={"month_bytes": 1_000})})
    found = in_month(FILE, month, 50, policy)
    assert [(f.check, f.severity, f.place, f.parameters) for f in found] == [
        ("volume", Severity.REVIEW, "t.csv", (("month_bytes", "1000"),))
    ] * is_read
    assert all(str(month) in f.detail and str(month) not in f.sentence for f in found)
