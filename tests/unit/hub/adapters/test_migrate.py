"""Facts about the changes of the tables: they are looked for once, and left alone where there is nothing to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, text

from hub.adapters.migrate import CHANGES, migrate, newest


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return create_engine(f"sqlite:///{tmp_path / 'tables.sqlite'}")


def version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_the_newest_change_is_the_one_that_no_other_follows() -> None:
    config = Config()
    config.set_main_option("script_location", str(CHANGES))
    changes = ScriptDirectory.from_config(config)
    assert changes.get_heads() == [newest()]
    assert all(Path(c.path).name.startswith(f"{c.revision}_") for c in changes.walk_revisions())


def test_an_empty_database_gets_all_changes_and_an_older_one_the_rest(engine: Engine) -> None:
    migrate(engine, "0001")
    assert version(engine) == "0001"
    migrate(engine)
    assert version(engine) == newest()
    engine.dispose()


def test_a_database_that_is_up_to_date_is_left_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(engine)
    monkeypatch.setattr(command, "upgrade", lambda *_: pytest.fail("there was nothing to change"))
    migrate(engine)
    engine.dispose()


def test_a_database_of_a_later_lab_is_refused(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CommandError, match="9999"):
        migrate(engine)
    engine.dispose()
