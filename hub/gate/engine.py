"""The engine: fragments, declaration, policy and datasets in; findings, verdict and canonical file out.

Invariants:

* a fragment that no check claims blocks, and so does a check that crashes or does not finish in time;
* a canonical file exists only where every fragment of it was judged, and the checks ran on it once more; a fragment
  that leaves as it came, the very same object, is judged again only by checks whose findings do not follow from it
  alone;
* what was decoded out of a file is judged as what leaves is, and data pasted into source by the checks of leaks;
* nothing is released by the engine: it says what is blocked, and what a steward has to read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from operator import is_

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.domain.file_cards import FileCard
from hub.domain.output_classes import OutputClass
from hub.domain.table_context import TableContext
from hub.gate.beside import NOTHING, Beside
from hub.gate.canonical import Canonical, canonical
from hub.gate.canonical_text import clean
from hub.gate.checks.catalogue import CHECKS, LEAK_CHECKS, NAME_CHECKS, REQUEST_CHECKS
from hub.gate.checks.check import Check, RequestCheck
from hub.gate.checks.differencing import table_of
from hub.gate.checks.volume import VOLUME
from hub.gate.context import Context
from hub.gate.earlier import EarlierTables, with_tables
from hub.gate.exchange import MOST_FINDINGS, TablePart, Verdict
from hub.gate.file_cards import card_of, with_table
from hub.gate.fragments import FileFragments, Fragment, RefusalFragment, TextFragment, is_source, sources_of
from hub.gate.mounted import MountedDataset
from hub.gate.output_classes import classes_in
from hub.gate.refusals import SENTENCES, ReadRefusedError, RefusalReason
from hub.gate.sizes import in_month, size, together
from hub.gate.spoken_numbers import spoken_numbers
from hub.gate.verdict import verdict
from hub.policy.model import Policy

_DIGEST = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32,64}(?![0-9A-Za-z])")
FAILED = "a check that fails blocks"
"""The rule of a finding that says nothing of the file, but that a check could not judge it."""
_LONG_NAME = 120
_MOST_NAME_DIGITS = 20
"""Two dates and a version have no more."""

Guard = Callable[[], AbstractContextManager[object]]


class OutOfTimeError(Exception):
    """A check did not finish in the time that its guard gives it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the engine says of one file; ``canonical`` is None where nothing of it can leave."""

    findings: tuple[Finding, ...]
    verdict: Verdict
    canonical: Canonical | None = None
    sha256: str = ""
    tables: tuple[TablePart, ...] = ()
    """What the registry keeps of the tables that would leave."""
    classes: tuple[OutputClass, ...] = ()
    """What would leave with it, for the number of votes."""
    card: FileCard | None = None
    context: Context | None = field(default=None, compare=False, repr=False)
    """What the checks found out about the file's tables, for the checks of the whole request."""


def check_fragments(
    fragments: Iterable[Fragment],
    context: Context,
    checks: tuple[Check, ...] = CHECKS,
    guard: Guard = nullcontext,
) -> list[Finding]:
    """Apply every check to every fragment; one that none claims blocks."""
    return list(dict.fromkeys(finding for _, finding in _found(fragments, context, checks, guard)))


def _found(
    fragments: Iterable[Fragment],
    context: Context,
    checks: tuple[Check, ...],
    guard: Guard,
    known: frozenset[tuple[str, str]] = frozenset(),
    judged: frozenset[int] = frozenset(),
) -> list[tuple[str, Finding]]:
    """Return findings with the place of the fragment that they speak of.

    ``known`` are places that a check blocks, ``judged`` the identities of fragments that were judged just before.
    """
    findings: list[tuple[str, Finding]] = []
    for fragment in fragments:
        claimed = False
        for check in checks:
            is_known = (fragment.place, check.identifier) in known
            is_judged = check.alone and id(fragment) in judged
            found = [] if is_known or is_judged else _apply(check, fragment, context, guard)
            claimed = claimed or (check.claims and found is not None)
            findings += [(fragment.place, finding) for finding in found or []]
            if check is VOLUME and (found or is_known):
                # What is too large is blocked already, and would only keep the other checks busy.
                claimed = True
                break
        if not claimed:
            sentence = "No check knows this part of the file, so it cannot leave. Send it as CSV, text or PNG."
            unclaimed = context.finding("unclaimed", Severity.BLOCK, fragment.place, sentence)
            findings.append((fragment.place, unclaimed))
        context.give_up()
    return findings


