"""Facts about a model's parameters: they are fewer than the units of the rows that it may have learned from."""

from __future__ import annotations

import base64
from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Finding, Severity
from hub.domain.table_context import TableContext
from hub.gate.array_types import ArrayType
from hub.gate.checks.parameters import model_parameters
from hub.gate.context import Context
from hub.gate.exchange import DatasetDescription
from hub.gate.fragments import ArrayPart, ArraysFragment, Fragment, TextFragment, ValueFragment
from hub.gate.kinds import Kind
from hub.gate.mounted import MountedDataset, from_scans

LINEAR = {"form": "datalab-linear/1", "outcome": "y", "features": ["x"], "intercept": 0.0, "coefficients": [1.0]}


def weights(count: int) -> ArraysFragment:
    part = ArrayPart(name="w", type=ArrayType.F32, shape=(count,), data=base64.b64encode(bytes(4 * count)).decode())
    return ArraysFragment(place="!w", arrays=(part,))


def linear(records: int) -> ValueFragment:
    return ValueFragment(place="!m", value=LINEAR | {"records": records})


def dataset(name: str, *units: int) -> MountedDataset:
    """A file for each number, of so many people with two rows each."""
    files = {
        f"{n}.parquet": pl.LazyFrame(
            {"u": [*range(count)] * 2, "x": 1.0, "y": 2.0, "g": [n % 2 for n in range(count)] * 2}
        )
        for n, count in enumerate(units)
    }
    return from_scans(DatasetDescription(name=name, folder="/", privacy_unit="u"), files)


@pytest.fixture(scope="module")
def found(gate: Any) -> Any:
    """What is found under a policy that asks for ten degrees of freedom."""
    datasets = (dataset("small", 20), dataset("large", 15, 40))

    def judge(fragment: Fragment, of: str = "", mounted: tuple[MountedDataset, ...] = datasets) -> list[Finding] | None:
        policy = gate.under(residual_degrees=10).policy
        return model_parameters(fragment, Context("m", Kind.JSON, TableContext(of), policy, mounted))

    return judge


@pytest.mark.parametrize(("of", "units"), [("", 40), ("small", 20), ("large", 40)])
def test_arrays_have_fewer_numbers_than_the_largest_file_has_units(found: Any, of: str, units: int) -> None:
    assert found(weights(units - 10), of) is None
    (told,) = found(weights(units - 9), of)
    assert (told.check, told.severity, told.place) == ("model-parameters", Severity.BLOCK, "m!w")
    assert "less 10 degrees of freedom" in told.sentence
    assert told.rule == "at least 10 residual degrees of freedom (uk-sacro)"
    assert told.detail == f"Numbers: {units - 9}; units: {units}."
    assert told.parameters == (("residual_degrees", "10"),)


@pytest.mark.parametrize(("records", "of", "units"), [(11, "", 11), (11, "small", 11), (500, "tiny", 11)])
def test_a_document_has_no_more_units_than_records_and_than_its_dataset(
    found: Any, records: int, of: str, units: int
) -> None:
    """Of records that are more than the dataset has, those of the dataset count."""
    mounted = (dataset("tiny", 11), dataset("small", 20))
    (told,) = found(linear(records), of, mounted)
    assert (told.place, told.detail) == ("m!m", f"Numbers: 2; units: {units}.")
    assert found(linear(12), "small", mounted) is None


def test_where_nothing_says_how_many_units_there_were_nothing_is_found(found: Any) -> None:
    assert found(weights(10_000), "", ()) is None
    assert found(linear(12), "", ()) is None
    assert found(TextFragment(text="w")) is None
    assert [f.detail for f in found(linear(11), "", ())] == ["Numbers: 2; units: 11."]


@pytest.mark.parametrize(("records", "units"), [(44, 11), (11, 11), (10, 10)])
def test_of_a_declared_part_of_the_dataset_its_own_units_count(gate: Any, records: int, units: int) -> None:
    policy = gate.under(residual_degrees=10).policy
    context = Context("m", Kind.JSON, TableContext("d", filter="g = 1"), policy, (dataset("d", 22),))
    (told,) = model_parameters(linear(records), context) or []
    assert told.detail == f"Numbers: 2; units: {units}."
