"""Many clips without a person: jobs, the core path for one clip, processes, the log."""
