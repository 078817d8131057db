"""The reference page of ``lab.toml``, made from the settings themselves.

``python -m hub.settings_page > docs/reference/settings.md`` writes it; a test compares the two. A key without a meaning
here, or a meaning without its key, makes no page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic.fields import FieldInfo

from hub.settings import Settings
from hub.settings_tables import Allowance, Section, VotesByClass, VotesByTier, parse_size

HEAD = """\
# `lab.toml`

This page is made from `hub/settings.py` by `python -m hub.settings_page`; a test fails when the two differ.

Everything that an installation decides stands in this one file; [`docs/lab.example.toml`](../lab.example.toml) is one
to copy. It is validated as a whole, and all faults are reported at once: an unknown key refuses the file, and a key
that is not there has its default. `datalab doctor` says whether the machine has what the file asks for.

Sizes are whole bytes, or texts such as `"512K"`, `"512M"`, `"2G"`, `"1T"`. Times are seconds. Relative paths start at
the file's own folder. Secrets are never written here: they are files of mode 0600 in the folder `secrets` of the state
folder, and `datalab admin init` makes those that the lab can make by itself.
"""

MEANINGS: Mapping[str, str] = {
    "name": "Stands in the names of the lab's containers, so that two labs on one machine stay apart. "
    "Lower-case letters and digits, at most 20, the first a letter.",
    "title": "Stands at the top of every page and in every receipt.",
    "state": "The one folder that holds all that the lab keeps, closed to all but the account that runs the lab.",
    "database_url": "Where the lab's own tables are. Empty: SQLite in the state folder. "
    '`"postgresql+psycopg://user@host/name"`: PostgreSQL. JupyterHub\'s own tables stay in the state folder.',
    "vault": "The folder of the files by their digest; empty: `vault` in the state folder. On a file system of its own "
    "it is not filled by anything else.",
    "concurrent_work": "How many runs, checks and snapshots may go on at the same time.",
    "server.address": "Where the lab listens for people. Beyond loopback it needs `certificate` and `key`.",
    "server.url": "The address that people type, where it is not made of the address and the public port, for example "
    "behind a reverse proxy.",
    "server.subdomains": "Give each workspace an origin of its own, `https://w-<identifier>.<the lab's name>`, "
    "apart from hub, portal and all others, and show workspaces of the held tiers inside a page of the portal alone. "
    "Needs `url` with a name, and DNS and a certificate for `*.<name>`, too; or no `url` on loopback, where the lab is "
    "then at `http://lab.localhost:<public>`. See [how to](../how-to/use-subdomains.md).",
    "server.certificate": "File of the TLS certificate with its chain, as PEM; it comes together with `key`.",
    "server.key": "File of the certificate's private key, as PEM.",
    "ports.public": "The one port that people use.",
    "ports.proxy_api": "How the hub tells the proxy its routes.",
    "ports.portal": "The lab's pages and API, behind the proxy.",
    "ports.gateway": "The way into workspaces, behind the proxy.",
    "ports.identity": "The demonstration's own identity provider.",
    "ports.hub": "JupyterHub, behind the proxy.",
    "login.demo": "Run a provider with made-up people on loopback: for the demonstration and tests alone.",
    "login.issuer": "The provider's own name, exactly as its ID tokens have it (`iss`); empty: any name passes.",
    "login.client_id": "The name under which the lab is registered at the provider, with the redirect address "
    "`<url>/hub/oauth_callback`. The provider's secret for it goes into `secrets/client-secret`.",
    "login.authorize_url": "Where people log in. With https; needed unless `demo` is true.",
    "login.token_url": "Where the hub changes a login for a token. With https; needed unless `demo` is true.",
    "login.userdata_url": "Where the hub asks who logged in. With https; needed unless `demo` is true.",
    "login.logout_url": "Where people are sent when they log out; empty: the lab's own page.",
    "login.username_claim": "What names a person in the provider's answer; it must never be given to another one.",
    "login.scopes": "What the lab asks the provider for. Without `openid` (GitHub) there is no ID token to be checked.",
    "login.acr_values": "Levels of authentication that the lab asks the provider for (`acr_values`), best first.",
    "login.second_factor_claim": "The claim of the ID token that tells of a second factor: `amr` or `acr`.",
    "login.second_factor_values": "A login counts only where that claim names one of these; empty: a second factor is "
    "not asked for. See [how to](../how-to/connect-a-provider.md).",
    "seconds": "The longest that one may take; a workspace is not ended by it.",
    "cell_seconds": "The longest that one cell of a run may take; 0: as long as the run.",
    "idle_seconds": "A workspace that its person has not used for so long, as the gateway sees it, is ended.",
    "lifetime_seconds": "A workspace ends so long after it was opened, whatever happens in it; its files stay.",
    "open_per_project": "How many workspaces a project may have open at the same time.",
    "allowance.open_per_project": "How many workspaces the project may have open at the same time.",
    "allowance.memory": "Memory of each of its workspaces.",
    "allowance.cpus": "Processors of each of its workspaces.",
    "allowance.processes": "Processes and threads of each of its workspaces.",
    "allowance.runs_a_month": "How many runs it may start in a calendar month, in place of `notebooks.runs_a_month`.",
    "allowance.runs": "How many of its runs may be under way at the same time; at most `concurrent_work`.",
    "ready_memory": "Make a member's next workspace ready when they come to the lab, so that it opens at once: all "
    "that wait hold no more memory than this, 96 MiB each, and none is made while the machine has less than a quarter "
    "of its memory left. 0: none is made in advance. See [how to](../how-to/limit-workspaces.md).",
    "ready_seconds": "One that was made ready and that nobody opened ends after so long.",
    "memory": "Memory; there is no swap beside it.",
    "cpus": "Processors, in parts of one.",
    "processes": "Processes and threads together.",
    "tmp": "Size of `/tmp`, which lies in memory.",
    "runtime": "The engine's runtime for these containers, for example `runsc` (gVisor); empty: the engine's usual "
    "one. The lab does not start when the engine does not have it.",
    "storage.project": "Size of each project's disk: homes, shared folder, outputs and runs together. It can grow: "
    "`datalab project grow`.",
    "storage.scratch": "Size of the disk that each work of the gate and of intake writes on, while it goes on.",
    "storage.upload": "The largest file that can be sent to the lab.",
    "storage.uid_base": "Containers of a project run under a user number of their own, counted from here.",
    "storage.reader_uid": "The user number of the containers that read foreign files.",
    "storage.datasets": "How snapshots are mounted. `verity`: as images of a read-only file system, on devices of each "
    "project's own, each block of which the kernel checks when it is read (dm-verity). `erofs`: as such images, hashed "
    "before each mount. `folder`: as read-only folders, where a machine has no loop devices or no EROFS; projects that "
    "read one dataset can then signal to each other by locks on it. `auto`: the first that works; `datalab doctor` "
    "says which.",
    "space.alarm": "When less is free in a place, an event is recorded, and administrators and stewards read it on "
    "their home page.",
    "space.floor": "When less is free in a place, nothing new is taken in: no file, run, notebook, dataset or export.",
    "browser.open_soft": "Alarm for workspaces of open data.",
    "browser.open_hard": "Cap for workspaces of open data.",
    "browser.sensitive_soft": "Alarm for workspaces of sensitive data.",
    "browser.sensitive_hard": "Cap for workspaces of sensitive data.",
    "browser.secret_soft": "Alarm for workspaces of secret data.",
    "browser.secret_hard": "Cap for workspaces of secret data.",
    "gate.votes": "How many different stewards must approve every file of an export request.",
    "gate.class_votes": "The same for requests that hold an output of a class, in its place: `table`, `figure`, `code` "
    "(source without outputs), `model`, `text`. The strictest class of a request counts, and what is unknown counts as "
    "the strictest of all. See [how to set policies](../how-to/set-policies.md).",
    "gate.tier_votes": "The least number of votes for outputs from data of a tier, whatever their class.",
    "gate.profile": "The disclosure profile for outputs whose datasets are not known.",
    "gate.floor": "A disclosure profile that holds for every output, beside the one of its dataset: the stricter value "
    "of each parameter applies. Empty: none.",
    "gate.parameters": "Parameters of the policy that hold for every output, in a table `[gate.parameters]`, with "
    "sizes in `[gate.parameters.limits]`; datasets and projects can only be stricter. See "
    "[how to set policies](../how-to/set-policies.md).",
    "review.claim_seconds": "How long a steward's claim of an export request lasts; meanwhile no other steward decides "
    "on it.",
    "review.soon_seconds": "After how long a request that waits for the stewards is due soon, in their queue.",
    "review.late_seconds": "After how long it is late there.",
    "review.blind_tiers": "Tiers of data for whose outputs the stewards' first votes are sealed: nobody who could vote "
    "knows of another's until as many as are needed have voted. See [how to](../how-to/vote-and-dissent.md).",
    "review.blind_kinds": "Kinds of files for which it is so, whatever the data behind them are: `csv`, `parquet`, "
    "`json`, `text`, `png`, `jpeg`, `xlsx`, `notebook`, `safetensors`.",
    "review.other_organisation_tiers": "Tiers of data whose outputs are reviewed by stewards of another organisation "
    "than the author's. See [how to](../how-to/vote-and-dissent.md).",
    "notebooks.validation_seconds": "How long a notebook that was sent for approval may run on invented data. One that "
    "takes longer was not validated.",
    "notebooks.approve_failed": "Whether approvers may approve a notebook with a cell that fails on invented data.",
    "notebooks.approve_unvalidated": "Whether approvers may approve a notebook that was not validated, since its "
    "validation crashed or took too long.",
    "twins.epsilon": "How much privacy all synthetic twins of one secret dataset may cost together, as differential "
    "privacy counts it; what was spent is never given back. See [decision 40](../decisions/0040-synthetic-twins.md).",
    "statement.en": "What whoever asks for an export states before it goes through the gate; each submission keeps its "
    "text as it was made.",
    "statement.fr": "The same in French.",
    "exceptions.tiers": "Tiers of data for which an exception from a finding may be asked for; every dataset behind "
    "a request has to be of one of them. Empty: none ever.",
    "exceptions.more_votes": "How many stewards more than must approve the request's files must grant one.",
    "exceptions.days": "For how many days one that was granted holds.",
    "mail.host": "The mail server. Empty: no notice is sent by mail; the portal shows them all the same.",
    "mail.port": "Its port.",
    "mail.tls": "`starttls`: plain at first, then TLS; `tls`: TLS from the start; `none`: only on loopback.",
    "mail.user": "The lab's name at the mail server; its password goes into `secrets/mail-password`. Empty: no login.",
    "mail.sender": "The address that notices come from; needed with `host`.",
    "mail.domain": "A person's address is their name in the lab at this domain. Empty: only those in `addresses`.",
    "mail.addresses": "Addresses that differ from that, in a table `[mail.addresses]`: name = address.",
    "mail.stewards": "The box that is told of export requests that nobody has claimed; empty: none.",
    "mail.approvers": "The box that is told of notebooks that wait for a decision; empty: none.",
    "webhook.url": "Where notices are posted to as JSON, with https but on loopback, and signed with the key in "
    "`secrets/webhook-key`, 32 bytes or more. Empty: none are. See [how to](../how-to/send-notices.md).",
    "notebooks.runs_a_month": "How many runs a project may start in a calendar month (UTC), those of "
    "sweeps and repetitions counted.",
    "notebooks.zone": "The time zone in which the times of schedules are read, by its name in the IANA database, such "
    "as `Europe/Paris`. A schedule keeps the one that it was made in.",
    "releases.days": "For how many days after its making a release's files are fetched; a steward opens it again for "
    "as many at most.",
    "releases.minutes": "For how many minutes the download that one person makes of a release lasts.",
    "public_register.open": "Whether the portal has a page and a document (DCAT) without a login, of what projects, "
    "owners and stewards made public. See [how to](../how-to/keep-a-public-register.md).",
    "images.workspace": "The image of workspaces, runs and the gate's containers; `make setup` builds it.",
}
"""What each key means; the keys of a container's limits are the same in three sections and have one meaning."""

