"""The OpenAPI document, made of the routes themselves, and a page that shows it offline."""

from fvs_server.openapi.document import ANSWER, RAW_BODY, openapi_document

__all__ = ["ANSWER", "RAW_BODY", "openapi_document"]
