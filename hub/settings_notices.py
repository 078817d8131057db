"""The tables of ``lab.toml`` for what leaves the lab as a notice, and for exceptions from findings."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from hub.settings_tables import LOOPBACK, Port, Section

ADDRESS = r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9][A-Za-z0-9.-]*"
Address = Annotated[str, Field(pattern=rf"^({ADDRESS})?$")]
"""A plain address of mail, or none."""


class Mail(Section):
    """The mail server that notices are sent by; without ``host`` none is sent. Its password is a secret.

    A person's address is the one in ``addresses``, or else their name at ``domain``.
    """

    host: str = ""
    port: Port = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    sender: Address = ""
    domain: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9.-]*)?$")] = ""
    addresses: dict[str, str] = Field(default={})
    stewards: Address = ""
    approvers: Address = ""

    @model_validator(mode="after")
    def _what_is_sent_has_a_sender_and_is_not_read_on_the_way(self) -> Mail:
        if self.host and not self.sender:
            raise ValueError("host needs sender, the address that notices come from")
        if self.host and self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError("a mail server beyond loopback is spoken to with TLS")
        if not all(re.fullmatch(ADDRESS, address) for address in self.addresses.values()):
            raise ValueError("addresses has something that is no address of mail")
        return self


class Webhook(Section):
    """The address that notices are posted to, as signed JSON; without ``url`` none are. Its key is a secret."""

    url: str = ""

    @model_validator(mode="after")
    def _no_clear_text_beyond_loopback(self) -> Webhook:
        parts = urlsplit(self.url)
        if self.url and (not parts.hostname or parts.username or parts.scheme not in ("http", "https")):
            raise ValueError("url is an address such as https://chat.example.org/hook, without a user in it")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("a webhook beyond loopback is spoken to with https")
        return self


class Exceptions(Section):
    """Exceptions from findings: for which tiers' outputs, with how many stewards more, and for how many days."""

    tiers: tuple[Literal["open", "sensitive", "secret"], ...] = ("open", "sensitive")
    more_votes: Annotated[int, Field(ge=1, le=5)] = 1
    days: Annotated[int, Field(ge=1, le=365)] = 30
