"""``datalab audit``: the append-only, chained log of everything that happened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from hub.cli.client import Json, Portal
from hub.cli.options import AsJson, examples, portal
from hub.cli.screen import print_record, print_rows
from hub.domain.audit import AuditEntry, verify_chain
from hub.domain.errors import ConflictError, InvalidError

app = typer.Typer(help="The audit log, for auditors and stewards.", no_args_is_help=True)
PAGE = 1000
ENTRY = TypeAdapter(AuditEntry)
COLUMNS = ("seq", "at", "name", "actor", "subject", "project", "details")


@app.command(epilog=examples("datalab audit show", "datalab audit show --after 200 --limit 50 --json"))
def show(
    context: typer.Context,
    after: Annotated[int, typer.Option(help="Only entries after this number.", min=0)] = 0,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=PAGE)] = 100,
    as_json: AsJson = False,
) -> None:
    """Show entries of the audit log."""
    found = portal(context).get("/audit", after=after, limit=limit)
    print_rows(found if as_json else [_flat(entry) for entry in found], COLUMNS, as_json=as_json)


def _flat(entry: Json) -> Json:
    event = entry["event"]
    details = [f"{key}={value}" for key, value in event["details"]]
    return {**entry, **event, "at": entry["at"][:19], "details": details}


def entries(lab: Portal) -> Iterator[Json]:
    """Walk the whole log in order."""
    after = 0
    while page := lab.get("/audit", after=after, limit=PAGE):
        yield from page
        after = page[-1]["seq"]


@app.command(epilog=examples("datalab audit export audit.jsonl"))
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file, one entry in a line.", metavar="FILE", dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Write the whole log as JSON lines, so that it can be kept and verified elsewhere."""
    count = write_log(portal(context), file)
    print_record({"file": str(file), "entries": count}, as_json=as_json)


def write_log(lab: Portal, file: Path) -> int:
    """Write the whole log into a new file; returns how many entries it has."""
    count = 0
    try:
        with file.open("x", encoding="utf-8") as stream:
            for entry in entries(lab):
                stream.write(json.dumps(entry, ensure_ascii=False) + "\n")
                count += 1
    except FileExistsError:
        raise InvalidError("{file} is there already; choose another name.", reason="file-exists", file=file) from None
    return count


@app.command(epilog=examples("datalab audit verify", "datalab audit verify --file audit.jsonl"))
def verify(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Option(help="An exported log, verified offline.", exists=True, dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk the chain of everything that happened; the first entry that does not fit is named, with exit code 1.

    The gateway's access log, whose digests stand in the chain, is compared with it by the lab itself.
    """
    last = verify_file(file) if file else verify_entries(parsed(entries(portal(context))))
    head = {"entries": last.seq if last else 0, "head": last.digest if last else ""}
    if not file:
        head["access_log_lines"] = portal(context).get("/audit/access-log")["lines"]
    print_record({"chain": "unbroken", **head} if not as_json else {"unbroken": True, **head}, as_json=as_json)


def verify_file(file: Path) -> AuditEntry | None:
    """Walk the chain of an exported log."""
    with file.open("rb") as stream:
        return verify_entries(parsed(_lines(stream)))


def verify_entries(found: Iterable[AuditEntry]) -> AuditEntry | None:
    """Walk a chain and return its last entry."""
    return verify_chain(found)


def _lines(stream: Iterable[bytes]) -> Iterator[Any]:
    for number, line in enumerate(stream, 1):
        try:
            yield json.loads(line, object_pairs_hook=_plain_object)
        except (ValueError, RecursionError):
            raise _broken(number) from None


def _plain_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that stands twice would be read as one thing by people and as another here."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def parsed(found: Iterable[Any]) -> Iterator[AuditEntry]:
    """Read entries; one that says anything else than an entry says is as good as changed."""
    for number, body in enumerate(found, 1):
        try:
            entry = ENTRY.validate_python(body)
        except ValidationError:
            raise _broken(number) from None
        if ENTRY.dump_python(entry, mode="json") != body:
            raise _broken(number)
        yield entry


def _broken(number: int) -> ConflictError:
    return ConflictError(
        "The audit log breaks at entry {seq}: it is not as the lab writes it.", reason="audit-form", seq=number
    )
