"""Run by Alembic: applies the migrations over the connection that `Database.migrate` gives."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    # Two servers that start at once must not migrate twice.
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
