"""The `fvs` command line; the only place that prints, reads the environment and exits."""

from fvs.cli.process import main

__all__ = ["main"]
