"""The main job: a network trained on a CSV file, from reading to the report."""

from autograd_mini.training.settings import Settings
from autograd_mini.training.train import Result, RunInterrupted, train

__all__ = ["Result", "RunInterrupted", "Settings", "train"]
