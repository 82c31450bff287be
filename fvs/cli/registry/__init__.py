"""`fvs registry`: templates enrolled by number, compared with selfies, and everything around it."""

from fvs.cli.registry.app import app

__all__ = ["app"]
