"""Measurements of speed and accuracy, and the tables of the README made from them."""
