"""Bring the state folder into shape before anything of the lab is started or looked at."""

from __future__ import annotations

from hub.adapters.accounts.applied import apply_layout
from hub.adapters.accounts.moved import move_old_layout
from hub.adapters.secrets import make_secrets
from hub.settings import Settings


def prepare_state(settings: Settings, *, runs: bool = False) -> None:
    """Make secrets and folders, give each to its owner, and bring along what an older version left.

    What is in use is not moved: a lab that ``runs`` has its folder in order.
    """
    make_secrets(settings)
    if not runs:
        move_old_layout(settings)
    apply_layout(settings)
