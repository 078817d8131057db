"""Models as a whole: read by a steward, in a form that can be judged, with what is said of their training."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue, ValidationError

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.fragments import ArraysFragment, Fragment, ValueFragment
from hub.gate.model_forms import LINEAR, TREE, FormFaultError, Privacy, TreeForm, is_foreign_tree, model_of
from hub.gate.training import agrees, differing_leaves, model_in, training

MODEL_ID = "model"
FORM_ID = "model-form"
TRAINING_ID = "model-training"
PRIVACY_ID = "declared-privacy"
_MOST_NAMED = 10


def model(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A steward reads every model, since no check can tell what its numbers remember of single units.

    A model is a file of arrays, or a document of one of the forms that the gate can run.
    """
    if not isinstance(fragment, ArraysFragment) and model_in(fragment, context) is None:
        return None
    sentence = (
        "A steward reads every model: no check can tell all that its numbers remember of single units. Say in the "
        "request what it is for, how it was fitted, and on how many units."
    )
    return [context.finding(MODEL_ID, Severity.REVIEW, fragment.place, sentence)]


def model_form(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A decision tree leaves in the gate's own form, so that its leaves can be counted; a fault in the form blocks."""
    if not isinstance(fragment, ValueFragment):
        return None
    try:
        found = model_of(fragment)
    except FormFaultError as fault:
        sentence = f"The document names a form of the gate's and is not of it ({fault}). Write it as the docs show."
        return [context.finding(FORM_ID, Severity.BLOCK, fragment.place, sentence[:700])]
    if found is not None or not is_foreign_tree(fragment.value):
        return None
    sentence = (
        f"The document looks like a decision tree in a form whose leaves the gate cannot count. Write it in the form "
        f"{TREE}, one file for each tree; a linear model has the form {LINEAR}."
    )
    return [context.finding(FORM_ID, Severity.BLOCK, fragment.place, sentence)]


def model_training(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A model is run again on the rows that its author declares, and has to hold as many of them as it says.

    Every other rule counts on what was declared, so that a model which these rows do not give blocks. Where nothing
    is declared, a whole file of a dataset is tried; what cannot be run again is judged by what it states.
    """
    found = model_in(fragment, context)
    if found is None:
        return None
    known = training(found, context)
    if known.fault:
        place = f"{fragment.place}, the declaration of the model"
        return [context.finding(TRAINING_ID, Severity.BLOCK, place, known.fault)]
    if known.records is None:
        sentence = (
            f"The model was judged by what it states, since {known.why}. A steward reads it; declare its dataset and, "
            "as a filter, the rows that it was fitted on, to have its units counted."
        )
        return [context.finding(TRAINING_ID, Severity.REVIEW, fragment.place, sentence)]
    if agrees(found, known.records, known.step):
        return None
    leaves: list[int] = []
    if isinstance(found, TreeForm):
        leaves = differing_leaves(found, known.records.part(seen=True), known.step)
    sentence = (
        "The declared rows do not give the records that the model says it was fitted on, so that its units cannot be "
        "counted. Correct the counts, the filter or the dataset; round thresholds before records are counted."
    )
    return [context.finding(TRAINING_ID, Severity.BLOCK, f"{fragment.place}{leaves_text(leaves)}", sentence)]


def leaves_text(leaves: list[int]) -> str:
    """Name nodes by their numbers, from 0 as the lists of the form count; of many, the first ten."""
    shown = ", ".join(map(str, leaves[:_MOST_NAMED]))
    more = f" and {len(leaves) - _MOST_NAMED} more" if len(leaves) > _MOST_NAMED else ""
    return f", {'leaf' if len(leaves) == 1 else 'leaves'} {shown}{more}" if leaves else ""


def declared_privacy(fragment: Fragment, context: Context) -> list[Finding] | None:
    """What an author declares of differential privacy (ε, δ) is shown to the steward, and changes no verdict.

    It stands as ``epsilon`` and ``delta`` among a file's metadata, or in a document. Nothing here can verify it: it
    says how the training was set up, which only a mechanism that the lab itself runs could promise.
    """
    said = list(dict.fromkeys(_declared(fragment)))
    if not said:
        return None
    sentence = "The model declares differential privacy. The gate cannot verify it, and judges the model as any other."
    told = "; ".join(f"ε = {privacy.epsilon:g}, δ = {privacy.delta:g}" for privacy in said[:3])
    detail = f"As its author says, and nobody else: {told}."
    return [context.finding(PRIVACY_ID, Severity.NOTE, fragment.place, sentence, detail=detail)]


def _declared(fragment: Fragment) -> Iterator[Privacy]:
    if isinstance(fragment, ArraysFragment):
        yield from _privacy(dict(fragment.metadata))
    elif isinstance(fragment, ValueFragment) and isinstance(fragment.value, dict):
        yield from _privacy(fragment.value)
        nested = fragment.value.get("privacy")
        yield from _privacy(nested) if isinstance(nested, dict) else ()


def _privacy(said: dict[str, str] | dict[str, JsonValue]) -> Iterator[Privacy]:
    try:
        yield Privacy.model_validate({k: said[k] for k in ("epsilon", "delta") if k in said}, strict=False)
    except ValidationError:
        return


MODEL = Check(
    MODEL_ID,
    model,
    source="GRAIMATTER, Recommendations for disclosure control of trained machine learning models, 2022",
)
MODEL_FORM = Check(FORM_ID, model_form, claims=False, source="The lab's own: what cannot be counted is not released")
MODEL_TRAINING = Check(
    TRAINING_ID,
    model_training,
    claims=False,
    source="The lab's own: no other gate runs a model again",
)
DECLARED_PRIVACY = Check(
    PRIVACY_ID,
    declared_privacy,
    claims=False,
    source="Dwork and Roth, The Algorithmic Foundations of Differential Privacy",
)
