"""From a function to a program: one run on nodes, its derivatives, what it reads from outside."""
