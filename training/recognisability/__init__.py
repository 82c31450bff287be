"""Measures an embedder's recognisability scale, which grades faces from 0 to 100."""
