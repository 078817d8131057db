"""Facts about how much the names of columns say: words that no dataset has count, each once."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.table_context import TableContext
from hub.gate.context import Context
from hub.gate.kinds import Kind
from hub.gate.titles import says_much, unknown


@pytest.fixture
def context(gate: Any) -> Context:
    policy = gate.policy.model_copy(update={"free_text": 100})
    return Context("t.csv", Kind.CSV, TableContext(), policy, gate.datasets)


@pytest.mark.parametrize(
    ("titles", "is_much"),
    [
        (["a" * 99], False),
        (["a" * 100], True),
        (["a" * 50, "b" * 49], False),
        (["a" * 50, "b" * 50], True),
        (["a" * 60, " " + "a" * 60 + " "], False),
        (["a" * 60 + " one", "a" * 60 + " two"], False),
        (["ab " * 133], False),
        (["ab " * 133 + "a"], True),
        (["A" * 50 + "_" + "a" * 50], False),
        (["12 " * 20 + "a" * 97], False),
        (["12 " * 20 + "a" * 98], True),
    ],
)
def test_words_count_once_and_a_quarter_where_they_come_again(
    context: Context, titles: list[str], *, is_much: bool
) -> None:
    assert says_much(titles, context) is is_much


def test_what_a_dataset_has_is_known(context: Context) -> None:
    assert unknown(["income", "Est", "INCOME", "oak"], context) == ["oak"]
    assert not says_much(["income " * 50], context)
    assert says_much(["income " * 60], context)
