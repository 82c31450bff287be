"""What this installation has: packs, weights, certificates, trusted keys and registries.

The edges (`fvs.cli`, `fvs_server`) open what they work with here; below it nothing reads the
environment or knows a folder of its own.
"""

__all__: list[str] = []
