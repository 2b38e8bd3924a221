"""`python -m autograd_mini` is the command `autograd-mini`."""

from autograd_mini.cli import main

main()
