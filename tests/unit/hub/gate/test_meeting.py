"""Facts about meetings: one for each table and each file, and made once for the checks of a fragment."""

from __future__ import annotations

import polars as pl

from hub.domain.table_context import TableContext
from hub.gate.context import Context
from hub.gate.exchange import DatasetDescription
from hub.gate.kinds import Kind
from hub.gate.meeting import meeting_of
from hub.gate.mounted import from_scans
from hub.gate.views import TableView
from hub.policy.load import load_profile


def test_a_meeting_is_of_one_table_and_one_file_and_made_once() -> None:
    scans = {name: pl.DataFrame({"v": ["red", "blue"] * 9}).lazy() for name in ("a", "b")}
    dataset = from_scans(DatasetDescription(name="d", folder="/"), scans)
    context = Context("t.csv", Kind.CSV, TableContext(), load_profile("uk-sacro"), (dataset,))
    one, other = (TableView(place, ("v",), pl.DataFrame({"c0": ["red"]})) for place in ("!1", "!2"))
    met = [meeting_of(view, file, context) for view in (one, other) for file in dataset.files]
    assert len(set(map(id, met))) == 4
    assert meeting_of(one, dataset.files[0], context) is met[0]
    context.give_up()
    assert meeting_of(one, dataset.files[0], context) is not met[0]
