"""The command groups `fvs server` and `fvs audit`; they import the server when they need it."""
