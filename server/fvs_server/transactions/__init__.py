"""What was asked and answered, without biometric data: for callers, statistics and drift."""

from fvs_server.transactions.records import TransactionRecord
from fvs_server.transactions.transactions import Transactions

__all__ = ["TransactionRecord", "Transactions"]
