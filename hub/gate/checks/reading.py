"""What a steward has to read or look at, and what does not leave at all."""

from __future__ import annotations

import json

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.column_names import is_count_name
from hub.gate.context import Context
from hub.gate.fragments import BlobFragment, Fragment, ImageFragment, RefusalFragment, TextFragment, ValueFragment
from hub.gate.kinds import Kind
from hub.gate.patterned_text import says_by_pattern
from hub.gate.refusals import SENTENCES
from hub.gate.spoken_numbers import spoken_numbers
from hub.gate.training import model_in

MOST_DIGITS_IN_CODE = 20


def refusal(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A file that its reader refuses is not released."""
    if not isinstance(fragment, RefusalFragment):
        return None
    place = f"{fragment.place}, row {fragment.row}" if fragment.row else fragment.place
    return [context.finding("reader", Severity.BLOCK, place, SENTENCES[fragment.reason], f"reader: {fragment.reason}")]


def picture(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A picture is looked at by a steward, since no check knows what it shows."""
    if not isinstance(fragment, ImageFragment):
        return None
    sentence = (
        "A steward looks at this picture: marks for single units, extreme values and labels are not found by a check. "
        "Send the figure's table with it."
    )
    return [context.finding("picture", Severity.REVIEW, fragment.place, sentence)]


def free_text(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Text that is long is read by a steward, and so is text with numbers in digits or words; code may hold a few.

    So is text that says something by its pattern: a few words again and again, letters one by one, or bars of marks.
    """
    if not isinstance(fragment, TextFragment):
        return None
    if len(fragment.text) >= context.policy.free_text:
        sentence = "The text is long enough to carry anything, so a steward reads it. Shorten it to what is needed."
        rule = f"free text from {context.policy.free_text} characters ({context.policy.name})"
        return [context.finding("free-text", Severity.REVIEW, fragment.place, sentence, rule)]
    slot = fragment.slot
    is_code = slot is not None and slot.output is None and slot.cell_kind == "code"
    if spoken_numbers(fragment.text) > (MOST_DIGITS_IN_CODE if is_code else 0):
        sentence = "The text holds numbers that no check can verify, so a steward reads it."
        return [context.finding("free-text", Severity.REVIEW, fragment.place, sentence)]
    if not is_code and says_by_pattern(fragment.text):
        return [context.finding("free-text", Severity.REVIEW, fragment.place, _PATTERN)]
    return []


_PATTERN = (
    "The text repeats words, letters or marks in a way that can tell values or counts, so a steward reads it. Write "
    "what it says in sentences, or send a table."
)


def values(fragment: Fragment, context: Context) -> list[Finding] | None:
    """The numbers of a JSON document are read by a steward; one that is named like a count meets the threshold."""
    if not isinstance(fragment, ValueFragment):
        return None
    findings = []
    small = _small_counts(json.loads(json.dumps(fragment.value)), context.policy.minimum_units)
    if small:
        sentence = (
            f"{small} value(s) named like a count are below {context.policy.minimum_units}. Merge categories, or leave "
            "them out; if they are no counts, name them for what they are."
        )
        rule = f"at least {context.policy.minimum_units} privacy units in each cell ({context.policy.name})"
        findings.append(context.finding("minimum-frequency", Severity.BLOCK, fragment.place, sentence, rule))
    text = json.dumps(fragment.value)
    says_numbers = spoken_numbers(context.text(fragment).text) > 0
    says_much = says_numbers or len(text) >= context.policy.free_text or says_by_pattern(context.text(fragment).text)
    if model_in(fragment, context) is None and says_much:
        sentence = "The document holds numbers, or much else, that no check can verify, so a steward reads it."
        findings.append(context.finding("values", Severity.REVIEW, fragment.place, sentence))
    return findings


def _small_counts(value: object, threshold: int) -> int:
    """Count the numbers below the threshold whose key is named like a count."""
    if isinstance(value, dict):
        numbers = {k: v for k, v in value.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
        own = sum(is_count_name(key) and 0 < number < threshold for key, number in numbers.items())
        return own + sum(_small_counts(part, threshold) for part in value.values())
    return sum(_small_counts(part, threshold) for part in value) if isinstance(value, list) else 0


def left_behind(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Attachments, widget state, metadata and representations that the gate does not know stay behind."""
    if not isinstance(fragment, BlobFragment) or context.kind is not Kind.NOTEBOOK:
        return None
    sentence = f"Left out of the released notebook: {fragment.media}. Nothing is to be done."
    return [context.finding("left-behind", Severity.FIXED, fragment.place, sentence)]


REFUSAL = Check("reader", refusal)
PICTURE = Check("picture", picture)
FREE_TEXT = Check("free-text", free_text, parameters=("free_text",))
VALUES = Check("values", values, parameters=("minimum_units",))
LEFT_BEHIND = Check("left-behind", left_behind)
