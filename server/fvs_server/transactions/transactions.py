"""Keeps transactions, each together with its entry in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Row, insert, select

from fvs_server.audit import Action, AuditEntry, AuditEvent, AuditLog
from fvs_server.identity import Principal, Scope
from fvs_server.problems import Problem, ServiceError
from fvs_server.transactions.records import TransactionRecord
from fvs_server.transactions.tables import transactions

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

__all__ = ["Transactions", "record_of"]

_INSERT = insert(transactions)
_LISTS = ("reasons", "model_ids")


class Transactions:
    """Transactions of all IdPs."""

    def __init__(
        self, audit: AuditLog, notice: Callable[[TransactionRecord], None] = lambda _record: None
    ) -> None:
        """Append to this log, and have each record noticed, for example counted."""
        self._audit = audit
        self._notice = notice

    def record(self, connection: Connection, record: TransactionRecord) -> AuditEntry:
        """Keep a transaction and chain it to the log, in the caller's transaction.

        Call it last: see `AuditLog.append`.
        """
        row = msgspec.structs.asdict(record)
        for name in _LISTS:
            row[name] = " ".join(row[name])
        connection.execute(_INSERT, row)
        self._notice(record)
        return self._audit.append(connection, AuditEvent.of(record))

    def get(
        self, connection: Connection, transaction_id: str, principal: Principal
    ) -> TransactionRecord:
        """A transaction of one's own, or for an administrator anybody's.

        Raises:
            ServiceError: NOT_FOUND: there is none, or it is another's; they cannot be told apart.
        """
        wanted = select(transactions).where(transactions.c.transaction_id == transaction_id)
        if Scope.ADMIN not in principal.scopes:
            wanted = wanted.where(transactions.c.idp == principal.idp)
        row = connection.execute(wanted).first()
        if row is None:
            raise ServiceError(Problem.NOT_FOUND)
        return record_of(row)


def record_of(row: Row[Any]) -> TransactionRecord:
    """A row of the table."""
    values = {name: getattr(row, name) for name in TransactionRecord.__struct_fields__}
    for name in _LISTS:
        values[name] = tuple(values[name].split())
    values["action"] = Action(values["action"])
    return TransactionRecord(**values)
