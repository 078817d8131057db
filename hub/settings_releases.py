"""The tables of ``lab.toml`` for what has left: how long a release is fetched, and the public register."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.settings_tables import Section


class Releases(Section):
    """For how many days a release is fetched, and for how many minutes the download that one person makes of it."""

    days: Annotated[int, Field(ge=1, le=3650)] = 30
    minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 60


class PublicRegister(Section):
    """Whether anybody may read, without a login, what was made public field by field."""

    open: bool = False
