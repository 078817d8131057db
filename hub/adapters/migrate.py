"""Bring the lab's tables up to date with Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

CHANGES = Path(__file__).parent / "migrations"


def migrate(engine: Engine, to: str = "head") -> None:
    """Apply the changes that the database does not have yet, up to one; a database that is up to date is left alone."""
    if to == "head" and _has(engine) == newest():
        return
    from alembic import command  # Late: most starts find nothing to change.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(CHANGES))
    config.attributes["engine"] = engine
    command.upgrade(config, to)


def newest() -> str:
    """The change that no other follows: each file is named for its own, and they stand in one line."""
    return max(file.name for file in (CHANGES / "versions").glob("*.py")).partition("_")[0]


def _has(engine: Engine) -> str:
    """The last change that a database has; "" of one that has none."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none() or "")
