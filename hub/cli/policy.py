"""``datalab policy``: the thresholds in force, and where each of them comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from hub.cli.client import Json, place
from hub.cli.options import AsJson, examples, portal
from hub.cli.screen import plain, print_json, print_record, print_rows
from hub.domain.errors import InvalidError
from hub.policy.explain import ExplainedPolicy, explain, explained_text
from hub.policy.layers import MergedPolicy, flat
from hub.policy.load import describe_profile, load_profile, profile_names, profile_text

app = typer.Typer(help="The disclosure policy: profiles, and the layers above them.", no_args_is_help=True)
Datasets = Annotated[
    list[str] | None,
    typer.Option("--dataset", "-d", help="A dataset's name, or its description (TOML).", metavar="NAME|FILE"),
]
ProjectName = Annotated[str, typer.Option("--project", "-p", help="The project's name.", metavar="PROJECT")]
PolicyName = Annotated[str, typer.Option("--policy", help="A profile's name, or a file that ends in .toml.")]
COLUMNS = ("name", "title", "minimum_units", "dominance", "p_percent", "rounding_base")


@app.command("list", epilog=examples("datalab policy list"))
def list_profiles(as_json: AsJson = False) -> None:
    """List the shipped profiles, without a lab."""
    print_rows([_row(name) for name in profile_names()], COLUMNS, as_json=as_json)


def _row(name: str) -> Json:
    policy = load_profile(name)
    dominance = [f"({rule.n}, {rule.k})" for rule in policy.dominance]
    return {"name": name, "title": describe_profile(name).title, **flat(policy), "dominance": dominance}


@app.command(epilog=examples("datalab policy show uk-sacro"))
def show(
    name: Annotated[str, typer.Argument(help="The profile's name.", metavar="PROFILE")], as_json: AsJson = False
) -> None:
    """Show a shipped profile as its file is, with sources and remarks; without a lab."""
    if as_json:
        return print_json(describe_profile(name).model_dump(mode="json"))
    return typer.echo(profile_text(name), nl=False)


@app.command(
    epilog=examples(
        "datalab policy explain --project care",
        "datalab policy explain --dataset health",
        "datalab policy explain --dataset wages.toml --policy stricter.toml --json",
    )
)
def explain_(
    context: typer.Context,
    dataset: Datasets = None,
    project: ProjectName = "",
    policy: PolicyName = "",
    as_json: AsJson = False,
) -> None:
    """Print the policy in force, and for each value the layer, profile and source that it comes from.

    For a project or a registered dataset, the lab is asked; descriptions, profiles and files need no lab.
    """
    explained = _explained(context, dataset or [], project, policy)
    if as_json:
        return print_json(asdict(explained))
    return typer.echo("\n".join(plain(line) for line in explained_text(explained)))


explain_.__name__ = "explain"


def _explained(context: typer.Context, datasets: Sequence[str], project: str, policy: str) -> ExplainedPolicy:
    """Ask the lab, or read the files at hand; not both."""
    names = [name for name in datasets if not name.endswith(".toml")]
    local = [Path(name) for name in datasets if name.endswith(".toml")]
    if bool(names or project) == bool(local or policy) or len(names) + bool(project) > 1:
        raise InvalidError(
            "Name one project or one registered dataset, or else descriptions (TOML) and a policy.",
            reason="policy-which",
        )
    if names or project:
        address = place("projects", project, "policy") if project else place("datasets", names[0], "policy")
        found: Any = portal(context).get(address)
        return TypeAdapter(ExplainedPolicy).validate_python(found["policy"])
    return explain(_local(local, policy))


def _local(descriptions: list[Path], policy: str) -> MergedPolicy:
    from hub.adapters.local_policy import local_policy  # Late: it loads what reads descriptions.

    return local_policy(descriptions, policy)


@app.command(
    epilog=examples(
        "datalab policy simulate stricter.toml --against past/",
        "datalab policy simulate uk-opensafely --against past/ --dataset wages.toml --json",
    )
)
def simulate(
    policy: Annotated[str, typer.Argument(help="A profile's name, or a file that ends in .toml.", metavar="POLICY")],
    against: Annotated[Path, typer.Option(help="A folder of past requests.", metavar="DIR", file_okay=False)],
    dataset: Annotated[
        list[Path] | None,
        typer.Option("--dataset", "-d", help="Description of a dataset (TOML) that is at hand.", metavar="FILE"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a policy would change for past requests, without any value of theirs.

    Their canonical files are checked under the policy of their report and under the new one. “datalab gate check
    --canonical” and “datalab export gather” leave folders of past requests.
    """
    from hub.adapters.simulation import simulate as simulated  # Late: it loads what reads tables.

    found = simulated(policy, against, dataset or ())
    if as_json:
        return print_json(asdict(found))
    print_rows(
        [asdict(difference) for difference in found.differences],
        ("request", "path", "before", "after", "appears", "disappears"),
        as_json=False,
        nothing="Nothing would change.",
    )
    looked = f"{found.files} file(s) of {found.requests} request(s) looked at"
    return typer.echo(f"{looked}; {found.not_looked_at} without a canonical file.")


@app.command(
    "set",
    epilog=examples(
        "datalab policy set stricter.toml --project care", "datalab policy set stricter.toml --dataset health"
    ),
)
def set_layer(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The layer, TOML; empty to end it.", metavar="FILE", dir_okay=False)],
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="The dataset's name.", metavar="DATASET")] = "",
    project: ProjectName = "",
    as_json: AsJson = False,
) -> None:
    """Make the policy stricter for a dataset (a steward of its owner) or a project (a steward who is no member)."""
    if bool(dataset) == bool(project):
        raise InvalidError("Name one dataset or one project.", reason="policy-which")
    address = place("datasets", dataset, "policy") if dataset else place("projects", project, "policy")
    kept = portal(context).put(address, {"text": file.read_text(encoding="utf-8")})
    print_record(kept, as_json=as_json, fields=("id", "changed_by", "changed"))
