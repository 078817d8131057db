"""Hands pip's own configuration (a mirror, a certificate, a proxy) on to uv, which does not read it."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

_NAMES = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY"}


def parse(listing: str) -> dict[str, str]:
    """The settings in the output of ``pip config list``; the environment's come first there, and win."""
    found: dict[str, str] = {}
    for line in listing.splitlines():
        name, equals, value = line.partition("=")
        words = shlex.split(value)
        if equals and words:
            found.setdefault(name.rpartition(".")[2], words[0])
    return found


def for_uv(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """What to add to uv's environment; what a person has set for uv stays."""
    wanted = {_NAMES[name]: value for name, value in settings.items() if name in _NAMES}
    wanted["UV_SYSTEM_CERTS"] = "1"
    # The interpreter is the machine's: what is not there is not fetched from somewhere else.
    wanted["UV_PYTHON_DOWNLOADS"] = "never"
    return {name: value for name, value in wanted.items() if name not in environment}


def uv_environment(pip: Path) -> dict[str, str]:
    """The additions for this machine, as its pip sees the configuration."""
    listing = subprocess.run(
        [str(pip), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    return for_uv(parse(listing), os.environ)
