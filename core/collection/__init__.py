"""Several clips as one piece of work: the list, its file, and what is known of each clip."""
