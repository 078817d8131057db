"""``datalab export``: what people ask to take out, on its way through the gate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.client import Json, Portal, place
from hub.cli.comments import comment, comments
from hub.cli.described import Context, Groups, Supporting, declared, describe, grouped
from hub.cli.exceptions import ask_exception, decide_exception, exceptions
from hub.cli.files import write_new
from hub.cli.freeze import freeze, frozen, unfreeze
from hub.cli.gather import gather
from hub.cli.options import AsJson, ProjectFilter, Wait, examples, portal
from hub.cli.owners import owner_vote, owner_votes
from hub.cli.queue import claim, queue, unclaim
from hub.cli.request_shown import Identifier, print_request
from hub.cli.saved_views import forget_view, save_view, views
from hub.cli.screen import print_record, print_rows
from hub.cli.split import split
from hub.cli.statement import StatementOption, sent
from hub.cli.votes import override, reject, vote
from hub.cli.votes_asked import votes_asked
from hub.cli.waiting import Tell, shown, wait_until
from hub.domain.errors import NotFoundError

app = typer.Typer(help="Export requests: outputs with their context, through the gate.", no_args_is_help=True)


@app.command("list", epilog=examples("datalab export list --project care"))
def list_requests(context: typer.Context, project: ProjectFilter = "", as_json: AsJson = False) -> None:
    """List export requests, newest first."""
    rows = portal(context).get("/exports", project=project)
    print_rows(rows, ("id", "project", "author", "source", "state", "turn", "created"), as_json=as_json)


@app.command(epilog=examples("datalab export show export-abc"))
def show(context: typer.Context, request: Identifier, as_json: AsJson = False) -> None:
    """Show a request with its findings; the view is recorded, and a steward's look starts the review."""
    print_request(portal(context).get(place("exports", request)), as_json=as_json)


@app.command(
    epilog=examples(
        "datalab export create --project care --source run-abc --file table.csv "
        "--context 'Mean visits by plan and year, adults of six sites, for the annual report' "
        "--table 'table.csv dataset=health-insurance dimensions=plan,year measure=visits aggregate=mean'",
        "datalab export create --project care --source run-abc --file table.csv --context '…' "
        "--table 'table.csv dataset=health-insurance dimensions=plan aggregate=count filter=\"year >= 3\" rounding=5'",
        "datalab export create --project care --source workspace --file figure.png --context '…'",
        "datalab export create --project care --source run-abc --file a.csv --file b.csv "
        '--group \'tables what="Mean visits by plan" why="…" population="…" protection="…" files=a.csv,b.csv\'',
    )
)
def create(
    context: typer.Context,
    project: Annotated[str, typer.Option("--project", "-p", help="The project.")],
    source: Annotated[str, typer.Option(help="A run's identifier, or “workspace” for your own /outputs.")],
    file: Annotated[list[str], typer.Option("--file", "-f", help="Path of a file below the outputs.")],
    why: Context = "",
    group: Groups = None,
    supporting: Supporting = None,
    table: Annotated[list[str] | None, typer.Option(help="What a table is made of; see the example.")] = None,
    submit_it: Annotated[bool, typer.Option("--submit", help="Submit it at once and wait for the gate.")] = False,
    statement: StatementOption = False,
    as_json: AsJson = False,
) -> None:
    """Make an export request from outputs."""
    lab = portal(context)
    beside = {"groups": grouped(group or ()), "supporting": supporting or []}
    made = create_request(lab, project, source, declared(file, table or ()), why, beside)
    print_request(_submit(lab, made["id"], stated=statement) if submit_it else made, as_json=as_json)


def create_request(
    lab: Portal, project: str, source: str, files: dict[str, Json], why: str, beside: Json | None = None
) -> Json:
    """Make a draft; ``files`` says of each path what its table is made of, ``beside`` of groups and support."""
    said = {"project": project, "source": source, "files": files, "context": why}
    return dict(lab.post("/exports", said | {word: value for word, value in (beside or {}).items() if value}))


app.command(
    epilog=examples(
        "datalab export describe export-abc --context 'Mean visits by plan, adults; means of fewer are left out'"
    )
)(describe)


