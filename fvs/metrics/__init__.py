"""Error rates with exact intervals; offline only: no stage of the engine imports this package."""
