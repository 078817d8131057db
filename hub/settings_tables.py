"""The tables of ``lab.toml``, one for each part of the lab, with what is wrong within each.

Invariants:

* an unknown key or a wrong value refuses a table, and so the whole file;
* sizes are whole bytes, written ``512M`` or ``2G``; times are seconds.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

MIB, GIB = 2**20, 2**30
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def parse_size(value: object) -> object:
    """Turn ``512M`` into bytes; pydantic judges whatever is not of that form."""
    match = re.fullmatch(r"(\d+)([KMGT]?)", value) if isinstance(value, str) else None
    return int(match[1]) * _UNITS[match[2]] if match else value


Size = Annotated[int, BeforeValidator(parse_size), Field(gt=0)]
SizeOrNone = Annotated[int, BeforeValidator(parse_size), Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


def _known_zone(name: str) -> str:
    """Take a time zone that the machine knows."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("not a time zone of the IANA database, such as Europe/Paris") from None
    return name


class Section(BaseModel):
    """A table of ``lab.toml``; it takes no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ports(Section):
    """Ports on the loopback address; only ``public`` is meant for people."""

    public: Port = 8000
    proxy_api: Port = 8001
    portal: Port = 8002
    gateway: Port = 8003
    identity: Port = 8004
    hub: Port = 8081

    @model_validator(mode="after")
    def _no_port_twice(self) -> Ports:
        ports = list(self.model_dump().values())
        if len(set(ports)) < len(ports):
            raise ValueError("two services have the same port")
        return self


class Server(Section):
    """Where people reach the lab; certificate and key are files, and without them the lab stays on loopback."""

    address: str = "127.0.0.1"
    url: str = ""
    subdomains: bool = False
    certificate: str = ""
    key: str = ""

    @model_validator(mode="after")
    def _no_clear_text_beyond_loopback(self) -> Server:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key come together")
        if self.address not in LOOPBACK and not self.certificate:
            raise ValueError("an address beyond loopback needs certificate and key")
        return self

    @model_validator(mode="after")
    def _subdomains_are_of_a_name(self) -> Server:
        """Without TLS, browsers keep a page's rules (and say where a request comes from) on loopback names alone."""
        if not self.subdomains or (not self.url and self.address in LOOPBACK and not self.certificate):
            return self
        parts = urlsplit(self.url)
        if not parts.hostname or parts.path.strip("/") or not re.search(r"\.[a-z][a-z0-9-]*$", parts.hostname):
            raise ValueError("subdomains needs the lab's own name in url, as in https://lab.example.org")
        if parts.scheme != "https" and not parts.hostname.endswith(".localhost"):
            raise ValueError("subdomains needs https, but for names below .localhost")
        return self


class Login(Section):
    """The OpenID Connect provider; ``demo`` runs one on loopback, for the demonstration and the tests only."""

    demo: bool = False
    issuer: str = ""
    client_id: str = "datalab"
    authorize_url: str = ""
    token_url: str = ""
    userdata_url: str = ""
    logout_url: str = ""
    username_claim: str = "sub"
    scopes: tuple[str, ...] = ("openid", "profile")
    acr_values: tuple[str, ...] = ()
    second_factor_claim: Annotated[str, Field(min_length=1)] = "amr"
    second_factor_values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _a_provider_is_named(self) -> Login:
        addresses = (self.authorize_url, self.token_url, self.userdata_url)
        if not self.demo and not all(address.startswith("https://") for address in addresses):
            raise ValueError("authorize_url, token_url and userdata_url are needed, with https, or demo = true")
        if self.second_factor_values and "openid" not in self.scopes:
            raise ValueError("second_factor_values needs the scope “openid”: an ID token tells of a second factor")
        return self


class ContainerLimits(Section):
    """What one container may use."""

    memory: Size = 2 * GIB
    cpus: Annotated[float, Field(gt=0)] = 1.0
    processes: Annotated[int, Field(ge=16)] = 256
    tmp: Size = 256 * MIB
    seconds: Annotated[int, Field(ge=1)] = 3600


class RunLimits(ContainerLimits):
    """What one run may use, and how long one cell of its notebook may take; 0: as long as the run."""

    cell_seconds: Annotated[int, Field(ge=0, le=7 * 86400)] = 0


class WorkspaceLimits(ContainerLimits):
    """What one workspace may use, how long it may stay, and how many a project may have open."""

    # An open page of JupyterLab looks after its kernels now and then: who ends it earlier ends what is looked at.
    idle_seconds: Annotated[int, Field(ge=600)] = 2 * 3600
    lifetime_seconds: Annotated[int, Field(ge=600)] = 24 * 3600
    open_per_project: Annotated[int, Field(ge=1)] = 20
    ready_memory: SizeOrNone = 0
    ready_seconds: Annotated[int, Field(ge=30, le=3600)] = 600


