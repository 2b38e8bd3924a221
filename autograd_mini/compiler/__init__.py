"""Programs: a tape recorded once and replayed at machine speed."""
