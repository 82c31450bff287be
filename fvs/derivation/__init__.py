"""Derivation of operating points from pictures; offline only, never part of an answer."""

from fvs.derivation.derivation import DerivationRequest, derive
from fvs.derivation.groups import read_labels
from fvs.derivation.provenance import describe_commit, describe_machine

__all__ = ["DerivationRequest", "derive", "describe_commit", "describe_machine", "read_labels"]