LIMITS: Mapping[str, str] = {
    "workspace": "What the container of one member in one project may use.",
    "run": "What the container of one run of an approved notebook may use.",
    "reader": "What the containers that convert datasets, inspect notebooks and check outputs may use.",
}
BY_PROJECT: Mapping[str, type[Section]] = {"allowance": Allowance}
"""Sections of which each project may have one."""
KINDS: Mapping[object, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    Decimal: "number",
    Path: "path",
    tuple[str, ...]: "list of texts",
    dict[str, Any]: "table",
    dict[str, str]: "table of texts",
    tuple[Literal["open", "sensitive", "secret"], ...]: "list of tiers",
    VotesByClass: "table of classes, with whole numbers from 1 to 5",
    VotesByTier: "table of tiers, with whole numbers from 1 to 5",
    Literal["starttls", "tls", "none"]: "`starttls`, `tls` or `none`",
    Literal["auto", "verity", "erofs", "folder"]: "`auto`, `verity`, `erofs` or `folder`",
}
UNITS = ((40, "T"), (30, "G"), (20, "M"), (10, "K"), (0, ""))


def page() -> str:
    """Return the whole page as markdown; KeyError where a key has no meaning, or a meaning no key."""
    used: set[str] = set()
    fields = Settings.model_fields
    plain = {name: field for name, field in fields.items() if not _is_section(field) and name not in BY_PROJECT}
    parts = [HEAD, "## At the top of the file\n", *_table("", plain, None, used)]
    for name, field in fields.items():
        if _is_section(field):
            parts += _section(name, field, used)
    for name, kind in BY_PROJECT.items():
        about = " ".join((kind.__doc__ or "").split())
        parts += [f"\n## `[{name}.<project>]`\n\n{about}\n", *_table(name, kind.model_fields, None, used)]
    if used != set(MEANINGS):
        raise KeyError(*sorted(set(MEANINGS) - used))
    return "\n".join(parts) + "\n"


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, Section)


