"""Alembic's entry: run the changes on the engine that it is given, in one transaction."""

from __future__ import annotations

from alembic import context

from hub.adapters.tables import METADATA

with context.config.attributes["engine"].connect().execution_options(datalab_writes=True) as connection:
    context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
    with connection.begin(), context.begin_transaction():
        context.run_migrations()
