"""`python -m fvs`."""

from fvs.cli import main

main()
