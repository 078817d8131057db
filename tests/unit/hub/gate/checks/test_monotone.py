"""Facts about all checks together: more rows and columns never make a verdict milder, nor does another order."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.gate.exchange import Verdict

ORDER = list(Verdict)
BAD = {
    "a small cell": "region,n\nNord,3\nEst,160\n",
    "a small count": "area,count\nA,3\nB,40\n",
    "an extreme value": "area,max_income\nA,31\nB,40\n",
    "a quantile": "area,n,p90\nA,30,31.5\nB,400,40.5\n",
    "a percentage": "area,n,pct_smokers\nA,120,2.5\nB,400,50\n",
    "a coordinate": "area,lat\nA,48.85661\nB,47.2\n",
    "a model": "what,value\ndf_resid,3\nr2,0.31\n",
    "a dummy": "term,coef\nIntercept,3.1\nregion_Nord,1.2\n",
    "a survival step": "time,at_risk,events\n0,500,0\n12,497,3\n24,400,97\n",
}
MORE_ROWS = st.lists(st.sampled_from(["one", "two", "three", "Sud", "Ouest"]), max_size=3, unique=True)


@pytest.mark.parametrize("what", BAD)
@settings(max_examples=6, deadline=None)
@given(labels=MORE_ROWS, column=st.booleans())
def test_more_data_makes_no_verdict_milder(gate: Any, what: str, labels: list[str], column: bool) -> None:
    table = pl.read_csv(BAD[what].encode(), infer_schema=False)
    more = [{name: label if at == 0 else "260" for at, name in enumerate(table.columns)} for label in labels]
    longer = pl.concat([table, pl.DataFrame(more, schema=table.schema)]) if more else table
    wider = longer.with_columns(note=pl.lit("text")) if column else longer
    before, after = (gate.judge("t.csv", t.write_csv()).verdict for t in (table, wider))
    assert before is Verdict.BLOCK
    assert ORDER.index(after) <= ORDER.index(before)


@pytest.mark.parametrize("what", BAD)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_another_order_changes_no_verdict(gate: Any, what: str, data: st.DataObject) -> None:
    table = pl.read_csv(BAD[what].encode(), infer_schema=False)
    rows = data.draw(st.permutations(range(table.height)))
    columns = table.columns if what == "a model" else data.draw(st.permutations(table.columns))
    assert gate.judge("t.csv", table[rows].select(columns).write_csv()).verdict is Verdict.BLOCK