def leaks(fragment: Fragment, context: Context, guard: Guard = nullcontext) -> list[Finding]:
    """Say whether a fragment holds anything of a dataset's rows; nothing else is asked of it."""
    return [finding for check in LEAK_CHECKS for finding in _apply(check, fragment, context, guard) or []]


def check_file(
    file: FileFragments,
    table: TableContext,
    policy: Policy,
    datasets: tuple[MountedDataset, ...],
    guard: Guard = nullcontext,
    earlier: EarlierTables | None = None,
) -> Judgement:
    """Judge a file as it was offered, write it anew, and judge what was written."""
    context = Context(file.path, file.kind, table, policy, datasets, earlier)
    findings = [*_named(file, context, guard), *size(file, context)]
    first = [*_found(file.fragments, context, CHECKS, guard), *_beneath(file, context, guard)]
    findings += [finding for _, finding in first]
    if not file.fragments:
        sentence = "The file has no content that the gate knows, so it cannot leave. Send it as CSV, text or PNG."
        findings.append(context.finding("unclaimed", Severity.BLOCK, "", sentence))
    if any(isinstance(part, RefusalFragment) for part in file.fragments):
        return _judgement(findings, None)
    try:
        made = written(file, policy, guard)
    except ReadRefusedError as refusal:
        findings.append(context.finding("canonical", Severity.BLOCK, "", SENTENCES[refusal.reason]))
        return _judgement(findings, None)
    findings += made.fixes
    again = context
    if not _is_the_same(file.fragments, made.file.fragments):
        again = context.again(made.file.kind)
        blocked = frozenset((place, f.check) for place, f in first if f.severity is Severity.BLOCK)
        offered = frozenset(map(id, file.fragments))
        second = _found(made.file.fragments, again, CHECKS, guard, blocked, offered)
        findings += _news(first, second)
    judged = _judgement(findings, made, tuple(told.table for told in again.released_here))
    classes = classes_in(made.file, file.decoded, again, guard)
    return replace(judged, context=context, classes=classes, card=card_of(file.fragments, again))


def check_request(
    files: Iterable[tuple[FileFragments, TableContext]],
    policy: Policy,
    datasets: tuple[MountedDataset, ...],
    guard: Guard = nullcontext,
    beside: Beside = NOTHING,
) -> list[Judgement]:
    """Judge the files of one request, what they are together, and with what counts beside them."""
    others = tuple(_other(file, policy, datasets, has_left) for file, has_left in beside.others)
    judged: list[Judgement] = []
    contexts: list[Context] = []
    total, names, known, month = 0, set[str](), beside.earlier, beside.month_bytes
    for count, (file, table) in enumerate(files, start=1):
        judgement = check_file(file, table, policy, datasets, guard, known)
        context = judgement.context or Context(file.path, file.kind, table, policy, datasets)
        context.approved, context.sources = beside.approved, sources_of(file)
        context.others, context.others_all_count = others, beside.others_all_count
        context.offered, context.parts = file.fragments, (*file.fragments, *file.decoded)
        context.leaves = judgement.canonical.file.fragments if judgement.canonical else ()
        context.blocked_by = frozenset(f.check for f in judgement.findings if f.severity is Severity.BLOCK)
        contexts.append(context)
        known = with_tables(known, judgement.tables)
        total += file.size
        added = together(file, judgement.canonical, count, total, names, policy)
        if judgement.canonical:
            month += len(judgement.canonical.content)
            added += in_month(file, month, len(judgement.canonical.content), policy)
            names.add(judgement.canonical.name.casefold())
        judged.append(_with(added, judgement))
    for check in REQUEST_CHECKS:
        found = _apply_together(check, contexts, guard)
        judged = [_with(added, judgement) for added, judgement in zip(found, judged, strict=True)]
    cards = (with_table(judgement.card, context, contexts) for judgement, context in zip(judged, contexts, strict=True))
    return [replace(judgement, card=card) for judgement, card in zip(judged, cards, strict=True)]


def _other(file: FileFragments, policy: Policy, datasets: tuple[MountedDataset, ...], has_left: bool) -> Context:
    """The surroundings of a file that counts together with those that are judged."""
    context = Context(file.path, file.kind, TableContext(), policy, datasets)
    context.offered, context.parts = file.fragments, (*file.fragments, *file.decoded)
    context.has_left = has_left
    return context


