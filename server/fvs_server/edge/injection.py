"""How handlers take what the application gives them."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from litestar.di import NamedDependency
from litestar.params import SkipValidation

__all__ = ["Injected"]

T = TypeVar("T")

Injected: TypeAlias = NamedDependency[SkipValidation[T]]
"""By the parameter's name; ours already, so that no request spends time on validating it."""
