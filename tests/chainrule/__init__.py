"""Tests of the chain rule in words."""
