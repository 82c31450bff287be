"""Derivation of operating points from pictures; offline only, never part of an answer."""
