"""The accounts that the lab's processes run as where root started it, and the groups of what they share.

Invariants:

* no process but supervisord and the privileged one has root's power, and none of these accounts is in docker's group;
* a group is for one thing that is shared, and has those accounts alone that need it;
* no account has a password, a shell or a home.
"""

from __future__ import annotations

from enum import StrEnum


class Account(StrEnum):
    """One account for each process that people, containers or browsers speak to; its own group has the same name."""

    HUB = "datalab-hub"
    PORTAL = "datalab-portal"
    WORKER = "datalab-worker"
    GATEWAY = "datalab-gateway"
    PROXY = "datalab-proxy"
    IDENTITY = "datalab-identity"


class Group(StrEnum):
    """What several accounts share."""

    LAB = "datalab"  # the way into the state folder
    RECORDS = "datalab-records"  # the lab's database, and the sockets of the privileged process
    VAULT = "datalab-vault"  # files by their digest
    SERVERS = "datalab-servers"  # the folders of workspaces' servers
    CONTROL = "datalab-control"  # the socket on which the gateway is told of workspaces
    ACCESS_LOG = "datalab-access-log"  # what the gateway wrote down


MEMBERS: dict[Group, frozenset[Account]] = {
    Group.LAB: frozenset(Account),
    Group.RECORDS: frozenset({Account.HUB, Account.PORTAL, Account.WORKER}),
    Group.VAULT: frozenset({Account.PORTAL, Account.WORKER}),
    Group.SERVERS: frozenset({Account.HUB, Account.WORKER, Account.GATEWAY}),
    Group.CONTROL: frozenset({Account.HUB, Account.WORKER}),
    Group.ACCESS_LOG: frozenset({Account.PORTAL, Account.WORKER}),
}
"""Who is in which group. A process is given its groups when it starts, so that no other membership counts."""


def groups_of(account: Account) -> list[Group]:
    """Return the shared groups of an account, in the order of the table."""
    return [group for group, members in MEMBERS.items() if account in members]