def _section(name: str, field: FieldInfo, used: set[str]) -> Iterator[str]:
    kind: Any = field.annotation
    yield f"\n## `[{name}]`\n\n{LIMITS.get(name) or ' '.join(kind.__doc__.split())}\n"
    yield from _table(name, kind.model_fields, None if field.is_required() else field.default, used)


def _table(section: str, fields: Mapping[str, FieldInfo], there: Section | None, used: set[str]) -> Iterator[str]:
    """The keys of one section; ``there`` is the section that an empty file has."""
    yield "| key | what it is | default | what it means |\n| --- | --- | --- | --- |"
    for name, field in fields.items():
        key = name if section in ("", *LIMITS) else f"{section}.{name}"
        used.add(key)
        default = "" if field.is_required() else f"`{_shown(field, getattr(there, name, field.default))}`"
        yield f"| `{name}` | {_kind(field)} | {default or 'none: it must be there'} | {MEANINGS[key]} |"


def _kind(field: FieldInfo) -> str:
    """The type with its bounds, in words."""
    if _is_size(field):
        return "size"
    words = [KINDS[field.annotation]]
    for bound, word in (("ge", "from"), ("gt", "above"), ("le", "to")):
        words += [f"{word} {getattr(found, bound)}" for found in field.metadata if hasattr(found, bound)]
    return " ".join(words)


def _is_size(field: FieldInfo) -> bool:
    return any(getattr(found, "func", None) is parse_size for found in field.metadata)


def _shown(field: FieldInfo, value: object) -> str:
    """A default as people write it in the file."""
    if _is_size(field) and isinstance(value, int) and value:
        number, unit = next((value >> shift, unit) for shift, unit in UNITS if value % (1 << shift) == 0)
        return json.dumps(f"{number}{unit}") if unit else str(number)
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(page())
