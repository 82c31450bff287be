"""An append-only log of all that the service answered, whose every change would show."""

from fvs_server.audit.events import Action, AnswerFacts, AuditEvent
from fvs_server.audit.log import AuditEntry, AuditLog

__all__ = ["Action", "AnswerFacts", "AuditEntry", "AuditEvent", "AuditLog"]
