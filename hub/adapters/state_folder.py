"""What is said where the state folder cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hub.domain.errors import UnavailableError
from hub.settings import Settings


@contextmanager
def writing_state(settings: Settings) -> Iterator[None]:
    """Write in the state folder; raises UnavailableError, with the system's reason, where that fails."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            "The state folder {folder} cannot be written: {why}. Make room, or give the folder to the account that "
            "runs the lab.",
            reason="state-folder",
            folder=settings.state,
            why=error.strerror,
        ) from error
