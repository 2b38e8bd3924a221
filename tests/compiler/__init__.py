"""Tests of programs: tracing, passes, executors, and the compiled function."""
