"""Callers for tests: keys, headers, tokens, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs_server.identity.api_keys import IssuedKey, KeyOrder
from fvs_server.identity.principal import Scope

if TYPE_CHECKING:
    from fvs_server.wiring import Services

BANK, TELCO = "bank.example", "telco.example"


def issue(services: Services, *scopes: Scope, idp: str = BANK, **order: object) -> IssuedKey:
    """A new key with those scopes, or with all."""
    wanted = KeyOrder(idp=idp, scopes=frozenset(scopes or Scope), **order)
    with services.database.writing() as connection:
        return services.api_keys.create(connection, wanted, services.clock())


def bearer(services: Services, *scopes: Scope, idp: str = BANK) -> dict[str, str]:
    """Headers of a caller with a new key."""
    return {"Authorization": f"Bearer {issue(services, *scopes, idp=idp).text.reveal()}"}
