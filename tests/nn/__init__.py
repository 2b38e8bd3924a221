"""Tests of networks, losses and regularisation."""
