"""Calls the Face Verification Service over HTTP; see docs/how-to/call-the-service.md.

OAuth2 (`fvs_client.oauth2`), signed requests (`fvs_client.signing`) and receipts
(`fvs_client.receipts`) are imported by those who use them.
"""

from fvs_client.clients import AsyncClient, Client, ClientOptions, client_certificate
from fvs_client.retrying import RetryPolicy

__all__ = ["AsyncClient", "Client", "ClientOptions", "RetryPolicy", "client_certificate"]
