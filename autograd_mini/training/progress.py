"""How a long run tells how far it is: a bar on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from datetime import timedelta


class Progress:
    """Hears of everything in a run and tells nothing; the base of those that do."""

    def say(self, text: str) -> None:
        """Tell a result or a decision."""

    def start(self, epochs: int, done: int, steps: int) -> None:
        """Begin at epoch `done` of `epochs`, each of `steps` steps."""

    def step(self) -> None:
        """Hear that a step is done."""

    def epoch(self, number: int, state: str) -> None:
        """Hear that an epoch is done, and how things stand after it."""

    def stop(self) -> None:
        """End, after the last epoch or before."""


class Lines(Progress):
    """Tells results on standard output, and of the progress a line now and then on stderr."""

    lines = 10  # how many epochs are told of, beside the first

    def say(self, text: str) -> None:
        """Print it."""
        print(text, flush=True)

    def start(self, epochs: int, done: int, steps: int) -> None:
        """Look at the clock."""
        self.epochs, self.done = epochs, done
        self.started = time.monotonic()

    def epoch(self, number: int, state: str) -> None:
        """Print a line, for the first epoch, the last, and some between."""
        every = max(1, self.epochs // self.lines)
        if number % every == 0 or number in (self.done + 1, self.epochs):
            passed = time.monotonic() - self.started
            left = passed / (number - self.done) * (self.epochs - number)
            told = timedelta(seconds=round(left))
            width = len(str(self.epochs))
            line = f"epoch {number:{width}}/{self.epochs}  {state}  {told} left"
            print(line, file=sys.stderr, flush=True)


class Bar(Progress):
    """Tells results on standard output, and of the progress with a bar on stderr."""

    def say(self, text: str) -> None:
        """Print it above the bar, if that is there."""
        from tqdm import tqdm

        tqdm.write(text)
        sys.stdout.flush()

    def start(self, epochs: int, done: int, steps: int) -> None:
        """Show the bar."""
        from tqdm import tqdm

        self.epochs = epochs
        self.bar = tqdm(
            total=epochs * steps,
            initial=done * steps,
            desc=f"epoch {done}/{epochs}",
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}",
            dynamic_ncols=True,
            file=sys.stderr,
        )

    def step(self) -> None:
        """Move the bar."""
        self.bar.update()

    def epoch(self, number: int, state: str) -> None:
        """Show how things stand."""
        self.bar.set_description_str(f"epoch {number}/{self.epochs}", refresh=False)
        self.bar.set_postfix_str(state)

    def stop(self) -> None:
        """Leave the bar as it is and go to the next line."""
        self.bar.close()
