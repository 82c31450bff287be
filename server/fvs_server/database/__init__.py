"""The server's own tables, on SQLite and PostgreSQL alike; no biometric data is in them."""

from fvs_server.database.columns import UtcTime
from fvs_server.database.engine import Database, metadata

__all__ = ["Database", "UtcTime", "metadata"]
