"""Parameters: whether a model has learned more numbers than there are units to learn from."""

from __future__ import annotations

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.fragments import ArraysFragment, Fragment
from hub.gate.training import model_in, training

IDENTIFIER = "model-parameters"


def model_parameters(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A model has learned fewer numbers than it had units, by ``residual_degrees`` at least.

    A model with as many numbers as units can remember each of them. Units are those of the rows that it was run again
    on, or of the largest file of the declared dataset, or of all; a document also says how many records it was fitted
    on. Parameters are the numbers of all arrays, or those that a document's form has learned.
    """
    model = model_in(fragment, context)
    if isinstance(fragment, ArraysFragment):
        parameters, units = fragment.count, _most_units(context)
    elif model is not None:
        records = training(model, context).records
        counted = records.part(seen=True).units.drop_nulls().n_unique() if records is not None else None
        parameters, units = model.parameters, min(model.records, _most_units(context) or model.records)
        units = units if counted is None else min(units, counted)
    else:
        return None
    needed = context.policy.residual_degrees
    if units is None or units - parameters >= needed:
        return None
    sentence = (
        f"The model has learned more numbers than there are units to learn from, less {needed} degrees of freedom, so "
        "that it can remember single units. Fit a smaller model, or fit it on more units."
    )
    detail = f"Numbers: {parameters}; units: {units}."
    rule = f"at least {needed} residual degrees of freedom ({context.policy.name})"
    said = (IDENTIFIER, Severity.BLOCK, fragment.place, sentence, rule)
    return [context.finding(*said, detail=detail, applied=("residual_degrees",))]


def _most_units(context: Context) -> int | None:
    """Units of the file that has the most of them, among those that the model may have been fitted on."""
    named = [d for d in context.datasets if context.table.dataset in ("", d.name)]
    return max((file.units for dataset in named for file in dataset.files), default=None)


MODEL_PARAMETERS = Check(
    IDENTIFIER,
    model_parameters,
    claims=False,
    statbarn="correlation coefficients",
    parameters=("residual_degrees",),
    source="SACRO-ML, structural attack: degrees of freedom",
)