@app.command(epilog=examples("datalab export submit export-abc --statement --wait"))
def submit(
    context: typer.Context,
    request: Identifier,
    statement: StatementOption = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Send a request through the gate, with the requester's statement."""
    lab = portal(context)
    found = _submit(lab, request, stated=statement) if wait else sent(lab, request, stated=statement)
    print_request(found, as_json=as_json)


def _submit(lab: Portal, request: str, *, stated: bool) -> Json:
    with shown(f"export request {request}") as tell:
        sent(lab, request, stated=stated)
        return wait_for_gate(lab, request, tell)


def wait_for_gate(lab: Portal, request: str, tell: Tell) -> Json:
    """Wait until the gate has a verdict."""
    # Lists are watched and not the request itself, since each look at it is an entry of the audit log.
    return wait_until(
        lambda: find(lab, request),
        lambda found: found["state"] not in ("checking", "rechecking"),
        lambda found: tell(found["state"]),
    )


def find(lab: Portal, request: str) -> Json:
    """Return a request from the list of those that the person may see."""
    for found in lab.get("/exports"):
        if found["id"] == request:
            return dict(found)
    raise NotFoundError("There is no export request {id}, or you may not see it.", reason="not-found", id=request)


@app.command(epilog=examples("datalab export review export-abc --to review"))
def review(
    context: typer.Context,
    request: Identifier,
    to: Annotated[Path, typer.Option(help="A new folder for the canonical files.", file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Fetch the canonical files of a request, as a steward who may review it; each view is recorded."""
    lab = portal(context)
    found = lab.get(place("exports", request))
    for file in found["files"]:
        if file["canonical"]:
            content = lab.download(place("exports", request, "canonical"), path=file["path"])
            write_new(to, file["canonical_name"], content)
    print_request(found, as_json=as_json)


app.command(
    epilog=examples(
        "datalab export comment export-abc 'Which year is this?' --for project",
        "datalab export comment export-abc 'Look at this one' --for stewards --file table.csv --row 3 --column 2",
    )
)(comment)
app.command(epilog=examples("datalab export comments export-abc"))(comments)
app.command(
    epilog=examples(
        "datalab export split export-abc --file figure.png",
        "datalab export split export-abc --file a.csv --file b.csv --reason 'These two need another look'",
    )
)(split)
app.command(epilog=examples("datalab export gather past/ --project care"))(gather)
app.command(
    epilog=examples(
        "datalab export freeze --reason 'A released table is under suspicion'",
        "datalab export freeze --project care --reason 'The contract is being looked at'",
    )
)(freeze)
app.command(epilog=examples("datalab export unfreeze freeze-abc --reason 'The contract holds'"))(unfreeze)
app.command(epilog=examples("datalab export frozen"))(frozen)
app.command(
    epilog=examples("datalab export queue --show unclaimed", "datalab export queue --project care --level late")
)(queue)
app.command(epilog=examples("datalab export views"))(views)
app.command("save-view", epilog=examples("datalab export save-view 'Late in care' --project care --level late"))(
    save_view
)
app.command("forget-view", epilog=examples("datalab export forget-view 'Late in care'"))(forget_view)
app.command(epilog=examples("datalab export exceptions export-abc"))(exceptions)
app.command(
    epilog=examples(
        "datalab export ask-exception export-abc --file t.csv --finding 1 --ground public_already "
        "--text 'The institute has published this table'"
    )
)(ask_exception)
app.command(
    epilog=examples(
        "datalab export decide-exception export-abc exception-def grant",
        "datalab export decide-exception export-abc exception-def deny --reason 'It is not public'",
    )
)(decide_exception)
app.command("owner-votes", epilog=examples("datalab export owner-votes"))(owner_votes)
app.command(
    "owner-vote",
    epilog=examples(
        "datalab export owner-vote export-abc wages approve",
        "datalab export owner-vote export-abc wages changes --cause more_than_needed --reason 'Years suffice'",
    ),
)(owner_vote)
app.command("votes", epilog=examples("datalab export votes export-abc"))(votes_asked)
app.command(epilog=examples("datalab export claim export-abc"))(claim)
app.command(epilog=examples("datalab export unclaim export-abc"))(unclaim)
app.command(
    epilog=examples(
        "datalab export vote export-abc approve --reason 'Counts are above the threshold'",
        "datalab export vote export-abc changes --cause risk_of_disclosure --reason 'Merge the two smallest groups'",
    )
)(vote)
app.command(epilog=examples("datalab export reject export-abc --cause outside_the_purpose --reason 'Not agreed on'"))(
    reject
)
app.command(
    epilog=examples("datalab export override export-abc --reason 'The table was published by the institute in May'")
)(override)


@app.command(epilog=examples("datalab export withdraw export-abc"))
def withdraw(context: typer.Context, request: Identifier, as_json: AsJson = False) -> None:
    """Withdraw your own request; nothing is deleted."""
    print_request(portal(context).post(place("exports", request, "withdraw")), as_json=as_json)


@app.command(epilog=examples("datalab export release export-abc"))
def release(context: typer.Context, request: Identifier, as_json: AsJson = False) -> None:
    """Make the release of an approved request, as a steward who may review it."""
    made = portal(context).post(place("exports", request, "release"))
    print_record(made, as_json=as_json, fields=("id", "project", "released_by", "created", "files"))
