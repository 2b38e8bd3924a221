"""Programs that outlive their process: saved as JSON, loaded, pickled and copied."""
