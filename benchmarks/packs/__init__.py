"""Packs side by side: accuracy, fairness, size and speed, from the shipped files."""
