"""Tests; `table.py` and `checks.py` hold what every primitive must satisfy."""
