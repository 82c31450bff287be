"""Whether requests are traced; where they are not, OpenTelemetry is not even imported."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fvs.errors import MissingExtraError
from fvs_server.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs_server.operation.settings import TraceSettings

__all__ = ["open_parts"]


@contextmanager
def open_parts(settings: TraceSettings) -> Iterator[Parts]:
    """What services are made of; at the end of the block all spans are sent.

    Raises:
        MissingExtraError: traces are asked for, and OpenTelemetry is not installed.
    """
    if not settings.endpoint:
        yield Parts()
        return
    try:
        from fvs_server.operation.spans import (  # noqa: PLC0415 - an extra
            new_provider,
            traced_parts,
        )
    except ImportError as error:
        raise MissingExtraError(
            f"traces need {error.name}",
            advice="Install it with `pip install 'face-verification-service[otel]'`.",
        ) from error
    provider = new_provider(settings)
    try:
        yield traced_parts(provider.get_tracer("fvs_server"))
    finally:
        provider.shutdown()
