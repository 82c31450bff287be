"""The Face Verification Service over HTTP."""
