"""Facts about sizes: the file that takes a month over the policy's volume is read, and no other."""

from __future__ import annotations

import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.canonical import canonical
from hub.gate.context import Context
from hub.gate.readers.files import read_file
from hub.gate.sizes import in_month, size, together
from hub.policy.load import load_profile

POLICY = load_profile("uk-sacro")
FILE = read_file(1, "t.csv", b"a,b\n1,2\n")


@pytest.mark.parametrize(("month", "is_read"), [(1_000, False), (1_001, True), (1_050, True), (1_051, False)])
def test_the_file_that_takes_a_month_over_its_volume_goes_to_a_steward(month: int, is_read: bool) -> None:
    """The file has 50 bytes; where the month was over before it, an earlier one was read."""
    policy = POLICY.model_copy(update={"limits": POLICY.limits.model_copy(update={"month_bytes": 1_000})})
    found = in_month(FILE, month, 50, policy)
    assert [(f.check, f.severity, f.place, f.parameters) for f in found] == [
        ("volume", Severity.REVIEW, "t.csv", (("month_bytes", "1000"),))
    ] * is_read
    assert all(str(month) in f.detail and str(month) not in f.sentence for f in found)


def test_a_file_of_just_the_policys_size_passes() -> None:
    policy = POLICY.model_copy(update={"limits": POLICY.limits.model_copy(update={"file_bytes": FILE.size})})
    context = Context(FILE.path, FILE.kind, TableContext(), policy, ())
    assert size(FILE, context) == []
    (told,) = size(FILE.model_copy(update={"size": FILE.size + 1}), context)
    assert (told.check, told.severity, told.place) == ("volume", Severity.BLOCK, "t.csv")


@pytest.mark.parametrize(
    ("count", "total", "name", "said"),
    [
        (2, 100, "u.csv", []),
        (3, 100, "u.csv", [("volume", "more than 2 files")]),
        (2, 101, "u.csv", [("volume", "more than 100 bytes")]),
        (2, 100, "t.csv", [("names", "under the same name")]),
    ],
)
def test_files_of_a_request_are_so_many_and_have_names_of_their_own(
    count: int, total: int, name: str, said: list[tuple[str, str]]
) -> None:
    limits = POLICY.limits.model_copy(update={"files": 2, "request_bytes": 100})
    policy = POLICY.model_copy(update={"limits": limits})
    found = together(FILE, canonical(FILE, policy), count, total, {name}, policy)
    assert [f.check for f in found] == [check for check, _ in said]
    assert all(words in f.sentence for f, (_, words) in zip(found, said, strict=True))
