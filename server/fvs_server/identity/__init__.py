"""Who calls, and what they may do; known before a request's body is read."""

from fvs_server.identity.principal import AuthenticationMethod, Principal, Scope

__all__ = ["AuthenticationMethod", "Principal", "Scope"]
