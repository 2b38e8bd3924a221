"""Tests of `autograd_mini.render`."""
