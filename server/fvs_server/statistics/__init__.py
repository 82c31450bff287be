"""Counts of what was answered, per IdP and hour."""
