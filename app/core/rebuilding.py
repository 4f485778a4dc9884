"""How a migration rebuilds a table on SQLite; read by migrations alone, for which Alembic is loaded."""

from alembic.operations import batch


class Rebuild(batch.ApplyBatchImpl):
    """How Alembic rebuilds a table on SQLite: it would copy generated columns too, which SQLite refuses."""

    def _transfer_elements_to_new_table(self) -> None:
        for column in self.table.columns:
            if column.computed is not None and column.name in self.column_transfers:  # a new one is copied from nowhere
                self.column_transfers[column.name].pop("expr", None)
        super()._transfer_elements_to_new_table()


batch.ApplyBatchImpl = Rebuild  # type: ignore[misc]
