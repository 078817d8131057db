"""What the gateway wrote down, made part of the audit log.

The gateway leaves a line for each response before or when it is shown, in a file for each day, and has no way to the
database. The worker reads the lines on, records the acts among them as audit events, and seals what it has read: the
digest of each stretch of the file stands in the audit log's chain, so that a line that is changed, taken out or put in
afterwards is found like an edit of the audit log itself.

Invariants:

* acts and their seal are recorded in one transaction: no line counts twice, and none is passed over;
* stretches follow each other without a gap, in the files' order;
* events of one kind, person, project and thing are one event in a stretch, with how many times and how many bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.domain.audit import AuditEntry, AuditEvent, event
from hub.domain.errors import ConflictError
from hub.services.lab import Lab
from hub.services.ports import AccessLog, Reading, pages

SEAL = "gateway:log:seal"
GATEWAY = "gateway"
STRETCH = 2**20
PAGE = 500
REFUSALS = frozenset(
    {"answer-too-large", "count-lost", "cross-site", "day-cap", "download", "not-theirs", "service-worker"}
    | {"upload-too-large"}
)
CHANNELS = frozenset({"kernel", "terminal"})


@dataclass(frozen=True, slots=True)
class Sealed:
    """How far the files were read: up to a byte of one of them, and all that come before it."""

    file: str = ""
    end: int = 0
    seq: int = 0


def fold(lab: Lab) -> bool:
    """Read one stretch on; False when there is nothing new."""
    with lab.store.read() as reading:
        sealed = last_seal(reading)
    file, start, stretch = _next_stretch(lab.access_log, sealed)
    if not stretch:
        return False
    lines = stretch.splitlines()
    with lab.store.begin() as records:
        if last_seal(records) != sealed:
            return True  # somebody else has just read it
        for happened in events_of(lines):
            records.record(happened)
        digest = hashlib.sha256(stretch).hexdigest()
        about = {"start": start, "end": start + len(stretch), "lines": len(lines), "sha256": digest}
        records.record(event(SEAL, GATEWAY, file, **about))
    return True


def last_seal(reading: Reading) -> Sealed:
    """Walk back to the last seal."""
    last = reading.last_audit_entry()
    before = last.seq if last else 0
    while before > 0:
        after = max(0, before - PAGE)
        for entry in reversed(reading.audit_entries(after, before - after)):
            if entry.event.name == SEAL:
                return Sealed(entry.event.subject, int(dict(entry.event.details)["end"]), entry.seq)
        before = after
    return Sealed()


def _next_stretch(log: AccessLog, sealed: Sealed) -> tuple[str, int, bytes]:
    """Return the next whole lines: of the file that was read last, or of the first after it that has any."""
    for file in log.names():
        if file < sealed.file:
            continue
        start = sealed.end if file == sealed.file else 0
        content = log.read(file, start, STRETCH)
        whole = content[: content.rfind(b"\n") + 1]
        if whole:
            return file, start, whole
    return "", 0, b""


@dataclass(slots=True)
class _Group:
    times: int = 0
    bytes: int = 0
    received: int = 0


def events_of(lines: Iterable[bytes]) -> Iterator[AuditEvent]:
    """Return the acts among some lines, like ones together, in the order in which each kind began."""
    groups: dict[tuple[str, str, str, str, str], _Group] = {}
    for line in map(_parsed, lines):
        for name, subject, reason in _acts(line):
            actor = _text(line, "asker") or _text(line, "person") or GATEWAY
            group = groups.setdefault((name, actor, subject, _text(line, "project"), reason), _Group())
            if _text(line, "phase") != "end" or name.endswith(":close"):
                group.times += _number(line, "times") or 1  # a line may stand for many that showed nothing
            group.bytes += _number(line, "bytes") if _text(line, "phase") != "begin" else 0
            group.received += _number(line, "received") if _text(line, "phase") != "begin" else 0
    for (name, actor, subject, project, reason), group in groups.items():
        details = {"times": group.times, "bytes": group.bytes}
        details |= {"received": group.received} if group.received else {}
        yield event(name, actor, subject, project, **details, **({"reason": reason} if reason else {}))


def _acts(line: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    """Name the events that a line is: an act, a refusal, an alarm."""
    act, reason, phase = _text(line, "act"), _text(line, "reason"), _text(line, "phase")
    if act in CHANNELS:
        if phase == "begin" or _number(line, "status") != 101 or reason:
            yield f"gateway:{act}:{'open' if phase == 'begin' else 'close'}", _text(line, "name"), ""
    elif act:
        yield f"gateway:file:{act}", _text(line, "name"), ""
    if _text(line, "side") == "alarm":
        yield "gateway:workspace:alarm", _text(line, "project") or GATEWAY, reason
    elif reason in REFUSALS:
        yield "gateway:workspace:refuse", _text(line, "project") or _text(line, "path")[:100] or GATEWAY, reason
    elif _text(line, "side") == "hub" and reason:
        yield "gateway:hub:refuse", _text(line, "project"), reason


def _parsed(line: bytes) -> dict[str, object]:
    """Read a line; one that is none is sealed all the same, and tells nothing."""
    try:
        body = json.loads(line)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(line: dict[str, object], key: str) -> str:
    value = line.get(key)
    return value if isinstance(value, str) else ""


def _number(line: dict[str, object], key: str) -> int:
    value = line.get(key)
    return value if isinstance(value, int) else 0


@dataclass(frozen=True, slots=True)
class Checked:
    """How much of the access log the audit log vouches for."""

    files: int
    lines: int


def verify_access_log(lab: Lab) -> Checked:
    """Hash every sealed stretch again; the first that was changed is named in the error."""
    with lab.store.read() as reading:
        seals = [entry for entry in pages(reading) if entry.event.name == SEAL]
    ends: dict[str, int] = {}
    lines = 0
    for entry in seals:
        lines += _check_stretch(lab.access_log, entry, ends)
    newest = seals[-1].event.subject if seals else ""
    for file in lab.access_log.names():
        if file < newest and len(lab.access_log.read(file, ends.get(file, 0), 1)):
            raise _changed(file, ends.get(file, 0))
    return Checked(len(ends), lines)


def _check_stretch(log: AccessLog, entry: AuditEntry, ends: dict[str, int]) -> int:
    said, file = dict(entry.event.details), entry.event.subject
    start, end = int(said["start"]), int(said["end"])
    content = log.read(file, start, end - start)
    if start != ends.get(file, 0) or hashlib.sha256(content).hexdigest() != said["sha256"]:
        raise _changed(file, start)
    ends[file] = end
    return int(said["lines"])


def _changed(file: str, start: int) -> ConflictError:
    return ConflictError(
        "The gateway's access log {file} is not as the audit log says, from byte {start} on: it was changed.",
        reason="access-log-edit",
        file=file,
        start=start,
    )
