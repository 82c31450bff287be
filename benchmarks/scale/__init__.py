"""What a national register takes: measured here, extrapolated there."""
