"""Runs the service: its process, what it tells operators, and what it does by the clock."""
