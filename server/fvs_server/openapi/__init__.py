"""The OpenAPI 3.1 document, derived from the routes that are served."""

from fvs_server.openapi.document import openapi_document

__all__ = ["openapi_document"]
