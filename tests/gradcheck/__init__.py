"""Tests of gradient checking."""
