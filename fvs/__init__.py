"""Face verification: a live selfie against an ID-card portrait, with measured error rates."""

__version__ = "0.1.0"
