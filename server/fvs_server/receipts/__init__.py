"""Signs answers, with keys that rotate and whose public halves stay published."""

from fvs_server.receipts.issuing import Receipt, Receipts
from fvs_server.receipts.keys import SigningKeys

__all__ = ["Receipt", "Receipts", "SigningKeys"]