def _apply_together(check: RequestCheck, contexts: list[Context], guard: Guard) -> list[list[Finding]]:
    """Apply a check of the whole request; where it fails, every file of it blocks."""
    try:
        with guard():
            return check.run(contexts)
    except OutOfTimeError:
        sentence = "The check did not finish in time, so nothing is known. Send fewer files at once."
    except (Exception, pl.exceptions.PanicException):  # noqa: BLE001 — what a check cannot judge must block, whatever went wrong
        sentence = "The check ended with an error, so nothing is known. Send the files one by one."
    return [[c.finding(check.identifier, Severity.BLOCK, "", sentence, FAILED)] for c in contexts]


def _with(added: list[Finding], judgement: Judgement) -> Judgement:
    """Add findings, before those that are known."""
    findings = (*added, *judgement.findings)
    return replace(judgement, findings=findings[:MOST_FINDINGS], verdict=verdict(findings)) if added else judgement


def tables_of(
    file: FileFragments, table: TableContext, policy: Policy, datasets: tuple[MountedDataset, ...]
) -> tuple[TablePart, ...]:
    """Return what the registry would keep of a file that left before."""
    context = Context(file.path, file.kind, table, policy, datasets)
    return tuple(table_of(view, context) for part in file.fragments for view in context.tables(part))


def _is_the_same(one: Sequence[Fragment], other: Sequence[Fragment]) -> bool:
    """Whether they are the very same fragments, in the same order."""
    return len(one) == len(other) and all(map(is_, one, other))


def _news(first: list[tuple[str, Finding]], second: list[tuple[str, Finding]]) -> list[Finding]:
    """What the canonical file has beyond what the offered one had: another rule, another part, or a stricter word."""
    known = {(place, found.check, found.severity) for place, found in first}
    return [found for place, found in second if (place, found.check, found.severity) not in known]


def _beneath(file: FileFragments, context: Context, guard: Guard) -> list[tuple[str, Finding]]:
    """What stands in the file in another form; a literal stands in its source, which every check has judged already."""
    found: list[tuple[str, Finding]] = []
    for part in (part for part in file.decoded if is_source(part)):
        found += [(part.place, f) for f in leaks(part, context, guard)]
        context.give_up()
    others = [part for part in file.decoded if not is_source(part)]
    return found + _found(others, context, CHECKS, guard)


def _named(file: FileFragments, context: Context, guard: Guard) -> list[Finding]:
    """A name leaves with the file, so that it may hold no more than the file may."""
    name = TextFragment(place=", the file's name", text=file.path)
    found = [finding for check in NAME_CHECKS for finding in _apply(check, name, context, guard) or []]
    if len(file.path) > _LONG_NAME or spoken_numbers(_DIGEST.sub("", file.path)) > _MOST_NAME_DIGITS:
        sentence = (
            "The file's name is long enough, or has digits enough, to carry data, so a steward reads it. Name the file "
            "for what it shows."
        )
        found.append(context.finding("names", Severity.REVIEW, name.place, sentence))
    if clean(file.path) != file.path or "\n" in file.path:
        sentence = "The file's name holds characters that the eye does not see. Rename it."
        found.append(context.finding("names", Severity.BLOCK, name.place, sentence))
    return found


def _apply(check: Check, fragment: Fragment, context: Context, guard: Guard) -> list[Finding] | None:
    try:
        with guard():
            return check.run(fragment, context)
    except OutOfTimeError:
        sentence = "The check did not finish in time, so nothing is known. Send a smaller file."
    except (Exception, pl.exceptions.PanicException):  # noqa: BLE001 — what a check cannot judge must block, whatever went wrong
        sentence = "The check ended with an error, so nothing is known. Send the file in a simpler form, such as CSV."
    return [context.finding(check.identifier, Severity.BLOCK, fragment.place, sentence, FAILED)]


def written(file: FileFragments, policy: Policy, guard: Guard = nullcontext) -> Canonical:
    """Write the canonical file; what goes wrong is a refusal."""
    try:
        with guard():
            return canonical(file, policy)
    except ReadRefusedError:
        raise
    except OutOfTimeError:
        raise ReadRefusedError(RefusalReason.OUT_OF_TIME) from None
    except (Exception, pl.exceptions.PanicException):  # noqa: BLE001 — a file that cannot be written anew must block, whatever went wrong
        raise ReadRefusedError(RefusalReason.CRASHED) from None


def _judgement(findings: Iterable[Finding], written: Canonical | None, tables: tuple[TablePart, ...] = ()) -> Judgement:
    order = list(Severity)
    ordered = sorted(dict.fromkeys(findings), key=lambda f: order.index(f.severity))[:MOST_FINDINGS]
    digest = hashlib.sha256(written.content).hexdigest() if written else ""
    return Judgement(tuple(ordered), verdict(ordered), written, digest, tables)
