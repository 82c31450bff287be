"""Calls the Face Verification Service over HTTP, synchronously or not."""
