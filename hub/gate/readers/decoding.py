"""Decodes what stands encoded in a file, again and again, into fragments that checks judge and no writer writes.

It belongs to the readers, in their container: what is decoded and unpacked are foreign bytes, and the checker's
container has the datasets. So that a reader which was taken over gains little by saying nothing, the checker looks for
long encoded runs by itself, in what was offered and in what would leave (``encoded-payload``).

Invariants:

* every text that could leave is searched: texts, sources, cells, headers, values and keys of documents, the name;
  what does not leave (metadata, attachments, other representations) is not, and the notebook's reader says so;
* a decoded fragment's place tells its way: ``notes.txt!base64!gzip``;
* depth, bytes and the number of parts are bounded for the whole file; beyond them it is refused, never let through;
* the work grows with the file's size, and with what comes out of it up to the bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.gate.canonical_text import clean
from hub.gate.fragments import (
    LONG_PAYLOAD,
    MOST_FRAGMENTS,
    ArraysFragment,
    Fragment,
    PayloadFragment,
    RefusalFragment,
    TableFragment,
    TextFragment,
)
from hub.gate.readers.array_bytes import array_bytes
from hub.gate.readers.documents_within import documents, nested, of_text
from hub.gate.readers.encodings import Coded, coded, is_marked
from hub.gate.readers.literals import literals
from hub.gate.readers.packed import Budget, inflated, unpacked
from hub.gate.readers.parquet import read_parquet
from hub.gate.readers.png import SIGNATURE, decode_png
from hub.gate.readers.readable import readable, stretches
from hub.gate.readers.rewriting import rewritten
from hub.gate.refusals import ReadRefusedError, RefusalReason
from hub.gate.views import text_of

DEEPEST = 6
NAME_PLACE = ", the file's name"
_LONGEST_PLACE = 180


def decoded(path: str, fragments: Iterable[Fragment]) -> tuple[Fragment, ...]:
    """Return what stands encoded in a file's name and fragments; beyond the bounds, a refusal at its place."""
    budget = Budget()
    found: list[Fragment] = []
    for part, is_found in _roots(path, fragments):
        try:
            found += [part] if is_found else []
            found += _within(part, budget, 0)
        except ReadRefusedError as refusal:
            found.append(RefusalFragment(place=part.place, reason=refusal.reason))
            break
    if len(found) > MOST_FRAGMENTS:
        return (*found[: MOST_FRAGMENTS - 1], RefusalFragment(reason=RefusalReason.TOO_MANY_PARTS))
    return tuple(found)


def _roots(path: str, fragments: Iterable[Fragment]) -> Iterator[tuple[Fragment, bool]]:
    """What is searched, and whether it was found itself, as literals are; the names of sheets become file names."""
    parts = list(fragments)
    sheets = [part.place for part in parts if isinstance(part, TableFragment) and part.slot is None]
    yield TextFragment(place=NAME_PLACE, text="\n".join([path, *sheets])), False
    for part in parts:
        yield part, False
        yield from ((inner, True) for inner in literals(part))


def _within(part: Fragment, budget: Budget, depth: int) -> Iterator[Fragment]:
    """What stands encoded in a fragment, and in that, and so on."""
    for inner in _made_of(part, budget):
        if depth == DEEPEST:
            raise ReadRefusedError(RefusalReason.TOO_MUCH_ENCODED)
        yield inner
        yield from _within(inner, budget, depth + 1)


def _made_of(part: Fragment, budget: Budget) -> Iterator[Fragment]:
    for place, content in array_bytes(part) if isinstance(part, ArraysFragment) else ():
        yield from _of_bytes(f"{part.place}{place}", content, budget, 0)
    written = text_of(part)
    if not written:
        return
    yield from _charged(rewritten(part), budget)
    yield from _charged(documents(part), budget)
    short: dict[str, list[Coded]] = {}
    for number, run in enumerate(coded(clean(written)), start=1):
        text = readable(run.content) if run.written < LONG_PAYLOAD else ""
        if text and "\n" not in text.strip():
            short.setdefault(run.code, []).append(run)
        else:
            yield from _long(f"{part.place}!{run.code}[{number}]"[:_LONGEST_PLACE], run, budget)
    for code, runs in short.items():
        text = "\n".join(readable(run.content) for run in runs)
        budget.spend(len(text))
        yield TextFragment(place=f"{part.place}!{code}"[:_LONGEST_PLACE], text=text)


def _charged(parts: Iterable[Fragment], budget: Budget) -> Iterator[Fragment]:
    for part in parts:
        budget.spend(len(text_of(part)))
        yield part


def _long(place: str, run: Coded, budget: Budget) -> Iterator[Fragment]:
    """A long run, or one of packed or binary bytes, is said as such beside what is in it; noise says nothing."""
    is_text = bool(readable(run.content))
    try:
        contents = list(_of_bytes(place, run.content, budget, 0))
    except ReadRefusedError as refusal:
        contents = [RefusalFragment(place=place, reason=refusal.reason)]
    if contents or is_marked(run.content):
        yield PayloadFragment(place=place, code=run.code, characters=run.written, packed=not is_text)
    yield from contents


def _of_bytes(place: str, content: bytes, budget: Budget, depth: int) -> Iterator[Fragment]:
    """Fragments of decoded bytes: what is packed in them, a picture, a table, a text, or readable stretches."""
    budget.spend(len(content))
    packed = unpacked(content, budget)
    if not packed and not readable(content) and readable(plain := inflated(content, budget)):
        packed = [("deflate", plain)]
    if packed and depth == DEEPEST:
        raise ReadRefusedError(RefusalReason.TOO_MUCH_ENCODED)
    for name, inner in packed:
        yield from _of_bytes(f"{place}!{name}"[:_LONGEST_PLACE], inner, budget, depth + 1)
    if packed:
        return
    text = readable(content)
    if text:
        yield from of_text(place, text)
    else:
        yield from _of_binary(place, content)


def _of_binary(place: str, content: bytes) -> Iterator[Fragment]:
    try:
        if content.startswith(SIGNATURE):
            yield decode_png(content, place)
            return
        if content.startswith(b"PAR1"):
            yield from (nested(part, place) for part in read_parquet(content))
            return
    except ReadRefusedError:
        pass
    said = stretches(content)
    if said:
        yield TextFragment(place=place, text=said)
