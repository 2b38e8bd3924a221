"""The numba engine: a program encoded as arrays, and the compiled loop that runs it."""