class Allowance(Section):
    """What one project has where it differs from all others; 0: no more and no less than they."""

    open_per_project: Annotated[int, Field(ge=0)] = 0
    memory: SizeOrNone = 0
    cpus: Annotated[float, Field(ge=0)] = 0
    processes: Annotated[int, Field(ge=0)] = 0
    runs: Annotated[int, Field(ge=0)] = 0
    runs_a_month: Annotated[int, Field(ge=0)] = 0

    @property
    def of_a_workspace(self) -> dict[str, int | float]:
        """What differs for a workspace."""
        return {name: value for name, value in self.model_dump(exclude={"runs", "runs_a_month"}).items() if value}


class ReaderLimits(ContainerLimits):
    """What reads and checks foreign bytes may use, and the engine's runtime for it where that is not the usual one."""

    seconds: Annotated[int, Field(ge=1)] = 120
    runtime: Annotated[str, Field(pattern=r"^([a-z][a-zA-Z0-9._-]*)?$")] = ""


class Storage(Section):
    """Hard limits of the loop images: one for each project, one for each work of the gate and of intake."""

    project: Size = 2 * GIB
    scratch: Size = 2 * GIB
    upload: Size = 1 * GIB
    uid_base: Annotated[int, Field(ge=100000)] = 200000
    reader_uid: Annotated[int, Field(ge=100000)] = 199999
    datasets: Literal["auto", "verity", "erofs", "folder"] = "auto"


class Space(Section):
    """Free space in each place that the lab writes to: state folder, vault and database; 0 switches one off."""

    alarm: SizeOrNone = 2 * GIB
    floor: SizeOrNone = 512 * MIB

    @model_validator(mode="after")
    def _an_alarm_comes_first(self) -> Space:
        if self.alarm < self.floor:
            raise ValueError("the alarm comes before the floor: it must not be smaller")
        return self


class Browser(Section):
    """How many bytes one person may be sent from one project's workspaces in a UTC day, by the workspace's tier.

    The soft number raises an alarm, once a day; the hard one ends the day. 0 stands for none.
    """

    open_soft: SizeOrNone = 2 * GIB
    open_hard: SizeOrNone = 0
    sensitive_soft: SizeOrNone = 256 * MIB
    sensitive_hard: SizeOrNone = 1 * GIB
    secret_soft: SizeOrNone = 64 * MIB
    secret_hard: SizeOrNone = 256 * MIB

    def soft(self, tier: str) -> int:
        """The alarm of a tier."""
        return int(getattr(self, f"{tier}_soft"))

    def hard(self, tier: str) -> int:
        """The cap of a tier."""
        return int(getattr(self, f"{tier}_hard"))

    @model_validator(mode="after")
    def _an_alarm_comes_before_the_cap(self) -> Browser:
        for tier in ("open", "sensitive", "secret"):
            if self.hard(tier) and self.soft(tier) > self.hard(tier):
                raise ValueError(f"{tier}_soft is above {tier}_hard")
        return self


Votes = Annotated[int, Field(ge=1, le=5, strict=True)]
VotesByClass = dict[Literal["table", "figure", "code", "model", "text"], Votes]
VotesByTier = dict[Literal["open", "sensitive", "secret"], Votes]


class Gate(Section):
    """How many stewards must approve, and the site's layer of the disclosure policy.

    ``class_votes`` takes the place of ``votes`` for an output of that class; ``tier_votes`` is the least for outputs
    from data of that tier, whatever their class.
    """

    votes: Votes = 2
    class_votes: VotesByClass = Field(default_factory=dict)
    tier_votes: VotesByTier = Field(default_factory=dict)
    profile: str = "uk-sacro"
    floor: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)


class Notebooks(Section):
    """How long a notebook may run on invented data, whether one that did not pass may be approved, how many may run."""

    validation_seconds: Annotated[int, Field(ge=10, le=24 * 3600)] = 600
    approve_failed: bool = False
    approve_unvalidated: bool = False
    runs_a_month: Annotated[int, Field(ge=1)] = 10_000
    zone: Annotated[str, Field(max_length=60), AfterValidator(_known_zone)] = "UTC"


class Twins(Section):
    """How much privacy all synthetic twins of one dataset may cost together, as differential privacy counts it."""

    epsilon: Annotated[Decimal, Field(gt=0, le=1000, decimal_places=3)] = Decimal(3)


class Images(Section):
    """The image that workspaces, runs and the gate's containers are made from."""

    workspace: str = "datalab/workspace:current"
