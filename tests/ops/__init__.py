"""Tests of the primitives."""
